//! What the machine has beside CPUs, memory and a serial line: its board, disks, other devices.

use crate::boot::option;
use std::ffi::OsString;
use std::path::PathBuf;

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
    /// The words for the `number`th disk.
    pub(crate) fn arguments(&self, number: usize) -> [OsString; 4] {
        let drive = match &self.backend {
            Backend::File { file, format, kept } => {
                let snapshot = if *kept { "" } else { "snapshot=on," };
                let format = format.name();
                let keys = format!(
                    "if=none,id=disk{number},discard=unmap,format={format},{snapshot}file="
                );
                option(&keys, file)
            }
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

/// A source of random numbers: virtio-rng, which the host's generator feeds.
pub(crate) const RANDOM: [&str; 4] = [
    "-object",
    "rng-random,filename=/dev/urandom,id=random",
    "-device",
    "virtio-rng-pci,rng=random,disable-legacy=on",
];

#[cfg(test)]
mod tests {
    use super::{Backend, Controller, Disk, Format};

    fn words(disk: &Disk) -> String {
        disk.arguments(1).map(|word| word.into_string().unwrap()).join(" ")
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
    fn a_null_disk_has_no_file() {
        let backend = Backend::Null { mib: 8 };
        let words = words(&Disk { controller: Controller::Nvme, backend });
        assert!(words.contains("driver=null-co,read-zeroes=on,size=8M"), "{words}");
        assert!(words.contains("nvme,drive=disk1"), "{words}");
    }
}
