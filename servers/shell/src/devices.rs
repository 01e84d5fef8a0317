//! Names of what PCI devices are.

use alloc::format;
use alloc::string::String;

/// The most common classes and subclasses. Source: PCI Code and ID Assignment Specification,
/// section 1.
const CLASSES: [(u8, u8, &str); 23] = [
    (0x01, 0x00, "SCSI or block storage"),
    (0x01, 0x01, "IDE controller"),
    (0x01, 0x06, "SATA controller"),
    (0x01, 0x08, "NVM controller"),
    (0x02, 0x00, "Ethernet controller"),
    (0x03, 0x00, "VGA controller"),
    (0x03, 0x80, "display controller"),
    (0x04, 0x01, "audio device"),
    (0x04, 0x03, "audio device"),
    (0x05, 0x00, "RAM"),
    (0x06, 0x00, "host bridge"),
    (0x06, 0x01, "ISA bridge"),
    (0x06, 0x04, "PCI bridge"),
    (0x06, 0x80, "other bridge"),
    (0x07, 0x00, "serial controller"),
    (0x07, 0x80, "communication controller"),
    (0x08, 0x06, "IOMMU"),
    (0x08, 0x80, "system peripheral"),
    (0x09, 0x00, "keyboard"),
    (0x0c, 0x03, "USB controller"),
    (0x0c, 0x05, "SMBus controller"),
    (0x10, 0x00, "encryption controller"),
    (0xff, 0x00, "without a class"),
];

/// What a device of this class is.
pub fn class_name([class, subclass, _]: [u8; 3]) -> &'static str {
    let found = CLASSES.iter().find(|it| (it.0, it.1) == (class, subclass));
    match (found, class) {
        (Some((_, _, name)), _) => name,
        (None, 0x00 | 0xff) => "without a class",
        (None, 0x01) => "storage controller",
        (None, 0x02) => "network controller",
        (None, 0x03) => "display controller",
        (None, 0x06) => "other bridge",
        (None, _) => "unknown",
    }
}

/// The name of a capability.
pub fn capability_name(id: u8) -> &'static str {
    match id {
        0x01 => "power",
        0x05 => "MSI",
        0x09 => "vendor",
        0x0d => "bridge id",
        0x10 => "PCI Express",
        0x11 => "MSI-X",
        0x12 => "SATA",
        0x13 => "advanced features",
        _ => "other",
    }
}

/// A power of two of bytes: `16 KiB`.
pub fn bytes(bytes: u64) -> String {
    for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] {
        if bytes >> shift > 0 {
            return format!("{} {unit}", bytes >> shift);
        }
    }
    format!("{bytes} B")
}

#[cfg(test)]
mod tests {
    use super::{bytes, class_name};

    #[test]
    fn classes_have_names() {
        assert_eq!(class_name([1, 8, 2]), "NVM controller");
        assert_eq!(class_name([1, 0x77, 0]), "storage controller");
        assert_eq!(class_name([0x77, 0, 0]), "unknown");
    }

    #[test]
    fn sizes_have_units() {
        let sizes = [64, 4096, 1 << 20, 1 << 31].map(bytes);
        assert_eq!(sizes, ["64 B", "4 KiB", "1 MiB", "2 GiB"]);
    }
}
