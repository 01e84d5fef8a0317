//! A file system in memory.
//!
//! **Restart.** Its content ends with its server; open files are `Stale` then.

mod content;
#[cfg(test)]
mod tests;

use crate::{Clock, FileSystem, Unlinked};
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use content::{Content, Pages};
use files::{Entry, FilesError, Kind, Metadata, NodeId, Space, State, Time, VolumeInfo};

/// The root directory. Numbers are never used again.
const ROOT: NodeId = 1;
/// The longest file.
const LEN_MOST: u64 = 1 << 44;
/// Pages that a node, a name or a link's target is counted as: it is less.
const NODE_PAGES: u64 = 1;

/// Files in memory, with a quota of bytes and of nodes.
pub struct MemoryFs {
    nodes: BTreeMap<NodeId, Node>,
    next: NodeId,
    clock: Clock,
    pages: Pages,
    nodes_most: u64,
    names: u64,
}

impl core::fmt::Debug for MemoryFs {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("MemoryFs").field("nodes", &self.nodes.len()).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Node {
    body: Body,
    links: u32,
    mode: u16,
    modified: Time,
    created: Time,
}

#[derive(Debug)]
enum Body {
    File(Content),
    Link(String),
    Directory(Directory),
}

/// Names, each with a number that tells where a list goes on.
#[derive(Debug, Default)]
struct Directory {
    names: BTreeMap<String, u64>,
    entries: BTreeMap<u64, (String, NodeId)>,
    next: u64,
}

impl Directory {
    fn find(&self, name: &str) -> Option<NodeId> {
        self.entries.get(self.names.get(name)?).map(|(_, node)| *node)
    }

    fn insert(&mut self, name: &str, node: NodeId) {
        self.next += 1;
        self.names.insert(name.to_string(), self.next);
        self.entries.insert(self.next, (name.to_string(), node));
    }

    fn remove(&mut self, name: &str) -> Option<NodeId> {
        let number = self.names.remove(name)?;
        self.entries.remove(&number).map(|(_, node)| node)
    }
}

impl MemoryFs {
    /// An empty volume of at most this number of bytes and of nodes, names included.
    #[must_use]
    pub fn new(bytes: u64, nodes: u64, clock: Clock) -> Self {
        let now = clock();
        let body = Body::Directory(Directory::default());
        let root = Node { body, links: 2, mode: 0o755, modified: now, created: now };
        Self {
            nodes: BTreeMap::from([(ROOT, root)]),
            next: ROOT + 1,
            clock,
            pages: Pages::new(bytes),
            nodes_most: nodes,
            names: 1,
        }
    }

    fn node(&self, node: NodeId) -> Result<&Node, FilesError> {
        self.nodes.get(&node).ok_or(FilesError::NotFound)
    }

    fn node_mut(&mut self, node: NodeId) -> Result<&mut Node, FilesError> {
        self.nodes.get_mut(&node).ok_or(FilesError::NotFound)
    }

    fn directory(&self, node: NodeId) -> Result<&Directory, FilesError> {
        match &self.node(node)?.body {
            Body::Directory(directory) => Ok(directory),
            _ => Err(FilesError::NotDirectory),
        }
    }

    fn directory_mut(&mut self, node: NodeId) -> Result<&mut Directory, FilesError> {
        let now = (self.clock)();
        let node = self.node_mut(node)?;
        node.modified = now;
        match &mut node.body {
            Body::Directory(directory) => Ok(directory),
            _ => Err(FilesError::NotDirectory),
        }
    }

    /// Room for a name, and for its node.
    fn reserve(&mut self) -> Result<(), FilesError> {
        if self.names >= self.nodes_most {
            return Err(FilesError::Full);
        }
        self.pages.take(NODE_PAGES)?;
        self.names += 1;
        Ok(())
    }

    fn release(&mut self) {
        self.pages.give_back(NODE_PAGES);
        self.names = self.names.saturating_sub(1);
    }

