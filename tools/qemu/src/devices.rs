//! What the machine has beside CPUs, memory and a serial line: its board, disks, other devices.

use crate::boot::option;
use anyhow::Result;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The size of the system's volume in bytes.
pub const VOLUME_BYTES: u64 = 64 << 20;
/// The size of a scratch disk in bytes.
pub const SCRATCH_BYTES: u64 = 64 << 20;
/// Its file: no data, and room for it as long as nothing is written.
const SCRATCH: &str = "scratch.img";

/// The board, which decides how the guest reaches PCI configuration space.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Board {
    /// PCI Express: configuration space in memory (ECAM).
    #[default]
    Q35,
    /// PCI of 1996: configuration space behind two I/O ports.
    Pc,
}

impl Board {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Q35 => "q35",
            Self::Pc => "pc",
        }
    }
}

/// The controller of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Controller {
    /// virtio-blk without its legacy interface, 1af4:1042.
    Virtio,
    /// NVM Express, 1b36:0010.
    Nvme,
}

/// The format of an image file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Bytes as they are on the disk.
    Raw,
    /// QEMU's format with only the clusters in use.
    Qcow2,
}

impl Format {
    /// Its name in QEMU's words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Qcow2 => "qcow2",
        }
    }
}

/// What is behind a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backend {
    /// An image file.
    File {
        /// The file.
        file: PathBuf,
        /// Its format.
        format: Format,
        /// Whether writes change the file. If not, they are dropped at the end, and several
        /// machines can share it.
        kept: bool,
    },
    /// A file of the harness's own, at first all zeros; writes are dropped at the end.
    Scratch,
    /// Nothing: reads give zeros, writes are dropped, both at once. For counts of instructions.
    Null {
        /// The size in MiB.
        mib: u32,
    },
}

/// A disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// Where its controller is.
    pub controller: Controller,
    /// What is behind it.
    pub backend: Backend,
}

impl Disk {
    /// A virtio disk with the volume in this image; writes are dropped at the end.
    pub fn volume(file: &Path) -> Self {
        let backend = Backend::File { file: file.into(), format: Format::Raw, kept: false };
        Self { controller: Controller::Virtio, backend }
    }

    /// A virtio disk of [`SCRATCH_BYTES`] for a machine that has no other.
    pub fn scratch() -> Self {
        Self { controller: Controller::Virtio, backend: Backend::Scratch }
    }

    /// The words for the `number`th disk; `folder` is for files of the harness.
    pub(crate) fn arguments(&self, number: usize, folder: &Path) -> [OsString; 4] {
        let file = |file: &Path, format: Format, kept: bool| {
            let snapshot = if kept { "" } else { "snapshot=on," };
            let format = format.name();
            let keys =
                format!("if=none,id=disk{number},discard=unmap,format={format},{snapshot}file=");
            option(&keys, file)
        };
        let drive = match &self.backend {
            Backend::File { file: path, format, kept } => file(path, *format, *kept),
            Backend::Scratch => file(&folder.join(SCRATCH), Format::Raw, false),
            Backend::Null { mib } => {
                format!("if=none,id=disk{number},driver=null-co,read-zeroes=on,size={mib}M").into()
            }
        };
        let device = match self.controller {
            Controller::Virtio => format!(
                "virtio-blk-pci,drive=disk{number},serial=postern{number},disable-legacy=on"
            ),
            Controller::Nvme => format!("nvme,drive=disk{number},serial=postern{number}"),
        };
        ["-drive".into(), drive, "-device".into(), device.into()]
    }
}

/// Makes the files that these disks need in the folder for files of the harness.
///
/// # Errors
/// When the file cannot be made.
pub(crate) fn make_files(disks: &[Disk], folder: &Path) -> Result<()> {
    let file = folder.join(SCRATCH);
    if disks.iter().any(|disk| disk.backend == Backend::Scratch) && !file.exists() {
        // Several machines may do so at a time; each sets the same size.
        fs_err::OpenOptions::new().write(true).create(true).open(&file)?.set_len(SCRATCH_BYTES)?;
    }
    Ok(())
}

/// A source of random numbers: virtio-rng, which the host's generator feeds.
pub(crate) const RANDOM: [&str; 4] = [
    "-object",
    "rng-random,filename=/dev/urandom,id=random",
    "-device",
    "virtio-rng-pci,rng=random,disable-legacy=on",
];

#[cfg(test)]
mod tests {
    use super::{Backend, Controller, Disk, Format, SCRATCH_BYTES, make_files};

    fn words(disk: &Disk) -> String {
        disk.arguments(1, "logs".as_ref()).map(|word| word.into_string().unwrap()).join(" ")
    }

    #[test]
    fn a_file_that_is_not_kept_is_a_snapshot() {
        let backend = |kept| Backend::File { file: "a,b.img".into(), format: Format::Qcow2, kept };
        let mut disk = Disk { controller: Controller::Virtio, backend: backend(false) };
        let dropped = words(&disk);
        assert!(dropped.contains("format=qcow2,snapshot=on,file=a,,b.img"), "{dropped}");
        assert!(dropped.contains("virtio-blk-pci,drive=disk1"), "{dropped}");
        disk.backend = backend(true);
        assert!(!words(&disk).contains("snapshot"), "{}", words(&disk));
    }

    #[test]
    fn a_scratch_disk_has_a_file_of_the_harness() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::scratch();
        make_files(std::slice::from_ref(&disk), folder.path()).unwrap();
        let made = std::fs::metadata(folder.path().join("scratch.img")).unwrap();
        assert_eq!(made.len(), SCRATCH_BYTES);
        assert!(words(&disk).contains("snapshot=on,file=logs/scratch.img"), "{}", words(&disk));
    }

    #[test]
    fn a_null_disk_has_no_file() {
        let backend = Backend::Null { mib: 8 };
        let words = words(&Disk { controller: Controller::Nvme, backend });
        assert!(words.contains("driver=null-co,read-zeroes=on,size=8M"), "{words}");
        assert!(words.contains("nvme,drive=disk1"), "{words}");
    }
}
