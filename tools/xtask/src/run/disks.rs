//! The disks of a machine: image files, made when they are missing.

use crate::build::make_volume;
use anyhow::{Context as _, Result, ensure};
use clap::Args;
use qemu_harness::{Backend, Controller, Disk, Format, VOLUME_BYTES};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use volume_image::Format as VolumeFormat;

/// The size of an image that is made, in bytes. Raw images take up only what was written.
const NEW_BYTES: u64 = VOLUME_BYTES;
/// Disks are made of sectors of this size.
const SECTOR: u64 = 512;
/// The first bytes of a qcow2 image. Source: QEMU, docs/interop/qcow2.txt, "Header".
const QCOW2_MAGIC: [u8; 4] = *b"QFI\xfb";

/// The options for disks.
#[derive(Args, Clone)]
pub(super) struct DiskArguments {
    /// Attach an image file (raw or qcow2) as a virtio disk; it is made when missing
    /// with a new volume [default: a new volume of 64 MiB whose changes are dropped]
    #[arg(long, value_name = "FILE")]
    disk: Vec<PathBuf>,
    /// Attach an image file as an NVMe disk; it is made when missing
    #[arg(long, value_name = "FILE")]
    nvme: Vec<PathBuf>,
}

impl DiskArguments {
    /// Checks the files and makes those that are missing.
    pub(super) fn attach(&self) -> Result<Vec<Disk>> {
        let virtio = self.disk.iter().map(|file| (Controller::Virtio, file));
        let nvme = self.nvme.iter().map(|file| (Controller::Nvme, file));
        let disks: Vec<Disk> = virtio
            .chain(nvme)
            .map(|(controller, file)| Ok(Disk { controller, backend: image(file)? }))
            .collect::<Result<_>>()?;
        for (at, disk) in disks.iter().enumerate() {
            let same = |other: &&Disk| other.backend == disk.backend;
            ensure!(
                disks[..at].iter().find(same).is_none(),
                "one image file cannot be two disks: {}",
                describe(&disk.backend)
            );
        }
        Ok(disks)
    }
}

/// An image file, made when it is missing.
fn image(file: &Path) -> Result<Backend> {
    if !file.exists() {
        make(file).with_context(|| format!("cannot make the disk image {}", file.display()))?;
        eprintln!("made {}: a disk of {} MiB", file.display(), NEW_BYTES >> 20);
    }
    let format = check(file).with_context(|| format!("disk image {}", file.display()))?;
    // QEMU takes a relative path that contains a colon for a protocol.
    let file = fs_err::canonicalize(file)?;
    Ok(Backend::File { file, format, kept: true })
}

fn make(file: &Path) -> Result<()> {
    if file.extension().is_none_or(|extension| extension != "qcow2") {
        return make_volume(file, NEW_BYTES, VolumeFormat::Ext4);
    }
    let raw = file.with_extension("raw");
    ensure!(!raw.exists(), "{} is in the way", raw.display());
    let made = make_volume(&raw, NEW_BYTES, VolumeFormat::Ext4).and_then(|()| convert(&raw, file));
    // Where nothing was made there is nothing to remove.
    let _ = fs_err::remove_file(&raw);
    made
}

fn convert(raw: &Path, file: &Path) -> Result<()> {
    let mut command = Command::new("qemu-img");
    command.args(["convert", "-q", "-f", "raw", "-O", "qcow2", "--"]).arg(raw).arg(file);
    let output = command.output().context("qemu-img; `cargo xtask setup` says how to get it")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}

/// The format of an image that can be used.
fn check(file: &Path) -> Result<Format> {
    let facts = std::fs::metadata(file)?;
    ensure!(facts.is_file(), "is no file; name an image, or a file that does not exist yet");
    let mut opened = File::options().read(true).write(true).open(file)?;
    let mut magic = [0; 4];
    if opened.read_exact(&mut magic).is_ok() && magic == QCOW2_MAGIC {
        return Ok(Format::Qcow2);
    }
    let bytes = facts.len();
    ensure!(bytes > 0, "is empty; delete it, and one of {} MiB is made", NEW_BYTES >> 20);
    ensure!(
        bytes.is_multiple_of(SECTOR),
        "has {bytes} bytes, which is no whole number of sectors of {SECTOR} bytes"
    );
    Ok(Format::Raw)
}

fn describe(backend: &Backend) -> String {
    match backend {
        Backend::File { file, .. } => file.display().to_string(),
        Backend::Scratch | Backend::Null { .. } => "a disk without an image".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Backend, DiskArguments, Format, NEW_BYTES, image};
    use std::path::PathBuf;

    fn error(file: PathBuf) -> String {
        format!("{:#}", image(&file).unwrap_err())
    }

    #[test]
    fn a_missing_image_is_made_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.img");
        let made = image(&file).unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().len(), NEW_BYTES);
        assert!(matches!(&made, Backend::File { format: Format::Raw, kept: true, .. }));
        std::fs::write(&file, [7; 1024]).unwrap();
        assert_eq!(image(&file).unwrap(), made, "it is not made again");
        assert_eq!(std::fs::read(&file).unwrap(), [7; 1024]);
    }

    #[test]
    fn the_format_is_told_by_the_content() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.img");
        std::fs::write(&file, b"QFI\xfb and more").unwrap();
        let backend = image(&file).unwrap();
        assert!(matches!(backend, Backend::File { format: Format::Qcow2, .. }));
    }

    #[test]
    fn what_can_be_no_disk_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let odd = folder.path().join("odd.img");
        std::fs::write(&odd, [0; 700]).unwrap();
        let said = error(odd);
        assert!(said.contains("odd.img: has 700 bytes"), "{said}");
        let empty = folder.path().join("empty.img");
        std::fs::write(&empty, []).unwrap();
        assert!(error(empty).contains("is empty; delete it"));
        assert!(error(folder.path().into()).contains("is no file"));
        let nowhere = folder.path().join("none/a.img");
        assert!(error(nowhere).contains("cannot make the disk image"));
    }

    #[test]
    fn one_file_is_one_disk() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.img");
        let twice = DiskArguments { disk: vec![file.clone()], nvme: vec![file] };
        let said = twice.attach().unwrap_err().to_string();
        assert!(said.contains("cannot be two disks"), "{said}");
    }
}
