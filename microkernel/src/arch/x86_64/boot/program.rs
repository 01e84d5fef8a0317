//! The first program: its ELF file as segments.

use abi::{PAGE_SIZE, Protection, USER_END, USER_START};
use core::fmt;
use core_kernel::Segment;
use elf::ElfBytes;
use elf::abi::{EM_X86_64, ET_EXEC, PF_R, PF_W, PF_X, PT_LOAD};
use elf::endian::LittleEndian;
use elf::segment::ProgramHeader;
use heapless::Vec;

/// The most segments of a program.
const SEGMENTS: usize = 8;

/// What is wrong with a program's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProgramError {
    /// No ELF file, or cut short.
    Malformed,
    /// Not a linked program for this machine.
    NotForHere,
    /// Writable and executable, or not readable.
    BadProtection,
    /// Outside user space (its first 64 KiB are never mapped), or not at the start of a page.
    BadAddress,
    /// Two segments share a page, or are out of order.
    Overlap,
    /// More than fit, or none.
    BadCount,
    /// It does not start in an executable segment.
    BadEntry,
}

impl fmt::Display for ProgramError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "no ELF file, or cut short",
            Self::NotForHere => "not a linked x86_64 program",
            Self::BadProtection => "a segment that can be written and executed, or not read",
            Self::BadAddress => "a segment outside user space (0x10000 to 0x7fffffffefff), or not at the start of a page",
            Self::Overlap => "segments that share a page, or are out of order",
            Self::BadCount => "no segments, or too many",
            Self::BadEntry => "its entry is in no executable segment",
        })
    }
}

/// A program that can be started.
pub(crate) struct Program<'a> {
    /// What to map.
    pub(crate) segments: Vec<Segment<'a>, SEGMENTS>,
    /// Where it starts.
    pub(crate) entry: u64,
}

impl<'a> Program<'a> {
    /// Reads a program's file; everything in it is doubted.
    pub(crate) fn parse(file: &'a [u8]) -> Result<Self, ProgramError> {
        let elf =
            ElfBytes::<LittleEndian>::minimal_parse(file).map_err(|_| ProgramError::Malformed)?;
        if elf.ehdr.e_machine != EM_X86_64 || elf.ehdr.e_type != ET_EXEC {
            return Err(ProgramError::NotForHere);
        }
        let mut program = Self { segments: Vec::new(), entry: elf.ehdr.e_entry };
        for header in elf.segments().ok_or(ProgramError::Malformed)? {
            if header.p_type == PT_LOAD && header.p_memsz > 0 {
                let bytes = elf.segment_data(&header).map_err(|_| ProgramError::Malformed)?;
                program.add(&header, bytes)?;
            }
        }
        program.check_entry()?;
        Ok(program)
    }

    fn add(&mut self, header: &ProgramHeader, bytes: &'a [u8]) -> Result<(), ProgramError> {
        let protection = protection(header.p_flags)?;
        let end = header.p_vaddr.checked_add(header.p_memsz).ok_or(ProgramError::BadAddress)?;
        let within = header.p_vaddr >= USER_START && end <= USER_END;
        if !header.p_vaddr.is_multiple_of(PAGE_SIZE) || !within {
            return Err(ProgramError::BadAddress);
        }
        if header.p_filesz > header.p_memsz {
            return Err(ProgramError::Malformed);
        }
        if self.segments.last().is_some_and(|last| end_page(last) > header.p_vaddr) {
            return Err(ProgramError::Overlap);
        }
        let segment =
            Segment { address: header.p_vaddr, bytes, memory_len: header.p_memsz, protection };
        self.segments.push(segment).map_err(|_| ProgramError::BadCount)
    }

    fn check_entry(&self) -> Result<(), ProgramError> {
        if self.segments.is_empty() {
            return Err(ProgramError::BadCount);
        }
        let inside = |segment: &&Segment<'_>| {
            (segment.address..segment.address + segment.memory_len).contains(&self.entry)
        };
        match self.segments.iter().find(inside) {
            Some(segment) if segment.protection.executable() => Ok(()),
            _ => Err(ProgramError::BadEntry),
        }
    }
}

fn end_page(segment: &Segment<'_>) -> u64 {
    (segment.address + segment.memory_len).next_multiple_of(PAGE_SIZE)
}

fn protection(flags: u32) -> Result<Protection, ProgramError> {
    match flags & (PF_R | PF_W | PF_X) {
        PF_R => Ok(Protection::Read),
        bits if bits == PF_R | PF_W => Ok(Protection::ReadWrite),
        bits if bits == PF_R | PF_X => Ok(Protection::ReadExecute),
        _ => Err(ProgramError::BadProtection),
    }
}
