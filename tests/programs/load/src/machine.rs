//! What the first program is given: the machine, and its own file for children.

use abi::exit_code;
use alloc::format;
use archive::Archive;
use core::cell::Cell;
use core::fmt::Display;
use loader::{Grant, Program};
use sys::{
    Constant, Endpoint, Failure, Notification, Ports, Priority, Process, ProcessInfo, Quota,
    Resource,
};

/// The program that this file is part of: `load` or `bench`.
#[expect(clippy::disallowed_macros, reason = "a name, no path")]
const PROGRAM: &str = env!("CARGO_PKG_NAME");
const COM1: u16 = 0x3f8;
const LINE_STATUS: u16 = 5;
const SEND_EMPTY: u8 = 0x20;
const FIFO: usize = 16;
/// How long to wait for what should come soon.
pub(crate) const SOON_NS: u64 = 10_000_000_000;

/// The machine's rights and this program's own file.
pub(crate) struct Machine {
    resource: Resource,
    serial: Ports,
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
        for piece in format!("{line}\r\n").as_bytes().chunks(FIFO) {
            while self.serial.read_u8(LINE_STATUS).is_ok_and(|status| status & SEND_EMPTY == 0) {
                core::hint::spin_loop();
            }
            // Output that cannot be written is missed by who reads it.
            let _ = self.serial.write_bytes(0, piece);
        }
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

    /// Starts this program as a child with a role.
    pub(crate) fn child(
        &self,
        role: &[&str],
        quota: Quota,
        handles: &[Grant<'_>],
        fault: Option<(&Endpoint, u64)>,
    ) -> Result<Child, Failure> {
        self.program(PROGRAM, self.image(PROGRAM)?, role, quota, handles, fault)
    }

    /// Starts a program.
    pub(crate) fn program(
        &self,
        name: &str,
        image: &[u8],
        args: &[&str],
        quota: Quota,
        handles: &[Grant<'_>],
        fault: Option<(&Endpoint, u64)>,
    ) -> Result<Child, Failure> {
        let death = Notification::create()?;
        let process = Program {
            name,
            image,
            args,
            quota,
            priority: Priority(30),
            stack_pages: 8,
            handles,
            fault,
            death: Some((&death, 1)),
            ..Program::default()
        }
        .start()
        .map_err(|error| Failure::new(format_args!("a child: {error}")))?;
        Ok(Child { process, death, ended: Cell::new(false) })
    }
}

/// A child; killed on drop.
pub(crate) struct Child {
    /// The process.
    pub(crate) process: Process,
    death: Notification,
    ended: Cell<bool>,
}

impl Child {
    /// Kills it and waits until nothing is left of it.
    pub(crate) fn stop(self) -> Result<(), Failure> {
        self.process.kill(0)?;
        self.end().map(drop)
    }

    /// Waits until nothing is left of it: what is known of it then.
    pub(crate) fn end(&self) -> Result<ProcessInfo, Failure> {
        // Its death is signalled once. Its state says that it is dead long before.
        if !self.ended.get() {
            let ended = self.death.wait(after(SOON_NS));
            ended
                .map_err(|error| Failure::from(error).while_doing("waiting for a child to end"))?;
            self.ended.set(true);
        }
        Ok(self.process.info()?)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !self.ended.get() && self.process.kill(0).is_ok() {
            let _ = self.death.wait(after(SOON_NS));
        }
    }
}
