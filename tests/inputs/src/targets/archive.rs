//! The boot archive, as the kernel, init and `proc` read it.

use super::kind;
use crate::Target;
use qemu_harness::Archive;

const NAMES: [&str; 5] = ["checksums", "init", "manifest", "empty", ""];

pub(super) fn target() -> Target {
    let mut archive = Archive::new();
    archive.set("init", b"a program".repeat(70)).set("manifest", super::manifest::encoded());
    archive.set("empty", Vec::new());
    let small = Archive::new().set("init", b"x".to_vec()).to_bytes();
    let seeds = [archive.to_bytes(), small].map(|bytes| bytes.expect("an archive can be made"));
    Target { name: "archive", seeds: seeds.to_vec(), read: Box::new(read) }
}

fn read(bytes: &[u8]) -> String {
    let archive = match ::archive::Archive::open(bytes) {
        Ok(archive) => archive,
        Err(error) => return kind(&error),
    };
    let files = NAMES.map(|name| {
        let file = archive.file(name);
        file.map_or_else(|error| kind(&error), |file| kind(&file.is_empty()))
    });
    files.concat()
}
