//! `cargo xtask disk`: files in disk images.

use crate::build;
use crate::output;
use anyhow::{Context as _, Result, bail, ensure};
use clap::{Args, Subcommand, ValueEnum};
use std::path::{Path, PathBuf};
use std::process::Command;
use volume_image::{Format, Image, Item, put_tree};

/// Make a disk image with a volume, and copy files in and out. No machine may run on it meanwhile.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Make an image with the files of a new system
    Format {
        /// The image; what it holds is lost.
        file: PathBuf,
        /// Its size in MiB: from 32, in FAT from 1
        #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
        mib: u64,
        /// How it keeps files.
        #[arg(long = "type", value_enum, default_value_t = Kind::Ext4)]
        kind: Kind,
        /// Make it over a file that is there.
        #[arg(long)]
        force: bool,
    },
    /// Copy files and folders of the host into the image
    Put {
        /// The image.
        file: PathBuf,
        /// Files and folders of the host.
        #[arg(required = true)]
        from: Vec<PathBuf>,
        /// A directory of the image, or the new name of one file.
        to: String,
    },
    /// Copy a file out of the image
    Get {
        /// The image.
        file: PathBuf,
        /// The file in the image.
        path: String,
        /// The file of the host [default: its name, here; `-`: print it]
        to: Option<PathBuf>,
    },
    /// List a directory of the image
    Ls {
        /// The image.
        file: PathBuf,
        /// The directory.
        #[arg(default_value = "/")]
        path: String,
    },
    /// Remove a file or an empty directory of the image
    Rm {
        /// The image.
        file: PathBuf,
        /// The file in the image.
        path: String,
    },
    /// Check the image, with e2fsck or fsck.fat where they are installed
    Check {
        /// The image.
        file: PathBuf,
    },
}

/// How a volume keeps files.
#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// With a journal: what the machine's root volume is
    Ext4,
    /// For sticks, and files that other systems read
    Fat,
}

impl From<Kind> for Format {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Ext4 => Self::Ext4,
            Kind::Fat => Self::Fat,
        }
    }
}

/// The command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8> {
    match &arguments.action {
        Action::Format { file, mib, kind, force } => format(file, *mib, (*kind).into(), *force)?,
        Action::Put { file, from, to } => with(file, |image| put(image, from, to))?,
        Action::Get { file, path, to } => {
            let content = with(file, |image| image.read(path))?;
            get(path, to.as_deref(), &content)?;
        }
        Action::Ls { file, path } => with(file, |image| image.list(path))?.iter().for_each(line),
        Action::Rm { file, path } => with(file, |image| image.remove(path))?,
        Action::Check { file } => return check(file),
    }
    Ok(0)
}

/// Does something with an image, and closes it also when that failed.
fn with<T>(file: &Path, work: impl FnOnce(&mut Image) -> Result<T>) -> Result<T> {
    let mut image = Image::open(file)?;
    let done = work(&mut image);
    let closed = image.close();
    done.and_then(|value| closed.map(|()| value))
}

fn format(file: &Path, mib: u64, format: Format, force: bool) -> Result<()> {
    let there = file.exists() && !force;
    ensure!(!there, "{} is there; --force makes a new volume of it", file.display());
    build::make_volume(file, mib << 20, format)?;
    println!("made {}: a volume of {mib} MiB", file.display());
    Ok(())
}

fn put(image: &mut Image, from: &[PathBuf], to: &str) -> Result<()> {
    let into_directory = to.ends_with('/')
        || image.list(to).is_ok_and(|items| {
            let last = to.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            !matches!(items.as_slice(), [Item { name, directory: false, .. }] if name == last)
        });
    ensure!(into_directory || from.len() == 1, "{to} is no directory of the image");
    for one in from {
        let name = one.file_name().with_context(|| format!("{} has no name", one.display()))?;
        let target = match into_directory {
            true => format!("{}/{}", to.trim_end_matches('/'), name.to_string_lossy()),
            false => to.to_owned(),
        };
        let count = put_tree(image, one, &target)?;
        println!("{target}: {count} {}", if count == 1 { "file" } else { "files" });
    }
    Ok(())
}

fn get(path: &str, to: Option<&Path>, content: &[u8]) -> Result<()> {
    match to {
        Some(to) if to == Path::new("-") => {
            // Output that is lost is told at the end.
            output::bytes(content);
            Ok(())
        }
        Some(to) => Ok(fs_err::write(to, content)?),
        None => {
            let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            ensure!(!name.is_empty(), "{path} names no file");
            Ok(fs_err::write(name, content)?)
        }
    }
}

fn line(item: &Item) {
    let kind = if item.directory { "/" } else { "" };
    println!("{:>10}  {}{kind}", item.len, item.name);
}

fn check(file: &Path) -> Result<u8> {
    let (judge, words) = match Image::kind(file)? {
        Format::Ext4 => ("e2fsck", ["-f", "-n"]),
        Format::Fat => ("fsck.fat", ["-n", "-v"]),
    };
    match Command::new(judge).args(words).arg(file).output() {
        Ok(told) => {
            print!("{}", String::from_utf8_lossy(&told.stdout));
            let clean = told.status.code() == Some(0);
            if !clean {
                bail!("{} is not clean", file.display());
            }
        }
        Err(_) => {
            println!("{judge} is not installed: reading every file instead");
            let count = with(file, Image::check)?;
            println!("{}: {count} files and directories can be read", file.display());
        }
    }
    Ok(0)
}