    fn add(&mut self, directory: NodeId, name: &str, body: Body) -> Result<NodeId, FilesError> {
        if self.directory(directory)?.find(name).is_some() {
            return Err(FilesError::Exists);
        }
        self.reserve()?;
        let (links, mode) = match body {
            Body::Directory(_) => (2, 0o755),
            Body::File(_) => (1, 0o644),
            Body::Link(_) => (1, 0o777),
        };
        let (node, now) = (self.next, (self.clock)());
        self.next += 1;
        self.nodes.insert(node, Node { body, links, mode, modified: now, created: now });
        self.directory_mut(directory)?.insert(name, node);
        self.count_subdirectory(directory, node, true);
        Ok(node)
    }

    /// A directory has a link from each directory in it.
    fn count_subdirectory(&mut self, directory: NodeId, node: NodeId, more: bool) {
        let is_directory = self.directory(node).is_ok();
        if let (true, Ok(parent)) = (is_directory, self.node_mut(directory)) {
            parent.links =
                if more { parent.links.saturating_add(1) } else { parent.links.saturating_sub(1) };
        }
    }

    /// Takes a name from its node.
    fn drop_link(&mut self, node: NodeId) -> Result<Option<Unlinked>, FilesError> {
        let of = self.node_mut(node)?;
        of.links = of.links.saturating_sub(1);
        if of.links == 0 {
            return Ok(Some(Unlinked(node)));
        }
        self.release();
        Ok(None)
    }

    fn drop_directory(&mut self, parent: NodeId, node: NodeId) {
        self.count_subdirectory(parent, node, false);
        self.nodes.remove(&node);
        self.release();
    }

    fn content(&mut self, file: NodeId) -> Result<(&mut Content, &mut Pages), FilesError> {
        let now = (self.clock)();
        let node = self.nodes.get_mut(&file).ok_or(FilesError::NotFound)?;
        node.modified = now;
        match &mut node.body {
            Body::File(content) => Ok((content, &mut self.pages)),
            _ => Err(FilesError::IsDirectory),
        }
    }
}

impl FileSystem for MemoryFs {
    fn info(&mut self) -> VolumeInfo {
        VolumeInfo { format: "memory".into(), device: String::new(), state: State::Writable }
    }

    fn root(&mut self) -> Result<NodeId, FilesError> {
        Ok(ROOT)
    }

    fn space(&mut self) -> Result<Space, FilesError> {
        let (total, free) = (self.pages.total(), self.pages.free());
        let free_nodes = self.nodes_most.saturating_sub(self.names);
        Ok(Space { total, free, nodes: self.nodes_most, free_nodes })
    }

    fn metadata(&mut self, node: NodeId) -> Result<Metadata, FilesError> {
        let &Node { ref body, links, mode, modified, created } = self.node(node)?;
        let (kind, len, stored) = match body {
            Body::File(content) => (Kind::File, content.len(), content.stored()),
            Body::Link(target) => (Kind::Link, target.len() as u64, 0),
            Body::Directory(_) => (Kind::Directory, 0, 0),
        };
        Ok(Metadata { node, kind, len, stored, links, mode, modified, created })
    }

    fn look_up(&mut self, directory: NodeId, name: &str) -> Result<Metadata, FilesError> {
        let node = self.directory(directory)?.find(name).ok_or(FilesError::NotFound)?;
        self.metadata(node)
    }

    fn read_link(&mut self, node: NodeId) -> Result<String, FilesError> {
        match &self.node(node)?.body {
            Body::Link(target) => Ok(target.clone()),
            _ => Err(FilesError::Unsupported),
        }
    }

    fn list(
        &mut self,
        directory: NodeId,
        from: u64,
        most: usize,
    ) -> Result<Vec<Entry>, FilesError> {
        let found = self.directory(directory)?.entries.range(from..).take(most);
        let found: Vec<(u64, String, NodeId)> =
            found.map(|(number, (name, node))| (*number, name.clone(), *node)).collect();
        found
            .into_iter()
            .map(|(number, name, node)| {
                let kind = self.metadata(node)?.kind;
                Ok(Entry { name, kind, node, next: number.saturating_add(1) })
            })
            .collect()
    }

    fn create(&mut self, directory: NodeId, name: &str) -> Result<Metadata, FilesError> {
        let node = self.add(directory, name, Body::File(Content::default()))?;
        self.metadata(node)
    }

