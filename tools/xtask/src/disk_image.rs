//! `image`: disk images for BIOS and UEFI, by the bootloader crate.
//!
//! Its boot stages take minutes to build, so the small program with them (`tools/disk-image`) is
//! built into the user's cache, again only when that program changes. An image takes a second.

use crate::run::Firmware;
use crate::setup::{self, Toolchain};
use crate::{build, step, workspace};
use anyhow::{Result, ensure};
use clap::Args;
use fs_err as fs;
use qemu_harness::{Archive, Images, check_kernel_words};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Make disk images for BIOS and UEFI; the first time takes 3 to 10 minutes.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Only for this firmware
    firmware: Option<Firmware>,
    /// Words for the kernel: log=LEVEL, init=NAME, selftest
    #[arg(long, value_name = "WORDS", default_value = "", hide_default_value = true)]
    append: String,
}

/// The command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8> {
    check_kernel_words(&arguments.append)?;
    let toolchain = setup::toolchain()?;
    let images = build::all(&toolchain)?;
    for firmware in [Firmware::Bios, Firmware::Uefi] {
        if arguments.firmware.is_none_or(|only| only == firmware) {
            let image = make(&toolchain, &images, firmware, &arguments.append)?;
            println!("{} disk image: {}", firmware.name(), image.display());
        }
    }
    Ok(0)
}

/// Makes an image, unless the one there is current.
pub(crate) fn make(
    toolchain: &Toolchain,
    images: &Images,
    firmware: Firmware,
    words: &str,
) -> Result<PathBuf> {
    let tool = tool(toolchain)?;
    let plain = images.disk_image_path(firmware.name());
    // An image with words is made each time, and does not replace the plain one.
    let image = if words.is_empty() { plain } else { plain.with_extension("words.img") };
    let archive = archive_with(images, firmware, words)?;
    if workspace::is_current(&image, &[&images.kernel, &archive, &tool]) {
        return Ok(image);
    }
    let mut command = Command::new(&tool);
    command.arg(firmware.name()).args([&images.kernel, &archive, &image]);
    step::run(&format!("making the {} disk image", firmware.name()), &mut command)?;
    Ok(image)
}

/// The archive for an image: its entry `cmdline` holds the kernel's words.
fn archive_with(images: &Images, firmware: Firmware, words: &str) -> Result<PathBuf> {
    if words.is_empty() {
        return Ok(images.archive.clone());
    }
    check_kernel_words(words)?;
    let mut archive = Archive::read(&images.archive)?;
    archive.set("cmdline", words.as_bytes().to_vec());
    let file = images.archive.with_file_name(format!("boot-{}.tar", firmware.name()));
    archive.write(&file)?;
    Ok(file)
}

/// The program with the boot stages, in the cache.
fn tool(toolchain: &Toolchain) -> Result<PathBuf> {
    let source = workspace::root().join("tools/disk-image");
    let folder = workspace::cache()?.join(format!("disk-image-{:08x}", fingerprint(&source)?));
    let tool = folder.join("disk-image");
    if !tool.exists() {
        build_tool(toolchain, &source, &folder, &tool)?;
    }
    Ok(tool)
}

fn build_tool(toolchain: &Toolchain, source: &Path, folder: &Path, tool: &Path) -> Result<()> {
    let target = folder.join("target");
    fs::create_dir_all(&target)?;
    // The boot stages are built by a `cargo install` inside of the build script. With
    // CARGO_TARGET_DIR it would deadlock on our own lock; this option is not inherited.
    // In the folder `/` it reads no cargo configuration of this workspace.
    let mut command = toolchain.cargo()?;
    command
        .current_dir("/")
        .args(["build", "--release", "--locked", "--manifest-path"])
        .arg(source.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&target);
    step::run("building the boot loader, once for this user (3 to 10 minutes)", &mut command)?;
    let built = target.join("release/disk-image");
    ensure!(built.exists(), "cargo built no {}", built.display());
    let draft = folder.join(format!("disk-image.{}", std::process::id()));
    fs::copy(&built, &draft)?;
    fs::rename(&draft, tool)?;
    // Hundreds of megabytes that are not needed again. Another command may remove them, too.
    drop(fs::remove_dir_all(target));
    Ok(())
}

/// A checksum of the program and of the versions that it is built from.
fn fingerprint(source: &Path) -> Result<u32> {
    let mut bytes = Vec::new();
    for file in ["Cargo.toml", "Cargo.lock", "src/main.rs"] {
        bytes.extend(fs::read(source.join(file))?);
    }
    Ok(crc32fast::hash(&bytes))
}
