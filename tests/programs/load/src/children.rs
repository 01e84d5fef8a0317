//! Children of the first program: other programs of the archive, or itself in a role.

use crate::machine::{Machine, after};
use core::cell::Cell;
use loader::{Grant, Program};
use sys::{Endpoint, Failure, Notification, Priority, Process, ProcessInfo, Quota};

/// The program that this file is part of: `load` or `bench`.
#[expect(clippy::disallowed_macros, reason = "a name, no path")]
const PROGRAM: &str = env!("CARGO_PKG_NAME");
/// How long to wait for what should come soon.
pub(crate) const SOON_NS: u64 = 10_000_000_000;

impl Machine {
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
