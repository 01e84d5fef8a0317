//! The boot archive: init's reader and the kernel's, which must agree.

use super::kind;
use crate::Target;
use qemu_harness::Archive;

#[path = "../../../../microkernel/src/arch/x86_64/boot/archive.rs"]
#[expect(dead_code, reason = "it is the kernel's file: all that the boot uses of it")]
mod kernels;

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
    let kernels = kernels::Archive::open(Some(bytes));
    let inits = manifest::Archive::new(bytes);
    let (Ok(kernels), Ok(inits)) = (&kernels, &inits) else {
        return format!("{:?} {}", kernels.err(), kind(&inits.err()));
    };
    let mut found = String::new();
    for name in NAMES {
        let (one, other) = (kernels.file(name), inits.file(name));
        assert_eq!(one.as_ref().ok(), other.as_ref().ok(), "{name}: the readers differ");
        found.push_str(&other.map_or_else(|error| kind(&error), |file| kind(&file.is_empty())));
    }
    found
}
