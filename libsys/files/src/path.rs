//! Paths as text.

use crate::{NAME_BYTES, PATH_BYTES};
use alloc::string::String;
use alloc::vec::Vec;

/// Whether this can be a name in a directory.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let fits = !name.is_empty() && name.len() <= NAME_BYTES;
    fits && name != "." && name != ".." && !name.contains(['/', '\0'])
}

/// An absolute path without `.`, `..` and doubled slashes: `path` as seen from the directory
/// `current`. `None` when it is too long.
#[must_use]
pub fn normal(current: &str, path: &str) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    let current = if path.starts_with('/') { "" } else { current };
    for name in current.split('/').chain(path.split('/')) {
        match name {
            "" | "." => {}
            ".." => drop(names.pop()),
            _ => names.push(name),
        }
    }
    let mut whole = String::with_capacity(path.len().saturating_add(current.len()));
    for name in &names {
        whole.push('/');
        whole.push_str(name);
    }
    if whole.is_empty() {
        whole.push('/');
    }
    (whole.len() <= PATH_BYTES).then_some(whole)
}

/// The rest of `path` below the directory `mount`, without a slash in front.
pub(crate) fn below<'a>(mount: &str, path: &'a str) -> Option<&'a str> {
    let mount = mount.trim_end_matches('/');
    match path.strip_prefix(mount)? {
        "" => Some(""),
        rest => rest.strip_prefix('/'),
    }
}

#[cfg(test)]
mod tests {
    use super::{below, is_name, normal};

    #[test]
    fn dots_are_resolved_by_their_text() {
        let cases = [
            ("/", "a", "/a"),
            ("/home", "../tmp/./x", "/tmp/x"),
            ("/home", "/a//b/", "/a/b"),
            ("/home", "../../..", "/"),
            ("/", "", "/"),
            ("/a/b", "..", "/a"),
        ];
        for (current, path, whole) in cases {
            assert_eq!(normal(current, path).as_deref(), Some(whole), "{current} {path}");
        }
        assert_eq!(normal("/", &"a/".repeat(600)), None);
    }

    #[test]
    fn a_mount_has_what_is_below_it() {
        assert_eq!(below("/", "/a/b"), Some("a/b"));
        assert_eq!(below("/", "/"), Some(""));
        assert_eq!(below("/tmp", "/tmp"), Some(""));
        assert_eq!(below("/tmp", "/tmp/x"), Some("x"));
        assert_eq!(below("/tmp", "/tmpx"), None);
    }

    #[test]
    fn names_have_no_slash_and_no_nul() {
        assert!(is_name("a b.c") && is_name("..."));
        for bad in ["", ".", "..", "a/b", "a\0b", &"x".repeat(256)] {
            assert!(!is_name(bad), "{bad:?}");
        }
    }
}
