//! A private toolchain folder that fills the gaps of Debian's packages.
//!
//! Debian's compiler has no `rust-lld`, and the boot loader's build looks for LLVM's tools
//! beside it. Nothing is written into `/usr`: this folder in the user's cache looks like a
//! toolchain of rustup and consists of links, but for a `rustc` that says where it lives.

use super::VERSION;
use super::debian::RUSTC;
use crate::workspace;
use anyhow::{Context as _, Result};
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

const STAMP: &str = "made-for";

/// What is linked: place in the folder, Debian's file, whether it is needed to build.
const LINKS: [(&str, &str, bool); 11] = [
    ("bin/cargo", "/usr/bin/cargo", true),
    ("bin/rustdoc", "/usr/bin/rustdoc", true),
    ("bin/cargo-clippy", "/usr/bin/cargo-clippy", false),
    ("bin/clippy-driver", "/usr/bin/clippy-driver", false),
    ("bin/cargo-fmt", "/usr/bin/cargo-fmt", false),
    ("bin/rustfmt", "/usr/bin/rustfmt", false),
    ("lib/rustlib/src", "/usr/lib/rustlib/src", true),
    ("lib/rustlib/HOST/lib", "/usr/lib/rustlib/HOST/lib", true),
    ("lib/rustlib/HOST/bin/rust-lld", "/usr/bin/lld", true),
    ("lib/rustlib/HOST/bin/llvm-objcopy", "/usr/bin/llvm-objcopy", true),
    ("lib/rustlib/HOST/bin/llvm-objdump", "/usr/bin/llvm-objdump", true),
];

/// Where the folder is.
pub(super) fn folder() -> Result<PathBuf> {
    Ok(workspace::cache()?.join(format!("toolchain-{VERSION}")))
}

/// Whether the folder is there, for the compiler that is installed now.
pub(super) fn complete(folder: &Path) -> bool {
    let stamp = fs::read_to_string(folder.join(STAMP)).ok();
    stamp.is_some_and(|stamp| compiler_stamp(folder).is_ok_and(|now| now == stamp))
        && sources_complete()
}

/// Whether Debian's files that a build needs are all there.
pub(super) fn sources_complete() -> bool {
    Path::new("/usr/lib/rustlib/src/rust/library/core/src/lib.rs").exists()
        && LINKS.iter().filter(|link| link.2).all(|link| Path::new(&host(link.1)).exists())
}

/// Makes the folder, in place of an older one.
pub(super) fn make() -> Result<PathBuf> {
    let folder = folder()?;
    let draft = folder.with_extension(format!("draft-{}", std::process::id()));
    let problem = || format!("cannot make the kernel toolchain's folder {}", folder.display());
    fill(&draft, &folder).with_context(problem)?;
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(problem)?;
    }
    fs::rename(&draft, &folder).with_context(problem)?;
    Ok(folder)
}

/// Makes all of it under another name, so that a folder with the right one is whole.
fn fill(draft: &Path, final_place: &Path) -> Result<()> {
    if draft.exists() {
        fs::remove_dir_all(draft)?;
    }
    for (place, file, _) in LINKS {
        let (place, file) = (draft.join(host(place)), host(file));
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent)?;
        }
        if Path::new(&file).exists() {
            symlink(&file, &place)?;
        }
    }
    let rustc = draft.join("bin/rustc");
    fs::write(&rustc, wrapper(final_place))?;
    fs::set_permissions(&rustc, fs::Permissions::from_mode(0o755))?;
    fs::write(draft.join(STAMP), compiler_stamp(final_place)?)?;
    Ok(())
}

/// Debian's compiler, told that its sysroot is this folder.
fn wrapper(sysroot: &Path) -> String {
    let quoted = sysroot.to_string_lossy().replace('\'', r"'\''");
    format!("#!/bin/sh\nexec {RUSTC} --sysroot '{quoted}' \"$@\"\n")
}

/// Differs when Debian's compiler was changed, or the folder moved.
fn compiler_stamp(folder: &Path) -> Result<String> {
    let rustc = fs::metadata(RUSTC)?;
    Ok(format!("{} {} {}\n", folder.display(), rustc.len(), rustc.mtime()))
}

fn host(path: &str) -> String {
    path.replace("HOST", &format!("{}-unknown-linux-gnu", std::env::consts::ARCH))
}

#[cfg(test)]
mod tests {
    use super::{host, wrapper};
    use std::path::Path;

    #[test]
    fn the_compiler_is_told_its_folder_whatever_its_name() {
        let script = wrapper(Path::new("/home/o'neil/my cache"));
        assert!(script.ends_with("--sysroot '/home/o'\\''neil/my cache' \"$@\"\n"), "{script}");
    }

    #[test]
    fn paths_name_the_host() {
        assert!(host("lib/HOST/bin").contains("-unknown-linux-gnu/bin"));
    }
}
