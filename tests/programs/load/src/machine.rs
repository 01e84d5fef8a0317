//! What the first program is given: the machine, and the files of the boot archive.

use abi::exit_code;
use alloc::format;
use archive::Archive;
use core::fmt::Display;
use sys::{Constant, Failure, Ports, Resource};

const COM1: u16 = 0x3f8;
const LINE_STATUS: u16 = 5;
const SEND_EMPTY: u8 = 0x20;
const FIFO: usize = 16;

/// The machine's rights and files.
pub(crate) struct Machine {
    resource: Resource,
    pub(crate) serial: Ports,
    archive: Constant,
    archive_len: usize,
}

/// The time this number of nanoseconds from now.
pub(crate) fn after(ns: u64) -> u64 {
    sys::clock().saturating_add(ns)
}

/// Prints a line through a serial port.
pub(crate) fn print(serial: &Ports, line: impl Display) {
    for piece in format!("{line}\r\n").as_bytes().chunks(FIFO) {
        while serial.read_u8(LINE_STATUS).is_ok_and(|status| status & SEND_EMPTY == 0) {
            core::hint::spin_loop();
        }
        // Output that cannot be written is missed by its reader.
        let _ = serial.write_bytes(0, piece);
    }
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
        match self.resource().shutdown(code)? {}
    }

    /// The right to devices.
    pub(crate) fn resource(&self) -> &Resource {
        &self.resource
    }

    /// The file of a program in the archive.
    pub(crate) fn image(&self, file: &str) -> Result<&[u8], Failure> {
        let bytes = self.archive.get(..self.archive_len).ok_or("the archive is too short")?;
        Archive::open(bytes).and_then(|archive| archive.file(file)).map_err(Failure::new)
    }
}
