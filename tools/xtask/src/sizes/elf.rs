//! Sizes of the files that boot.

use super::record::Size;
use anyhow::{Context as _, Result};
use object::{Object as _, ObjectSection as _};
use qemu_harness::Images;

/// The sections of the kernel that are counted.
const PARTS: [&str; 4] = ["text", "rodata", "data", "bss"];

/// The kernel's file and its parts in memory.
pub(super) fn kernel(images: &Images) -> Result<Vec<Size>> {
    let bytes = fs_err::read(&images.kernel)?;
    let mut sizes = vec![("kernel: file".to_owned(), bytes.len() as u64)];
    for name in PARTS {
        sizes.push((format!("kernel: {name}"), part(&bytes, &format!(".{name}"))?));
    }
    Ok(sizes)
}

/// Each program's file, by name.
pub(super) fn programs(images: &Images) -> Result<Vec<Size>> {
    let archive = qemu_harness::Archive::read(&images.archive)?;
    let is_program = |name: &&str| images.programs.join(name).exists();
    let names: Vec<&str> = archive.names().filter(is_program).collect();
    let size = |name: &&str| Ok((format!("program: {name}"), images.program(name)?.len() as u64));
    names.iter().map(size).collect()
}

/// Bytes of a section.
fn part(elf: &[u8], name: &str) -> Result<u64> {
    let file = object::File::parse(elf)?;
    let section = file.section_by_name(name).with_context(|| format!("no section {name}"))?;
    Ok(section.size())
}

#[cfg(test)]
mod tests {
    use super::{PARTS, part};

    #[test]
    fn parts_of_a_program_are_found() {
        let bytes = fs_err::read(std::env::current_exe().unwrap()).unwrap();
        for name in PARTS {
            let size = part(&bytes, &format!(".{name}")).unwrap();
            assert!(0 < size && size < bytes.len() as u64, "{name}: {size}");
        }
        assert!(part(&bytes, ".nonsense").is_err());
    }
}
