//! The volumes of a program, as one tree of paths.

use crate::path::below;
use crate::{
    Cause, Entry, Error, File, FilesError, How, Kind, Metadata, Space, Time, VolumeClient,
    VolumeInfo, normal,
};
use alloc::collections::BTreeSet;
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::RefCell;
use service::CallError;
use sys::{Endpoint, Rights};

/// Nodes of mount points that no volume has a directory for.
const NO_NODE: u64 = 0;

/// A volume in a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where it is: an absolute path.
    pub path: String,
    /// The name of its service.
    pub service: String,
}

/// A mount and the connection to its server.
#[derive(Debug)]
pub(crate) struct Mounted {
    mount: Mount,
    names: Rc<Endpoint>,
    client: RefCell<Option<Rc<VolumeClient>>>,
}

impl Mounted {
    /// The connection; a new one when there is none.
    pub(crate) fn client(&self, path: &str) -> Result<Rc<VolumeClient>, Error> {
        if let Some(client) = self.client.borrow().as_ref() {
            return Ok(client.clone());
        }
        let endpoint = service::connect(&self.names, &self.mount.service);
        let endpoint = endpoint.map_err(|error| Error::new(path, Cause::Call(error)))?;
        let client = Rc::new(VolumeClient::from_endpoint(endpoint));
        *self.client.borrow_mut() = Some(client.clone());
        Ok(client)
    }

    /// Connects anew the next time.
    pub(crate) fn forget(&self) {
        *self.client.borrow_mut() = None;
    }
}

/// What a program sees of the files of the system.
#[derive(Clone, Debug)]
pub struct Namespace {
    /// The longest mount path first.
    mounts: Vec<Rc<Mounted>>,
    current: String,
}

impl Namespace {
    /// The volumes that the startup block names, in lines `volume SERVICE PATH`, and the working
    /// directory, in the line `directory PATH`.
    ///
    /// # Errors
    /// [`Error`] when the kernel gives no handle.
    pub fn of(env: &rt::Env) -> Result<Self, Error> {
        let mounts = env.startup().values("volume").filter_map(|line| {
            let (service, path) = line.split_once(' ')?;
            Some(Mount { path: path.to_string(), service: service.to_string() })
        });
        let mut space = Self::new(env.names(), mounts)?;
        if let Some(directory) = env.startup().values("directory").next() {
            space.current = normal("/", directory).unwrap_or_else(|| "/".into());
        }
        Ok(space)
    }

    /// Of these volumes, found through these `names`.
    ///
    /// # Errors
    /// [`Error`] when the kernel gives no handle.
    pub fn new(names: &Endpoint, mounts: impl Iterator<Item = Mount>) -> Result<Self, Error> {
        let names = names.copy(Rights::SEND);
        let names =
            names.map_err(|error| Error::new("/", Cause::Call(CallError::Kernel(error))))?;
        let names = Rc::new(names);
        let mounted =
            |mount| Rc::new(Mounted { mount, names: names.clone(), client: RefCell::default() });
        let mut mounts: Vec<Rc<Mounted>> = mounts.map(mounted).collect();
        mounts.sort_by_key(|mounted| core::cmp::Reverse(mounted.mount.path.len()));
        Ok(Self { mounts, current: "/".into() })
    }

    /// All mounts, the longest path first.
    pub fn mounts(&self) -> impl Iterator<Item = &Mount> {
        self.mounts.iter().map(|mounted| &mounted.mount)
    }

    /// The working directory.
    #[must_use]
    pub fn current(&self) -> &str {
        &self.current
    }

    /// Changes the working directory.
    ///
    /// # Errors
    /// [`FilesError::NotDirectory`] and what [`Namespace::metadata`] says.
    pub fn change(&mut self, path: &str) -> Result<(), Error> {
        let whole = self.whole(path)?;
        if self.metadata(path)?.kind != Kind::Directory {
            return Err(Error::new(path, Cause::Files(FilesError::NotDirectory)));
        }
        self.current = whole;
        Ok(())
    }

    /// The absolute path of `path`.
    ///
    /// # Errors
    /// [`FilesError::TooLong`].
    pub fn whole(&self, path: &str) -> Result<String, Error> {
        normal(&self.current, path)
            .ok_or_else(|| Error::new(path, Cause::Files(FilesError::TooLong)))
    }

