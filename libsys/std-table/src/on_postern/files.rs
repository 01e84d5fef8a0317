//! Files, over the namespace of the program.
//!
//! **One at a time.** The namespace and its open files belong to one thread at a time: they share
//! their connections. A call that waits for a slow disk lets the process's other calls for files
//! wait, too; those of other processes go on.

mod error;
mod tree;

pub(super) use tree::{copy, remove_all};

use super::answer::Result;
use super::lock::Mutex;
use super::startup::env;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::{IntoIter, Vec};
use error::of_files;
use files::{Entry, File, How, Kind, Metadata, Namespace};
use moto_rt::Error;
use moto_rt::fs::{
    FILETYPE_DIRECTORY, FILETYPE_FILE, FileAttr, O_APPEND, O_CREATE, O_CREATE_NEW, O_READ,
    O_TRUNCATE, O_WRITE, PERM_READ, PERM_WRITE, SEEK_CUR, SEEK_END, SEEK_SET, TEMP_DIR,
};

/// The folder for temporary files.
const TEMPORARY: &str = "/tmp";
/// The permission bits of a file that may be written, and that may not.
const MODE: u16 = 0o644;
const MODE_TO_READ: u16 = 0o444;
/// The bit of a file that may be written by its owner.
const MODE_WRITE: u16 = 0o200;

/// The namespace, and the open files in it by number.
struct Files {
    names: Option<Namespace>,
    open: BTreeMap<u64, Opened>,
    next: u64,
}

// SAFETY: what is not `Send` in there are counted references between the namespace and its files.
// All of them are inside of this one value, which goes from thread to thread as a whole, under a lock:
// nothing that is borrowed of it leaves `with` or `OpenFile::with`.
unsafe impl Send for Files {}

static FILES: Mutex<Files> = Mutex::new(Files { names: None, open: BTreeMap::new(), next: 0 });

struct Opened {
    file: File,
    at: u64,
    append: bool,
    reads: bool,
    writes: bool,
}

/// An open file; closed on drop.
pub(super) struct OpenFile(u64);

/// What is left of a directory that is read.
pub(super) struct Listing {
    path: String,
    entries: IntoIter<Entry>,
}

/// Uses the namespace.
pub(super) fn with<T>(
    work: impl FnOnce(&mut Namespace) -> core::result::Result<T, files::Error>,
) -> Result<T> {
    let mut files = FILES.lock();
    work(namespace(&mut files)?).map_err(|error| of_files(&error))
}

fn namespace(files: &mut Files) -> Result<&mut Namespace> {
    if files.names.is_none() {
        let made = env(Namespace::of)?.map_err(|error| of_files(&error))?;
        files.names = Some(made);
    }
    files.names.as_mut().ok_or(Error::InternalError)
}

/// The path here of a path of the library.
pub(super) fn path(path: &str) -> String {
    match path.strip_prefix(TEMP_DIR) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => [TEMPORARY, rest].concat(),
        _ => path.to_string(),
    }
}

/// Opens a file.
pub(super) fn open(path: &str, options: u32) -> Result<OpenFile> {
    let has = |option| options & option != 0;
    let append = has(O_APPEND);
    let (reads, writes) = (has(O_READ), has(O_WRITE) || append);
    let (create, new) = (has(O_CREATE), has(O_CREATE_NEW));
    let truncate = has(O_TRUNCATE);
    let changes = create || new || truncate;
    let useful = writes || reads && !changes;
    if !useful || truncate && append && !new {
        return Err(Error::InvalidArgument);
    }
    let how = How { write: writes, create: create || new, new, truncate: truncate && !new };
    let mut files = FILES.lock();
    let opened = namespace(&mut files)?.open(path, how);
    let file = opened.map_err(|error| of_files(&error))?;
    let number = files.next;
    files.next += 1;
    files.open.insert(number, Opened { file, at: 0, append, reads, writes });
    Ok(OpenFile(number))
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        // Under the lock: the file shares its connection.
        FILES.lock().open.remove(&self.0);
    }
}

