//! From paths to nodes.

use crate::FileSystem;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use files::{FilesError, Kind, Metadata, NAME_BYTES, NodeId, PATH_BYTES, is_name};

/// The most symbolic links on a way.
const LINKS: u32 = 16;

/// Where a path leads.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// To a directory that was on the way: the path ends in `..`, or is empty.
    Passed(Metadata),
    /// To a name in a directory.
    Named(Named),
}

/// A name in a directory, and what has it.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    /// The directories from the client's root to the one with the name.
    pub(crate) way: Vec<NodeId>,
    pub(crate) directory: NodeId,
    pub(crate) name: String,
    pub(crate) found: Option<Metadata>,
}

impl Place {
    /// What is there.
    pub(crate) fn found(self) -> Result<Metadata, FilesError> {
        match self {
            Self::Passed(metadata) => Ok(metadata),
            Self::Named(named) => named.found.ok_or(FilesError::NotFound),
        }
    }

    /// A name that can be made, removed or changed: a passed directory has none here.
    pub(crate) fn named(self) -> Result<Named, FilesError> {
        match self {
            Self::Passed(_) => Err(FilesError::Busy),
            Self::Named(named) => Ok(named),
        }
    }
}

/// Walks a path from a client's root. A link at its end is followed if `follow` says so, and
/// also when it leads to a name that is not there.
pub(crate) fn walk(
    fs: &mut dyn FileSystem,
    root: NodeId,
    path: &str,
    follow: bool,
) -> Result<Place, FilesError> {
    if path.len() > PATH_BYTES {
        return Err(FilesError::TooLong);
    }
    let mut way = alloc::vec![root];
    let mut rest = names(path);
    let mut links = 0;
    while let Some(name) = rest.pop() {
        let directory = way.last().copied().unwrap_or(root);
        match name.as_str() {
            "" | "." => continue,
            ".." => {
                // The client's root is its own parent.
                way.truncate(way.len().saturating_sub(1).max(1));
                continue;
            }
            _ => check(&name)?,
        }
        let is_last = rest.iter().all(|name| name.is_empty() || name == ".");
        let found = match fs.look_up(directory, &name) {
            Ok(found) => Some(found),
            Err(FilesError::NotFound) => None,
            Err(error) => return Err(error),
        };
        match found {
            Some(link) if link.kind == Kind::Link && (follow || !is_last) => {
                links += 1;
                if links > LINKS {
                    return Err(FilesError::LinkLoop);
                }
                let target = fs.read_link(link.node)?;
                if target.len() > PATH_BYTES {
                    return Err(FilesError::TooLong);
                }
                if target.starts_with('/') {
                    way.truncate(1);
                }
                rest.extend(names(&target));
            }
            found if is_last => {
                return Ok(Place::Named(Named { way, directory, name, found }));
            }
            None => return Err(FilesError::NotFound),
            Some(found) if found.kind == Kind::Directory => way.push(found.node),
            Some(_) => return Err(FilesError::NotDirectory),
        }
    }
    let last = way.last().copied().unwrap_or(root);
    fs.metadata(last).map(Place::Passed)
}

/// The names of a path, the first one last.
fn names(path: &str) -> Vec<String> {
    path.split('/').rev().map(ToString::to_string).collect()
}

fn check(name: &str) -> Result<(), FilesError> {
    match name {
        _ if name.len() > NAME_BYTES => Err(FilesError::TooLong),
        _ if is_name(name) => Ok(()),
        _ => Err(FilesError::BadName),
    }
}
