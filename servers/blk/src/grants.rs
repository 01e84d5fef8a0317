//! Which client may have which disk.
//!
//! The arguments of the server in the manifest are `CLIENT=DISK` or `CLIENT=DISK:read`, such as
//! `shell=*:read`, `fs=blk0p2`. DISK is a name, or `*` for all. What is not granted is refused.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// What a client may do with a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Nothing.
    None,
    /// Reads.
    Read,
    /// Reads and writes.
    Write,
}

impl Access {
    /// As clients are told.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::None => "nothing",
            Self::Read => "read",
            Self::Write => "read, write",
        }
    }
}

#[derive(Debug)]
struct Grant {
    client: u32,
    disk: String,
    access: Access,
}

/// All grants.
#[derive(Debug, Default)]
pub struct Grants(Vec<Grant>);

impl Grants {
    /// Reads the arguments and the startup block's lines `client NUMBER NAME`; a grant that is
    /// none, or of a client that may not connect, goes to `wrong`.
    pub fn parse<'a>(
        arguments: impl Iterator<Item = &'a str>,
        clients: impl Iterator<Item = &'a str>,
        mut wrong: impl FnMut(&'a str),
    ) -> Self {
        let numbers: Vec<(u32, &str)> = clients
            .filter_map(|line| {
                let (number, name) = line.split_once(' ')?;
                Some((number.parse().ok()?, name))
            })
            .collect();
        let mut grants = Vec::new();
        for argument in arguments {
            match grant(argument, &numbers) {
                Some(grant) => grants.push(grant),
                None => wrong(argument),
            }
        }
        Self(grants)
    }

    /// What the client with this badge may do. The upper half of a badge tells the lives of a
    /// program apart.
    #[must_use]
    pub fn access(&self, badge: u64, disk: &str) -> Access {
        let fits = |grant: &&Grant| {
            u64::from(grant.client) == badge & u64::from(u32::MAX)
                && (grant.disk == "*" || grant.disk == disk)
        };
        self.0.iter().filter(fits).map(|grant| grant.access).max().unwrap_or(Access::None)
    }
}

fn grant(text: &str, clients: &[(u32, &str)]) -> Option<Grant> {
    let (client, disk) = text.split_once('=')?;
    let (disk, access) = match disk.split_once(':') {
        Some((disk, "read")) => (disk, Access::Read),
        Some(_) => return None,
        None => (disk, Access::Write),
    };
    let (number, _) = clients.iter().find(|(_, name)| *name == client)?;
    Some(Grant { client: *number, disk: disk.to_string(), access })
}

#[cfg(test)]
mod tests {
    use super::{Access, Grants};

    #[test]
    fn what_is_not_granted_is_refused() {
        let arguments = ["fs=blk0p1", "shell=*:read", "gone=*", "fs=*:write", "nonsense"];
        let mut wrong = Vec::new();
        let clients = ["3 fs", "4 shell", "x y", "5"];
        let grants =
            Grants::parse(arguments.into_iter(), clients.into_iter(), |text| wrong.push(text));
        assert_eq!(wrong, ["gone=*", "fs=*:write", "nonsense"]);
        assert_eq!(grants.access(3, "blk0p1"), Access::Write);
        assert_eq!(grants.access(3 | 9 << 32, "blk0p1"), Access::Write);
        assert_eq!(grants.access(3, "blk0"), Access::None);
        assert_eq!(grants.access(4, "blk0"), Access::Read);
        assert_eq!(grants.access(5, "blk0"), Access::None);
    }
}
