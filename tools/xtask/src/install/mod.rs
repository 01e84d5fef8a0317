//! `install CRATE`: an ordinary Rust program, built for Postern and put into `/bin` of volumes.
//!
//! The program is the crate as it is: its own Cargo.lock, its own features. It is built with the
//! standard library for the target `x86_64-postern-std`, and linked with one object file, made of
//! `libsys/std-table`. `target/std` has what cargo makes, `target/image/installed` what is installed:
//! each volume that is made has it.

mod object;
mod program;
mod source;

use crate::build::{self, INSTALLED};
use crate::{setup, step, workspace};
use anyhow::{Context as _, Result, ensure};
use clap::Args;
use fs_err as fs;
use std::path::{Path, PathBuf};
use volume_image::Image;

/// The program of the system tests, from the root on.
const TEST_PROGRAM: &str = "tests/std";

/// Programs over crates of the registry, from the root on, and programs of the registry: for
/// `cargo xtask test --programs`.
const TEST_CRATES: [&str; 2] = ["tests/crates", "tests/wasi"];
const REGISTRY: [&str; 1] = ["ripgrep@14.1.1"];

/// Build a Rust program for Postern and put it into `/bin` of the system's volume.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The crate, with its version unless that is the newest: NAME or NAME@VERSION. With --path its
    /// name alone, or nothing
    #[arg(value_name = "CRATE", required_unless_present = "path")]
    name: Option<String>,
    /// The folder of the crate instead of the registry
    #[arg(long)]
    path: Option<PathBuf>,
    /// Features of the crate, separated by commas
    #[arg(long)]
    features: Option<String>,
    /// Without the features that the crate chooses by default
    #[arg(long)]
    no_default_features: bool,
    /// Only this one of its programs
    #[arg(long)]
    bin: Option<String>,
    /// An example of the crate instead of its programs
    #[arg(long)]
    example: Option<String>,
    /// Put it into this disk image, too; no machine may run on it meanwhile
    #[arg(long, value_name = "FILE")]
    disk: Option<PathBuf>,
}

/// The command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8> {
    let toolchain = setup::toolchain()?;
    let object = object::make(&toolchain)?;
    let name = arguments.name.as_deref();
    let source = match &arguments.path {
        Some(path) => source::in_folder(&toolchain, path, name)?,
        None => source::of_registry(&toolchain, name.context("which crate?")?)?,
    };
    let wanted = program::Wanted {
        features: arguments.features.as_deref(),
        no_default_features: arguments.no_default_features,
        bin: arguments.bin.as_deref(),
        example: arguments.example.as_deref(),
    };
    let made = program::build(&toolchain, &source, &wanted, &object)?;
    let folder = workspace::target().join("image").join(INSTALLED);
    for elf in &made {
        put(&toolchain, elf, &folder, arguments.disk.as_deref())?;
    }
    Ok(0)
}

/// Builds the program of the system tests, and puts it beside the others of theirs.
pub(crate) fn for_tests(toolchain: &setup::Toolchain, programs: &Path) -> Result<()> {
    let object = object::make(toolchain)?;
    let source = source::in_folder(toolchain, &workspace::root().join(TEST_PROGRAM), None)?;
    beside(toolchain, &source, &object, programs)
}

/// Builds the programs of the registry that tests run, and puts them there, too.
pub(crate) fn of_registry_for_tests(toolchain: &setup::Toolchain, programs: &Path) -> Result<()> {
    let object = object::make(toolchain)?;
    for folder in TEST_CRATES {
        let crates = source::in_folder(toolchain, &workspace::root().join(folder), None)?;
        beside(toolchain, &crates, &object, programs)?;
    }
    for name in REGISTRY {
        beside(toolchain, &source::of_registry(toolchain, name)?, &object, programs)?;
    }
    Ok(())
}

fn beside(
    toolchain: &setup::Toolchain,
    source: &source::Source,
    object: &Path,
    programs: &Path,
) -> Result<()> {
    for elf in program::build(toolchain, source, &program::Wanted::default(), object)? {
        let name = elf.file_name().context("a program has a name")?;
        strip(toolchain, &elf, &programs.join(name))?;
    }
    Ok(())
}

fn strip(toolchain: &setup::Toolchain, elf: &Path, to: &Path) -> Result<()> {
    let mut strip = std::process::Command::new(toolchain.llvm_tool("llvm-objcopy")?);
    step::run(&format!("stripping {}", elf.display()), strip.arg("--strip-all").args([elf, to]))
}

/// Puts a program without its symbols where volumes find it, and into the images that there are.
fn put(toolchain: &setup::Toolchain, elf: &Path, folder: &Path, disk: Option<&Path>) -> Result<()> {
    let name = elf.file_name().context("a program has a name")?.to_string_lossy();
    let installed = folder.join(&*name);
    fs::create_dir_all(folder)?;
    strip(toolchain, elf, &installed)?;
    let content = fs::read(&installed)?;
    let system = build::images().volume;
    for image in [Some(system.as_path()).filter(|file| file.exists()), disk].into_iter().flatten() {
        write(image, &name, &content).with_context(|| format!("{}", image.display()))?;
    }
    println!("installed /bin/{name}: {} KiB", content.len().div_ceil(1024));
    Ok(())
}

fn write(file: &Path, name: &str, content: &[u8]) -> Result<()> {
    ensure!(file.exists(), "there is no such image; `cargo xtask disk format` makes one");
    let mut image = Image::open(file)?;
    let done =
        image.make_directories("/bin").and_then(|()| image.write(&format!("/bin/{name}"), content));
    let closed = image.close();
    done.and(closed)
}
