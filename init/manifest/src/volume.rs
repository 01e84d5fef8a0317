//! Volumes: where each is, on what, and which client sees which part of it.

use crate::System;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// The server of which volumes with a `device` are clients.
pub const DISKS: &str = "blk";

/// A volume, in the section of its server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// The disk or partition; none for a volume in memory.
    pub device: Option<String>,
    /// Where it is in the namespace of its clients: an absolute path.
    pub path: String,
    /// Nothing on it changes.
    pub read_only: bool,
    /// Which client sees what.
    pub access: Vec<VolumeAccess>,
}

/// What a client sees of a volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeAccess {
    /// The client.
    pub client: String,
    /// The directory of the volume below which it sees everything: `/` for all.
    pub subtree: String,
    /// Whether it may change something there.
    pub write: bool,
    /// The directory of the subtree below which alone it may; `/` for all.
    pub below: String,
}

impl VolumeAccess {
    /// Reads `CLIENT`, `CLIENT=SUBTREE`, both with `:read` behind it for a client that only reads, or
    /// `:write=DIRECTORY` for one that reads all and changes what is below that directory.
    pub fn parse(text: &str) -> Option<Self> {
        let (text, right) = text.rsplit_once(':').unwrap_or((text, "write"));
        let (write, below) = match right.split_once('=') {
            Some(("write", below)) => (true, below),
            None if right == "write" => (true, "/"),
            None if right == "read" => (false, "/"),
            _ => return None,
        };
        let (client, subtree) = text.split_once('=').unwrap_or((text, "/"));
        let good = !client.is_empty() && is_absolute(subtree) && is_absolute(below);
        let [client, subtree, below] = [client, subtree, below].map(Into::into);
        good.then_some(Self { client, subtree, write, below })
    }
}

/// Whether it is a path from the root without `.`, `..`, empty names or a slash at its end.
#[must_use]
pub fn is_absolute(path: &str) -> bool {
    let name = |name: &str| !matches!(name, "" | "." | "..") && !name.contains([' ', '\n', '\0']);
    path == "/" || path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(name))
}

impl Volume {
    /// The lines `access NUMBER SUBTREE write|read|write=DIRECTORY` of its server's startup block.
    #[must_use]
    pub fn access_lines(&self, system: &System) -> Vec<String> {
        let line = |access: &VolumeAccess| {
            let number = system.client_number(&access.client)?;
            let right = match access.below.as_str() {
                _ if !access.write || self.read_only => "read".into(),
                "" | "/" => "write".into(),
                below => format!("write={below}"),
            };
            Some(format!("{number} {} {right}", access.subtree))
        };
        self.access.iter().filter_map(line).collect()
    }
}

impl System {
    /// The lines `volume SERVICE PATH` of a client's startup block: the volumes that it sees.
    #[must_use]
    pub fn volume_lines(&self, client: &str) -> Vec<String> {
        let volumes = self.servers.iter().filter_map(|it| Some((&it.name, it.volume.as_ref()?)));
        let lines = volumes.flat_map(|(name, volume)| {
            let its = volume.access.iter().filter(move |access| access.client == client);
            its.map(move |access| format!("{name} {}", joined(&volume.path, &access.subtree)))
        });
        lines.collect()
    }
}

/// Where a client sees a subtree of what is mounted at `path`.
fn joined(path: &str, subtree: &str) -> String {
    let whole = format!("{}{}", path.trim_end_matches('/'), subtree.trim_end_matches('/'));
    if whole.is_empty() { "/".into() } else { whole }
}

#[cfg(test)]
mod tests {
    use super::{VolumeAccess, is_absolute, joined};

    #[test]
    fn access_is_read() {
        let read = |text| VolumeAccess::parse(text).map(|it| (it.client, it.subtree, it.write));
        let whole =
            |client: &str, subtree: &str, write| Some((client.into(), subtree.into(), write));
        assert_eq!(read("shell"), whole("shell", "/", true));
        assert_eq!(read("proc=/bin:read"), whole("proc", "/bin", false));
        assert_eq!(read("a=/b/c:write"), whole("a", "/b/c", true));
        let below = |text| VolumeAccess::parse(text).map(|it| (it.subtree, it.write, it.below));
        assert_eq!(below("a:write=/home"), Some(("/".into(), true, "/home".into())));
        assert_eq!(below("a=/b:read"), Some(("/b".into(), false, "/".into())));
        for bad in [
            "a:read=/x",
            "a:write=",
            "a:write=x",
            "",
            "=/",
            "a=b",
            "a=/b/",
            "a=/../b",
            "a:all",
            "a=/x y",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_subtree_is_seen_where_it_is() {
        assert_eq!(joined("/", "/"), "/");
        assert_eq!(joined("/", "/home"), "/home");
        assert_eq!(joined("/tmp", "/"), "/tmp");
        assert_eq!(joined("/usb", "/a/b"), "/usb/a/b");
        assert!(is_absolute("/a/b") && !is_absolute("a") && !is_absolute("/a//b"));
    }
}