    /// Opens a file.
    ///
    /// # Errors
    /// [`Error`], with the path.
    pub fn open(&self, path: &str, how: How) -> Result<File, Error> {
        let (mounted, rest) = self.find(path)?;
        File::open(mounted, path, &rest, how)
    }

    /// All of a file.
    ///
    /// # Errors
    /// As for [`Namespace::open`].
    pub fn read(&self, path: &str) -> Result<Vec<u8>, Error> {
        self.open(path, How::READ)?.read_rest(0)
    }

    /// Replaces a file as a whole: after a crash it has all of its old or all of its new content.
    ///
    /// # Errors
    /// [`Error`]; the file is as it was, and what was begun is removed.
    pub fn replace(&self, path: &str, content: &[u8]) -> Result<(), Error> {
        let new = alloc::format!("{}.new", self.whole(path)?);
        let mut file = self.open(&new, How::REPLACE)?;
        let written = file.write_at(0, content).and_then(|()| file.sync());
        drop(file);
        let done = written.and_then(|()| self.rename(&new, path));
        if done.is_err() {
            // What cannot be removed either is a file beside the old one, which is whole.
            let _ = self.remove(&new);
        }
        done
    }

    /// All about a file, directory, or what a link leads to.
    ///
    /// # Errors
    /// [`Error`].
    pub fn metadata(&self, path: &str) -> Result<Metadata, Error> {
        self.look(path, true)
    }

    /// The same, of a link itself.
    ///
    /// # Errors
    /// [`Error`].
    pub fn link_metadata(&self, path: &str) -> Result<Metadata, Error> {
        self.look(path, false)
    }

    fn look(&self, path: &str, follow: bool) -> Result<Metadata, Error> {
        let found = self.on_volume(path, |client, rest| client.metadata(rest, follow));
        match found {
            Err(error) if self.is_above_mount(path) => match error.cause {
                Cause::Files(FilesError::NotFound | FilesError::Unusable { .. })
                | Cause::NoVolume
                | Cause::Call(_) => Ok(mount_point()),
                _ => Err(error),
            },
            found => found,
        }
    }

    /// The target of a symbolic link.
    ///
    /// # Errors
    /// [`Error`].
    pub fn read_link(&self, path: &str) -> Result<String, Error> {
        self.on_volume(path, |client, rest| client.read_link(rest))
    }

    /// All entries of a directory, sorted by name, with the mount points in it.
    ///
    /// # Errors
    /// [`Error`].
    pub fn list(&self, path: &str) -> Result<Vec<Entry>, Error> {
        let points = self.mount_points(&self.whole(path)?);
        let mut entries = match self.list_volume(path) {
            Ok(entries) => entries,
            // A directory that is there because a volume is mounted below it.
            Err(_) if !points.is_empty() => Vec::new(),
            Err(error) => return Err(error),
        };
        entries.retain(|entry| !points.contains(&entry.name));
        entries.extend(points.into_iter().map(|name| Entry {
            name,
            kind: Kind::Directory,
            node: NO_NODE,
            next: 0,
        }));
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(entries)
    }

