//! What the first program is given: the machine, and its own files for children.

use crate::print;
use abi::exit_code;
use archive::Archive;
use core::fmt::Display;
use rt::Failure;
use sys::{Constant, Memory, Pages, Ports, Resource};

const COM1: u16 = 0x3f8;

/// The machine's rights and files.
pub(crate) struct Machine {
    pub(crate) resource: Resource,
    pub(crate) serial: Ports,
    archive: Constant,
    archive_len: usize,
}

/// The time this number of nanoseconds from now.
pub(crate) fn after(ns: u64) -> u64 {
    sys::clock().saturating_add(ns)
}

impl Machine {
    /// From what the kernel gives the first program.
    pub(crate) fn new(env: &rt::Env) -> Result<Self, Failure> {
        let resource: Resource = env.handle("resource")?;
        let serial = Ports::create(&resource, COM1, 8)?;
        let size = env.startup().values("archive").next().and_then(|size| size.parse().ok());
        let archive_len = size.ok_or("the size of the boot archive was not told")?;
        Ok(Self { resource, serial, archive: env.constant("archive")?, archive_len })
    }

    /// Prints a line.
    pub(crate) fn say(&self, line: impl Display) {
        print(&self.serial, line);
    }

    /// Ends the machine.
    pub(crate) fn end(&self, good: bool) -> Result<(), Failure> {
        let code = if good { exit_code::SUCCESS } else { exit_code::TEST_FAILED };
        match self.resource.shutdown(code)? {}
    }

    /// A file of the archive.
    pub(crate) fn file(&self, name: &str) -> Result<&[u8], Failure> {
        let bytes = self.archive.get(..self.archive_len).ok_or("the archive is too short")?;
        Archive::open(bytes).and_then(|archive| archive.file(name)).map_err(Failure::new)
    }
}

/// A copy of a file that can be given to another process.
pub(crate) fn copy(file: &[u8]) -> Result<Memory, Failure> {
    let mut pages = Pages::create((file.len() as u64).div_ceil(sys::PAGE_SIZE))?;
    let place = pages.get_mut(..file.len()).ok_or("a file is too long")?;
    place.copy_from_slice(file);
    Ok(pages.into_memory())
}
