//! An ELF file, checked, as a list of what to map. Pure: no system calls.

use crate::FileError;
use abi::{Layout, PAGE_SIZE, Protection, ThreadMode, USER_START};
use alloc::vec::Vec;
use elf::ElfBytes;
use elf::abi::{EM_386, EM_X86_64, ET_EXEC, PF_W, PF_X, PT_DYNAMIC, PT_INTERP, PT_LOAD, PT_TLS};
use elf::endian::LittleEndian;
use elf::file::Class;
use elf::segment::ProgramHeader;

/// More segments than this are refused.
const MOST_SEGMENTS: usize = 16;

/// What to map, and where it begins to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan<'a> {
    /// The mode of its code.
    pub mode: ThreadMode,
    /// The first instruction.
    pub entry: u64,
    /// Whole pages each, without overlap, by address.
    pub segments: Vec<Segment<'a>>,
}

/// Pages of one protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<'a> {
    /// The address of the first page.
    pub address: u64,
    /// The number of pages.
    pub pages: u64,
    /// How the program may use them.
    pub protection: Protection,
    /// What they start with; the rest is zeros.
    pub bytes: &'a [u8],
    /// Where in the pages these bytes go.
    pub offset: usize,
}

impl Segment<'_> {
    fn end(&self) -> u64 {
        self.address + self.pages * PAGE_SIZE
    }
}

impl<'a> Plan<'a> {
    /// Checks a file.
    ///
    /// # Errors
    /// With the first thing that is wrong.
    pub fn read(image: &'a [u8]) -> Result<Self, FileError> {
        let elf = ElfBytes::<LittleEndian>::minimal_parse(image).map_err(|_| FileError::NotElf)?;
        let mode = match (elf.ehdr.class, elf.ehdr.e_machine) {
            (Class::ELF64, EM_X86_64) => ThreadMode::Bits64,
            (Class::ELF32, EM_386) => ThreadMode::Bits32,
            _ => return Err(FileError::OtherMachine),
        };
        if elf.ehdr.e_type != ET_EXEC {
            return Err(FileError::NotStatic);
        }
        let headers = elf.segments().ok_or(FileError::Empty)?;
        let mut segments = Vec::new();
        for (number, header) in headers.iter().enumerate() {
            if let Some(segment) = segment(image, mode, number, &header)? {
                if segments.len() == MOST_SEGMENTS {
                    return Err(FileError::TooManySegments);
                }
                segments.push((number, segment));
            }
        }
        let plan = Self { mode, entry: elf.ehdr.e_entry, segments: ordered(segments)? };
        plan.check_entry().map(|()| plan)
    }

    /// Where its other parts go.
    #[must_use]
    pub fn layout(&self) -> &'static Layout {
        layout(self.mode)
    }

    /// Pages of all segments together.
    #[must_use]
    pub fn pages(&self) -> u64 {
        self.segments.iter().map(|segment| segment.pages).sum()
    }

    fn check_entry(&self) -> Result<(), FileError> {
        let code = |segment: &&Segment<'_>| segment.protection.executable();
        let holds = |segment: &Segment<'_>| (segment.address..segment.end()).contains(&self.entry);
        if self.segments.is_empty() {
            Err(FileError::Empty)
        } else if self.segments.iter().filter(code).any(holds) {
            Ok(())
        } else {
            Err(FileError::BadEntry)
        }
    }
}

fn layout(mode: ThreadMode) -> &'static Layout {
    match mode {
        ThreadMode::Bits64 => &Layout::BITS_64,
        ThreadMode::Bits32 => &Layout::BITS_32,
    }
}

/// By address, none in the way of another.
fn ordered<'a>(mut segments: Vec<(usize, Segment<'a>)>) -> Result<Vec<Segment<'a>>, FileError> {
    segments.sort_by_key(|(_, segment)| segment.address);
    for pair in segments.windows(2) {
        if let [(_, low), (number, high)] = pair
            && low.end() > high.address
        {
            return Err(FileError::Overlap(*number));
        }
    }
    Ok(segments.into_iter().map(|(_, segment)| segment).collect())
}

/// One program header: nothing, when it asks for no memory.
fn segment<'a>(
    image: &'a [u8],
    mode: ThreadMode,
    number: usize,
    header: &ProgramHeader,
) -> Result<Option<Segment<'a>>, FileError> {
    match header.p_type {
        PT_INTERP | PT_DYNAMIC => return Err(FileError::NotStatic),
        PT_TLS if header.p_memsz > 0 => return Err(FileError::ThreadLocal),
        PT_LOAD if header.p_memsz > 0 => {}
        _ => return Ok(None),
    }
    let protection = protection(header.p_flags).ok_or(FileError::WritableCode(number))?;
    if header.p_filesz > header.p_memsz {
        return Err(FileError::Shrinks(number));
    }
    let bytes = file_bytes(image, header).ok_or(FileError::Truncated(number))?;
    let (address, pages) = range(header, layout(mode)).ok_or(FileError::OutOfRange(number))?;
    let offset =
        usize::try_from(header.p_vaddr - address).map_err(|_| FileError::OutOfRange(number))?;
    Ok(Some(Segment { address, pages, protection, bytes, offset }))
}

fn protection(flags: u32) -> Option<Protection> {
    match (flags & PF_W != 0, flags & PF_X != 0) {
        (true, true) => None,
        (true, false) => Some(Protection::ReadWrite),
        (false, true) => Some(Protection::ReadExecute),
        (false, false) => Some(Protection::Read),
    }
}

fn file_bytes<'a>(image: &'a [u8], header: &ProgramHeader) -> Option<&'a [u8]> {
    let start = usize::try_from(header.p_offset).ok()?;
    let end = start.checked_add(usize::try_from(header.p_filesz).ok()?)?;
    image.get(start..end)
}

/// The pages that the segment touches, if all are where programs may lie.
fn range(header: &ProgramHeader, layout: &Layout) -> Option<(u64, u64)> {
    let start = header.p_vaddr - header.p_vaddr % PAGE_SIZE;
    let end = header.p_vaddr.checked_add(header.p_memsz)?.checked_next_multiple_of(PAGE_SIZE)?;
    let within = start >= USER_START && end <= layout.heap_base;
    within.then_some((start, (end - start) / PAGE_SIZE))
}

#[cfg(test)]
mod tests;
