//! Which client sees which part of the volume.
//!
//! The startup block says it in lines `access CLIENT SUBTREE read|write|write=DIRECTORY`: the last one
//! reads all of its subtree and changes what is below the directory. A client without such a line sees
//! nothing.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// What a client may do in its subtree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// Reads.
    Read,
    /// Reads and writes.
    Write,
}

/// What one client is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    client: u32,
    /// The names of the path to its directory.
    pub(crate) subtree: Vec<String>,
    pub(crate) rights: Rights,
    /// The names of the path from there to the directory below which alone it writes.
    pub(crate) below: Vec<String>,
}

/// All grants.
#[derive(Clone, Debug, Default)]
pub struct Access(Vec<Grant>);

impl Access {
    /// Reads the lines; one that is none goes to `wrong`.
    pub fn parse<'a>(lines: impl Iterator<Item = &'a str>, mut wrong: impl FnMut(&'a str)) -> Self {
        let mut grants = Vec::new();
        for line in lines {
            match grant(line) {
                Some(grant) => grants.push(grant),
                None => wrong(line),
            }
        }
        Self(grants)
    }

    /// What the client with this badge is given. The upper half of a badge tells the lives of a
    /// program apart.
    #[must_use]
    pub fn of(&self, badge: u64) -> Option<&Grant> {
        let number = badge & u64::from(u32::MAX);
        self.0.iter().find(|grant| u64::from(grant.client) == number)
    }
}

fn grant(line: &str) -> Option<Grant> {
    let mut words = line.split(' ');
    let client = words.next()?.parse().ok()?;
    let subtree = names(words.next()?)?;
    let (rights, below) = match words.next()? {
        "read" => (Rights::Read, Vec::new()),
        "write" => (Rights::Write, Vec::new()),
        other => (Rights::Write, names(other.strip_prefix("write=")?)?),
    };
    words.next().is_none().then_some(Grant { client, subtree, rights, below })
}

/// The names of an absolute path.
fn names(path: &str) -> Option<Vec<String>> {
    let names = path.strip_prefix('/')?.split('/').filter(|name| !name.is_empty());
    let names: Vec<String> = names.map(ToString::to_string).collect();
    names.iter().all(|name| files::is_name(name)).then_some(names)
}

#[cfg(test)]
mod tests {
    use super::{Access, Rights};

    #[test]
    fn a_client_has_its_line_and_others_have_nothing() {
        let lines = [
            "5 / write",
            "7 /home/x read",
            "8 home read",
            "9 / own",
            "10 /.. read",
            "",
            "11 / write=/a/b",
        ];
        let mut wrong = Vec::new();
        let access = Access::parse(lines.into_iter(), |line| wrong.push(line));
        assert_eq!(wrong, ["8 home read", "9 / own", "10 /.. read", ""]);
        assert_eq!(access.of(5 | 3 << 32).map(|grant| grant.rights), Some(Rights::Write));
        assert_eq!(access.of(7).map(|grant| grant.subtree.len()), Some(2));
        assert_eq!(access.of(11).map(|grant| grant.below.len()), Some(2));
        assert_eq!(access.of(6), None);
    }
}
