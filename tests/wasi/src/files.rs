//! What a program has open: the console, its folders, files below them.

use crate::error::Errno;
use std::fs::File;
use std::path::{Component, Path, PathBuf};

/// The most that is open.
const MOST: usize = 256;

type Result<T> = std::result::Result<T, Errno>;

/// Something open.
#[derive(Debug)]
pub(crate) enum Open {
    /// Standard input.
    Input,
    /// Standard output.
    Output,
    /// Standard error output.
    Errors,
    /// A folder, and its name if the program was started with it.
    Folder { place: PathBuf, name: Option<String> },
    /// A file; whether all writes go to its end.
    File { file: File, append: bool },
}

/// All that is open, by descriptor.
#[derive(Debug)]
pub struct Files(Vec<Option<Open>>);

impl Files {
    /// The console as 0, 1 and 2, then the folders.
    pub(crate) fn new(folders: &[(String, String)]) -> Self {
        let folders = folders
            .iter()
            .map(|(place, name)| Open::Folder { place: place.into(), name: Some(name.clone()) });
        let all = [Open::Input, Open::Output, Open::Errors].into_iter().chain(folders);
        Self(all.map(Some).collect())
    }

    pub(crate) fn get(&mut self, fd: u32) -> Result<&mut Open> {
        let place = usize::try_from(fd).map_err(|_| Errno::BADF)?;
        self.0.get_mut(place).and_then(Option::as_mut).ok_or(Errno::BADF)
    }

    pub(crate) fn file(&mut self, fd: u32) -> Result<&mut File> {
        match self.get(fd)? {
            Open::File { file, .. } => Ok(file),
            Open::Folder { .. } => Err(Errno::ISDIR),
            _ => Err(Errno::SPIPE),
        }
    }

    pub(crate) fn folder(&mut self, fd: u32) -> Result<&Path> {
        match self.get(fd)? {
            Open::Folder { place, .. } => Ok(place),
            _ => Err(Errno::NOTDIR),
        }
    }

    pub(crate) fn add(&mut self, open: Open) -> Result<usize> {
        let free = self.0.iter().position(Option::is_none).unwrap_or(self.0.len());
        if free >= MOST {
            return Err(Errno::MFILE);
        }
        match self.0.get_mut(free) {
            Some(place) => *place = Some(open),
            None => self.0.push(Some(open)),
        }
        Ok(free)
    }

    pub(crate) fn close(&mut self, fd: u32) -> Result<Open> {
        let place = usize::try_from(fd).map_err(|_| Errno::BADF)?;
        self.0.get_mut(place).and_then(Option::take).ok_or(Errno::BADF)
    }

    /// Gives what is open another number, and closes what had that.
    pub(crate) fn renumber(&mut self, from: u32, to: u32) -> Result<()> {
        self.get(to)?;
        let open = self.close(from)?;
        *self.get_mut_place(to)? = Some(open);
        Ok(())
    }

    fn get_mut_place(&mut self, fd: u32) -> Result<&mut Option<Open>> {
        let place = usize::try_from(fd).map_err(|_| Errno::BADF)?;
        self.0.get_mut(place).ok_or(Errno::BADF)
    }

    /// The place that a path names, which is below the folder.
    pub(crate) fn below(&mut self, folder: u32, path: &str) -> Result<PathBuf> {
        let mut place = self.folder(folder)?.to_owned();
        let mut depth = 0_usize;
        for part in Path::new(path).components() {
            match part {
                Component::Normal(name) => {
                    place.push(name);
                    depth += 1;
                }
                Component::CurDir => {}
                Component::ParentDir if depth > 0 => {
                    place.pop();
                    depth -= 1;
                }
                _ => return Err(Errno::NOTCAPABLE),
            }
        }
        Ok(place)
    }
}

#[cfg(test)]
mod tests {
    use super::{Errno, Files};

    #[test]
    fn paths_stay_below_their_folder() {
        let mut files = Files::new(&[("/data".into(), "/".into())]);
        let mut of = |path| files.below(3, path).map(|place| place.display().to_string());
        assert_eq!(of("a/./b/../c"), Ok("/data/a/c".into()));
        assert_eq!(of("."), Ok("/data".into()));
        for bad in ["/etc", "..", "a/../..", "a/../../b"] {
            assert_eq!(of(bad), Err(Errno::NOTCAPABLE), "{bad}");
        }
        assert_eq!(files.below(1, "a"), Err(Errno::NOTDIR));
        assert_eq!(files.below(9, "a"), Err(Errno::BADF));
    }

    #[test]
    fn a_renumbered_descriptor_leaves_its_place() {
        let folders = [("/a".into(), "a".into()), ("/b".into(), "b".into())];
        let mut files = Files::new(&folders);
        assert_eq!(files.renumber(4, 3), Ok(()));
        assert_eq!(files.below(3, "x").map(|place| place.display().to_string()), Ok("/b/x".into()));
        assert_eq!(files.close(4).map(drop), Err(Errno::BADF));
        assert_eq!(files.renumber(3, 77), Err(Errno::BADF));
    }
}