    fn make_directory(&mut self, directory: NodeId, name: &str) -> Result<(), FilesError> {
        self.add(directory, name, Body::Directory(Directory::default())).map(drop)
    }

    fn make_link(&mut self, directory: NodeId, name: &str, target: &str) -> Result<(), FilesError> {
        self.add(directory, name, Body::Link(target.to_string())).map(drop)
    }

    fn add_name(&mut self, node: NodeId, directory: NodeId, name: &str) -> Result<(), FilesError> {
        if self.directory(directory)?.find(name).is_some() {
            return Err(FilesError::Exists);
        }
        let links = self.node(node)?.links.checked_add(1).ok_or(FilesError::TooMany)?;
        self.reserve()?;
        self.node_mut(node)?.links = links;
        self.directory_mut(directory)?.insert(name, node);
        Ok(())
    }

    fn unlink(&mut self, directory: NodeId, name: &str) -> Result<Option<Unlinked>, FilesError> {
        let node = self.directory_mut(directory)?.remove(name).ok_or(FilesError::NotFound)?;
        self.drop_link(node)
    }

    fn remove_directory(&mut self, directory: NodeId, name: &str) -> Result<(), FilesError> {
        let node = self.directory(directory)?.find(name).ok_or(FilesError::NotFound)?;
        if !self.directory(node)?.names.is_empty() {
            return Err(FilesError::NotEmpty);
        }
        self.directory_mut(directory)?.remove(name);
        self.drop_directory(directory, node);
        Ok(())
    }

    fn rename(
        &mut self,
        from: (NodeId, &str),
        to: (NodeId, &str),
    ) -> Result<Option<Unlinked>, FilesError> {
        let node = self.directory(from.0)?.find(from.1).ok_or(FilesError::NotFound)?;
        let replaced = self.directory(to.0)?.find(to.1);
        if let Some(Ok(directory)) = replaced.map(|node| self.directory(node))
            && !directory.names.is_empty()
        {
            return Err(FilesError::NotEmpty);
        }
        self.directory_mut(from.0)?.remove(from.1);
        self.count_subdirectory(from.0, node, false);
        let to_directory = self.directory_mut(to.0)?;
        to_directory.remove(to.1);
        to_directory.insert(to.1, node);
        self.count_subdirectory(to.0, node, true);
        match replaced {
            None => Ok(None),
            Some(replaced) if self.directory(replaced).is_ok() => {
                self.drop_directory(to.0, replaced);
                Ok(None)
            }
            Some(replaced) => self.drop_link(replaced),
        }
    }

    fn forget(&mut self, node: Unlinked) -> Result<(), FilesError> {
        if let Some(Node { body: Body::File(mut content), .. }) = self.nodes.remove(&node.0) {
            content.set_len(0, &mut self.pages);
        }
        self.release();
        Ok(())
    }

    fn read(&mut self, file: NodeId, offset: u64, into: &mut [u8]) -> Result<usize, FilesError> {
        match &self.node(file)?.body {
            Body::File(content) => Ok(content.read(offset, into)),
            _ => Err(FilesError::IsDirectory),
        }
    }

    fn write(&mut self, file: NodeId, offset: u64, from: &[u8]) -> Result<usize, FilesError> {
        let end = offset.checked_add(from.len() as u64).filter(|end| *end <= LEN_MOST);
        end.ok_or(FilesError::TooBig)?;
        let (content, pages) = self.content(file)?;
        content.write(offset, from, pages)
    }

    fn set_len(&mut self, file: NodeId, len: u64) -> Result<(), FilesError> {
        if len > LEN_MOST {
            return Err(FilesError::TooBig);
        }
        let (content, pages) = self.content(file)?;
        content.set_len(len, pages);
        Ok(())
    }

    fn set_modified(&mut self, node: NodeId, time: Time) -> Result<(), FilesError> {
        self.node_mut(node)?.modified = time;
        Ok(())
    }

    fn set_mode(&mut self, node: NodeId, mode: u16) -> Result<(), FilesError> {
        self.node_mut(node)?.mode = mode;
        Ok(())
    }

    fn sync(&mut self) -> Result<(), FilesError> {
        Ok(())
    }
}
