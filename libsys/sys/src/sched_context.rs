//! Scheduling contexts: time as a thing of its own.

use crate::handle::{created, object};
use crate::raw::{argument, plain};
use crate::{ContextFlags, Error, Handle, Priority, Resource, Thread};
use abi::Syscall;

/// What a thread gets that is bound to a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// So much time in each period; at least [`BUDGET_LEAST_NS`](crate::BUDGET_LEAST_NS).
    pub budget_ns: u64,
    /// The length of a period; at most [`PERIOD_MOST_NS`](crate::PERIOD_MOST_NS).
    pub period_ns: u64,
    /// How urgent the thread is, in place of its own priority.
    pub priority: Priority,
    /// What else happens.
    pub flags: ContextFlags,
}

/// What was used of a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Time, since it was made.
    pub used_ns: u64,
    /// The number of periods whose budget was spent.
    pub exhaustions: u64,
}

object! {
    /// A budget of time in each period, and a priority.
    ///
    /// A thread that is bound to it runs as urgently as that, and no longer than the budget
    /// says; among equally urgent ones it comes before those without a context. A passive server
    /// ([`Thread::set_passive`]) that it calls works on its budget. Only a holder of the
    /// [`Resource`] makes contexts; for servers init does it, from the manifest.
    ///
    /// ```
    /// use sys::{ContextFlags, Priority, SchedContext, Terms};
    /// sys::host::in_system(|| {
    ///     let resource = sys::host::resource()?;
    ///     let tenth = Terms {
    ///         budget_ns: 1_000_000,
    ///         period_ns: 10_000_000,
    ///         priority: Priority(15),
    ///         flags: ContextFlags::NONE,
    ///     };
    ///     let context = SchedContext::create(&resource, &tenth)?;
    ///     context.bind_own()?;
    ///     sys::host::advance(300_000);
    ///     assert_eq!(context.usage()?.used_ns, 300_000);
    ///
    ///     // No CPU can promise more than all of its time.
    ///     let wrong = Terms { budget_ns: 11_000_000, ..tenth };
    ///     assert_eq!(context.configure(&wrong), Err(sys::Error::BadArgument));
    ///     context.unbind_own()
    /// })?;
    /// # Ok::<(), sys::Error>(())
    /// ```
    SchedContext
}

impl Terms {
    fn arguments(&self, handle: Handle) -> [u64; 6] {
        let priority = u64::from(self.priority.0);
        [argument(handle), self.budget_ns, self.period_ns, priority, self.flags.bits(), 0]
    }
}

impl SchedContext {
    /// A context to which no thread is bound.
    pub fn create(resource: &Resource, terms: &Terms) -> Result<Self, Error> {
        created(plain(Syscall::ContextCreate, terms.arguments(resource.handle()))).map(Self)
    }

    /// Changes it; a new period begins now, with the whole budget.
    pub fn configure(&self, terms: &Terms) -> Result<(), Error> {
        plain(Syscall::ContextConfigure, terms.arguments(self.handle())).map(drop)
    }

    /// The thread runs on it from now on. It keeps the context when this handle is dropped.
    pub fn bind(&self, thread: &Thread) -> Result<(), Error> {
        self.set_binding(thread.handle(), 1)
    }

    /// The thread runs without it from now on.
    pub fn unbind(&self, thread: &Thread) -> Result<(), Error> {
        self.set_binding(thread.handle(), 0)
    }

    /// The calling thread runs on it from now on.
    pub fn bind_own(&self) -> Result<(), Error> {
        self.set_binding(Handle::NONE, 1)
    }

    /// The calling thread runs without it from now on.
    pub fn unbind_own(&self) -> Result<(), Error> {
        self.set_binding(Handle::NONE, 0)
    }

    /// What was used of it.
    pub fn usage(&self) -> Result<Usage, Error> {
        let (used_ns, exhaustions) =
            plain(Syscall::ContextInfo, [argument(self.handle()), 0, 0, 0, 0, 0])?;
        Ok(Usage { used_ns, exhaustions })
    }

    fn set_binding(&self, thread: Handle, bound: u64) -> Result<(), Error> {
        let arguments = [argument(self.handle()), argument(thread), bound, 0, 0, 0];
        plain(Syscall::ContextBind, arguments).map(drop)
    }
}