    fn list_volume(&self, path: &str) -> Result<Vec<Entry>, Error> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let from = entries.last().map_or(0, |entry| entry.next);
            let more = self.on_volume(path, |client, rest| client.list(rest, from))?;
            if more.is_empty() {
                return Ok(entries);
            }
            entries.extend(more);
        }
    }

    /// Makes a directory.
    ///
    /// # Errors
    /// [`Error`].
    pub fn make_directory(&self, path: &str) -> Result<(), Error> {
        self.on_volume(path, |client, rest| client.make_directory(rest))
    }

    /// Makes a symbolic link at `path`.
    ///
    /// # Errors
    /// [`Error`].
    pub fn make_link(&self, path: &str, target: &str) -> Result<(), Error> {
        self.on_volume(path, |client, rest| client.make_link(rest, target))
    }

    /// Gives a file another name on its volume.
    ///
    /// # Errors
    /// [`Cause::OtherVolume`], and [`Error`].
    pub fn add_name(&self, existing: &str, path: &str) -> Result<(), Error> {
        self.on_one_volume(existing, path, |client, existing, rest| client.add_name(existing, rest))
    }

    /// Removes a file or link.
    ///
    /// # Errors
    /// [`Error`].
    pub fn remove(&self, path: &str) -> Result<(), Error> {
        self.on_volume(path, |client, rest| client.remove(rest))
    }

    /// Removes an empty directory.
    ///
    /// # Errors
    /// [`Error`].
    pub fn remove_directory(&self, path: &str) -> Result<(), Error> {
        self.on_volume(path, |client, rest| client.remove_directory(rest))
    }

    /// Renames on one volume; what had the new name is replaced at once.
    ///
    /// # Errors
    /// [`Cause::OtherVolume`], and [`Error`].
    pub fn rename(&self, from: &str, to: &str) -> Result<(), Error> {
        self.on_one_volume(from, to, |client, from, to| client.rename(from, to))
    }

    /// Sets when the content was changed last.
    ///
    /// # Errors
    /// [`Error`].
    pub fn set_modified(&self, path: &str, time: Time) -> Result<(), Error> {
        self.on_volume(path, |client, rest| client.set_modified(rest, time))
    }

    /// Sets the permission bits.
    ///
    /// # Errors
    /// [`Error`].
    pub fn set_mode(&self, path: &str, mode: u16) -> Result<(), Error> {
        self.on_volume(path, |client, rest| client.set_mode(rest, mode))
    }

    /// The volume that has a path.
    ///
    /// # Errors
    /// [`Error`].
    pub fn volume(&self, path: &str) -> Result<(Mount, VolumeInfo), Error> {
        let (mounted, _) = self.find(path)?;
        let info = self.on_volume(path, |client, _| client.info())?;
        Ok((mounted.mount.clone(), info))
    }

    /// How much the volume of a path holds.
    ///
    /// # Errors
    /// [`Error`].
    pub fn space(&self, path: &str) -> Result<Space, Error> {
        self.on_volume(path, |client, _| client.space())
    }

    /// Makes everything last on the volume of a path.
    ///
    /// # Errors
    /// [`Error`].
    pub fn sync(&self, path: &str) -> Result<(), Error> {
        self.on_volume(path, |client, _| client.sync())
    }

    fn find(&self, path: &str) -> Result<(Rc<Mounted>, String), Error> {
        let whole = self.whole(path)?;
        let found = self.mounts.iter().find_map(|mounted| {
            below(&mounted.mount.path, &whole).map(|rest| (mounted.clone(), rest.to_string()))
        });
        found.ok_or_else(|| Error::new(path, Cause::NoVolume))
    }

    fn on_volume<T>(
        &self,
        path: &str,
        work: impl FnOnce(&VolumeClient, &str) -> Result<T, CallError<FilesError>>,
    ) -> Result<T, Error> {
        let (mounted, rest) = self.find(path)?;
        let client = mounted.client(path)?;
        finished(&mounted, path, work(&client, &rest))
    }

    fn on_one_volume<T>(
        &self,
        from: &str,
        to: &str,
        work: impl FnOnce(&VolumeClient, &str, &str) -> Result<T, CallError<FilesError>>,
    ) -> Result<T, Error> {
        let ((mounted, from_rest), (other, to_rest)) = (self.find(from)?, self.find(to)?);
        if !Rc::ptr_eq(&mounted, &other) {
            return Err(Error::new(to, Cause::OtherVolume));
        }
        let client = mounted.client(from)?;
        let path = alloc::format!("{from}, {to}");
        finished(&mounted, &path, work(&client, &from_rest, &to_rest))
    }

    /// The names in the directory `whole` below which a volume is mounted.
    fn mount_points(&self, whole: &str) -> BTreeSet<String> {
        let names = self.mounts.iter().filter_map(|mounted| {
            let name = below(whole, &mounted.mount.path)?.split('/').next()?;
            (!name.is_empty()).then(|| name.to_string())
        });
        names.collect()
    }

    fn is_above_mount(&self, path: &str) -> bool {
        let Ok(whole) = self.whole(path) else { return false };
        self.mounts.iter().any(|mounted| below(&whole, &mounted.mount.path).is_some())
    }
}

/// A directory that is there because a volume is mounted at it or below it.
fn mount_point() -> Metadata {
    Metadata {
        node: NO_NODE,
        kind: Kind::Directory,
        len: 0,
        stored: 0,
        links: 1,
        mode: 0o755,
        modified: Time(0),
        created: Time(0),
    }
}

fn finished<T>(
    mounted: &Mounted,
    path: &str,
    result: Result<T, CallError<FilesError>>,
) -> Result<T, Error> {
    if matches!(result, Err(CallError::Dead)) {
        mounted.forget();
    }
    result.map_err(|error| Error::of_call(path, error))
}
