//! Threads, of this process and of others.
//!
//! **Shape.** Stacks of this process's own threads lie in slots of [`SLOT_BYTES`]. The lowest
//! pages of a slot are never mapped: they guard the slot below. The word at the top of a stack
//! names its thread. The thread register points there, so that a thread knows which it is
//! whatever stack it is on: an upcall's handler may have one of its own.

use crate::handle::{created, object};
use crate::raw::{argument, plain, with_memory};
use crate::{Error, Priority, Process, ThreadMode};
use abi::Syscall;

#[cfg(not(target_os = "none"))]
mod hosted;
#[cfg(target_os = "none")]
mod native;
#[cfg(not(target_os = "none"))]
use hosted as backend;
#[cfg(target_os = "none")]
use native as backend;
#[cfg(target_os = "none")]
pub(crate) use native::current_slot;
#[cfg(all(target_os = "none", target_arch = "x86_64"))]
pub use native::{own_word, set_own_word};

object! {
    /// A thread.
    ///
    /// Dropping the handle does not end it.
    Thread
}

impl Thread {
    /// A thread in another process, stopped, for 64-bit code. For threads of this process
    /// there is [`spawn_thread`], which knows that the code and stack are good.
    pub fn create(
        process: &Process,
        entry: u64,
        stack: u64,
        argument0: u64,
        priority: Priority,
    ) -> Result<Self, Error> {
        Self::create_for(ThreadMode::Bits64, process, entry, stack, argument0, priority)
    }

    /// The same for code of this mode.
    pub fn create_for(
        mode: ThreadMode,
        process: &Process,
        entry: u64,
        stack: u64,
        argument0: u64,
        priority: Priority,
    ) -> Result<Self, Error> {
        process.must_be_another()?;
        let (process, priority) = (argument(process.handle()), priority.0.into());
        let arguments = [process, entry, stack, argument0, priority, mode as u64];
        // SAFETY: it runs in another process's space, where no Rust value of ours lives.
        created(unsafe { with_memory(Syscall::ThreadCreate, arguments) }).map(Self)
    }

    /// Starts it or ends a suspend.
    pub fn resume(&self) -> Result<(), Error> {
        self.manage(Syscall::ThreadResume, 0)
    }

    /// It does not run until [`Thread::resume`].
    pub fn suspend(&self) -> Result<(), Error> {
        self.manage(Syscall::ThreadSuspend, 0)
    }

    /// Ends it. Memory safety does not suffer, but what it owned is never dropped, and a
    /// lock that it held stays locked.
    pub fn kill(&self) -> Result<(), Error> {
        self.manage(Syscall::ThreadKill, 0)
    }

    /// Changes how urgent it is.
    pub fn set_priority(&self, priority: Priority) -> Result<(), Error> {
        self.manage(Syscall::ThreadPriority, priority.0.into())
    }

    /// Whether it serves each caller on the caller's time: as urgently as it, and on the budget
    /// or in the turn of it, from the receipt of a call to the answer. Its own priority is then
    /// the least urgency with which it serves. Whether it did until now.
    pub fn set_passive(&self, passive: bool) -> Result<bool, Error> {
        set_passive(self.handle(), passive)
    }

    /// Whether it may read the CPU's time-stamp counter; whether it could until now. If not,
    /// doing so is a fault: a program that must not measure others.
    pub fn allow_clock(&self, may: bool) -> Result<bool, Error> {
        let arguments = [argument(self.handle()), u64::from(may), 0, 0, 0, 0];
        plain(Syscall::ThreadClock, arguments).map(|(could, _)| could != 0)
    }

    /// The CPUs it may run on, one bit each; 0 only asks. The old mask.
    pub fn set_affinity(&self, mask: u64) -> Result<u64, Error> {
        let arguments = [argument(self.handle()), mask, 0, 0, 0, 0];
        plain(Syscall::ThreadAffinity, arguments).map(|(old, _)| old)
    }

    fn manage(&self, call: Syscall, value: u64) -> Result<(), Error> {
        plain(call, [argument(self.handle()), value, 0, 0, 0, 0]).map(|_| ())
    }
}

/// Changes how urgent the calling thread is, up to the limit of its process.
pub fn set_own_priority(priority: Priority) -> Result<(), Error> {
    plain(Syscall::ThreadPriority, [0, priority.0.into(), 0, 0, 0, 0]).map(|_| ())
}

/// Whether the calling thread serves each caller on the caller's time; see
/// [`Thread::set_passive`]. Whether it did until now.
pub fn set_own_passive(passive: bool) -> Result<bool, Error> {
    set_passive(abi::Handle::NONE, passive)
}

fn set_passive(thread: abi::Handle, passive: bool) -> Result<bool, Error> {
    let arguments = [argument(thread), u64::from(passive), 0, 0, 0, 0];
    plain(Syscall::ThreadPassive, arguments).map(|(was, _)| was != 0)
}

/// Runs a closure in a new thread of this process, with a stack of `stack_pages` pages.
///
/// ```
/// let bell = std::sync::Arc::new(sys::Notification::create()?);
/// let other = bell.clone();
/// let _thread = sys::spawn_thread(16, sys::Priority(10), move || {
///     let _ = other.signal(1);
/// })?;
/// assert_eq!(bell.wait(sys::FOREVER)?, 1);
/// # Ok::<(), sys::Error>(())
/// ```
pub fn spawn_thread(
    stack_pages: u64,
    priority: Priority,
    work: impl FnOnce() + Send + 'static,
) -> Result<Thread, Error> {
    backend::spawn(stack_pages, priority, alloc::boxed::Box::new(work)).map(Thread)
}