impl OpenFile {
    fn with<T>(&self, work: impl FnOnce(&mut Opened) -> Result<T>) -> Result<T> {
        work(FILES.lock().open.get_mut(&self.0).ok_or(Error::BadHandle)?)
    }

    /// Reads on from the file's place.
    pub(super) fn read(&self, into: &mut [u8]) -> Result<usize> {
        self.with(|it| {
            if !it.reads {
                return Err(Error::NotAllowed);
            }
            let count = it.file.read_at(it.at, into).map_err(|error| of_files(&error))?;
            it.at = it.at.saturating_add(count as u64);
            Ok(count)
        })
    }

    /// Writes on from the file's place, or at its end.
    pub(super) fn write(&self, from: &[u8]) -> Result<usize> {
        self.with(|it| {
            if !it.writes {
                return Err(Error::NotAllowed);
            }
            let at = match it.append {
                true => it.file.append(from),
                false => it.file.write_at(it.at, from).map(|()| it.at),
            };
            let at = at.map_err(|error| of_files(&error))?;
            it.at = at.saturating_add(from.len() as u64);
            Ok(from.len())
        })
    }

    /// Moves the file's place.
    pub(super) fn seek(&self, offset: i64, whence: u8) -> Result<u64> {
        self.with(|it| {
            let base = match whence {
                SEEK_SET => 0,
                SEEK_CUR => it.at,
                SEEK_END => it.file.metadata().map_err(|error| of_files(&error))?.len,
                _ => return Err(Error::InvalidArgument),
            };
            it.at = base.checked_add_signed(offset).ok_or(Error::InvalidArgument)?;
            Ok(it.at)
        })
    }

    pub(super) fn attributes(&self) -> Result<FileAttr> {
        self.with(|it| it.file.metadata().map_err(|error| of_files(&error)))
            .map(|metadata| attributes(&metadata))
    }

    pub(super) fn set_len(&self, len: u64) -> Result<()> {
        self.with(|it| it.file.set_len(len).map_err(|error| of_files(&error)))
    }

    pub(super) fn sync(&self) -> Result<()> {
        self.with(|it| it.file.sync().map_err(|error| of_files(&error)))
    }

    pub(super) fn path(&self) -> Result<String> {
        self.with(|it| Ok(it.file.path().to_string()))
    }
}

/// The permission bits of a permission of the library.
pub(super) fn mode(permission: u64) -> u16 {
    if permission & PERM_WRITE == 0 { MODE_TO_READ } else { MODE }
}

/// What the library knows of a node. When it was read last no volume knows.
pub(super) fn attributes(metadata: &Metadata) -> FileAttr {
    let kind = match metadata.kind {
        Kind::Directory => FILETYPE_DIRECTORY,
        Kind::File | Kind::Link | Kind::Other => FILETYPE_FILE,
    };
    let writes = if metadata.mode & MODE_WRITE == 0 { 0 } else { PERM_WRITE };
    FileAttr {
        version: FileAttr::VERSION,
        size: metadata.len,
        perm: PERM_READ | writes,
        file_type: kind,
        created: metadata.created.0.into(),
        modified: metadata.modified.0.into(),
        ..FileAttr::default()
    }
}

/// Begins to read a directory.
pub(super) fn list(path: &str) -> Result<Listing> {
    let entries: Vec<Entry> = with(|names| names.list(path))?;
    let path = with(|names| names.whole(path))?;
    Ok(Listing { path, entries: entries.into_iter() })
}

impl Listing {
    /// The next name, with all about it; of a link that leads nowhere, about the link.
    pub(super) fn next(&mut self) -> Option<(String, FileAttr)> {
        loop {
            let entry = self.entries.next()?;
            let path = alloc::format!("{}/{}", self.path, entry.name);
            let found = with(|names| names.metadata(&path).or_else(|_| names.link_metadata(&path)));
            // One that was removed since is not there any more.
            if let Ok(metadata) = found {
                return Some((entry.name, attributes(&metadata)));
            }
        }
    }
}
