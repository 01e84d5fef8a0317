//! The loop.

use crate::bits::{Bit, Bits};
use crate::calls::Calls;
use crate::tasks::{Task, Tasks};
use crate::timers::Timers;
use alloc::rc::Rc;
use core::cell::{RefCell, RefMut};
use core::convert::Infallible;
use core::fmt;
use core::future::Future;
use service::{Dispatch, Event, Server, Sessions};
use sys::{Endpoint, Error, FOREVER, Notification, Rights};

/// The executor of one thread. Cloning gives another handle to the same one.
#[derive(Clone)]
pub struct Executor(Rc<Inner>);

struct Inner {
    bell: Notification,
    bits: Rc<RefCell<Bits>>,
    timers: RefCell<Timers>,
    tasks: Tasks,
    calls: Calls,
    /// Worker threads set it when they have woken a task.
    work: Bit,
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor").field("tasks", &self.0.tasks.count()).finish_non_exhaustive()
    }
}

impl Executor {
    /// For the calling thread, with a notification of its own.
    ///
    /// # Errors
    /// What the kernel refuses.
    pub fn new() -> Result<Self, Error> {
        Self::on(Notification::create()?)
    }

    /// For the calling thread, on a notification that exists: a driver's, whose interrupts
    /// set its low bits.
    ///
    /// # Errors
    /// What the kernel refuses.
    pub fn on(bell: Notification) -> Result<Self, Error> {
        bell.bind()?;
        let bits = Rc::new(RefCell::new(Bits::new()));
        let calls = Calls::watch(&bell, &bits)?;
        let work = Bit::any(&bits).ok_or(Error::OutOfMemory)?;
        let (timers, tasks) = (RefCell::default(), Tasks::new());
        Ok(Self(Rc::new(Inner { bell, bits, timers, tasks, calls, work })))
    }

    /// The notification, with the right to signal it: for a program that wakes a task.
    ///
    /// # Errors
    /// What the kernel refuses.
    pub fn bell(&self) -> Result<Notification, Error> {
        self.0.bell.copy(Rights::SIGNAL | Rights::TRANSFER)
    }

    /// A bit without an owner.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] when all 64 have owners.
    pub fn bit(&self) -> Result<Bit, Error> {
        Bit::any(&self.0.bits).ok_or(Error::OutOfMemory)
    }

    /// The bit with this number, as interrupts have it.
    ///
    /// # Errors
    /// [`Error::BadState`] when it has an owner, or there is none such.
    pub fn bit_number(&self, number: u32) -> Result<Bit, Error> {
        Bit::number(&self.0.bits, number).ok_or(Error::BadState)
    }

    /// Starts a task; it runs when the present one waits.
    pub fn spawn<T: 'static>(&self, work: impl Future<Output = T> + 'static) -> Task<T> {
        Task::start(&self.0.tasks, work)
    }

    /// Runs tasks until this one has ended: for programs that serve no clients.
    ///
    /// # Errors
    /// When the notification cannot be waited for.
    pub fn run<T: 'static>(&self, work: impl Future<Output = T> + 'static) -> Result<T, Error> {
        let task = self.spawn(work);
        loop {
            self.0.tasks.run();
            if let Some(value) = task.result() {
                return Ok(value);
            }
            match self.0.bell.wait(self.timers().next_deadline()) {
                Ok(bits) => self.deliver(bits),
                Err(Error::TimedOut | Error::WouldBlock | Error::Interrupted) => {}
                Err(error) => return Err(error),
            }
            self.pass_time();
        }
    }

    /// Serves calls for ever, and runs tasks beside it.
    ///
    /// # Errors
    /// When the endpoint cannot be received from.
    pub fn serve<D: Dispatch + ?Sized>(
        &self,
        endpoint: Endpoint,
        server: &mut D,
    ) -> Result<Infallible, Error> {
        self.serve_with(endpoint, &mut { server }, |server| &mut **server, |_, _| ())
    }

    /// The same for servers that also handle other events: faults, bits that no task owns.
    /// `service` says which of its interfaces is served: a function from `&mut S` to `&mut dyn …`.
    /// `on_event` sees every event, also handled calls; the reply is sent after it returns.
    ///
    /// # Errors
    /// When the endpoint cannot be received from.
    pub fn serve_with<S, D: Dispatch + ?Sized>(
        &self,
        endpoint: Endpoint,
        server: &mut S,
        service: fn(&mut S) -> &mut D,
        mut on_event: impl FnMut(&mut S, Event),
    ) -> Result<Infallible, Error> {
        let mut receiver = Server::<D>::new(endpoint);
        let ends = if D::OPENS { Some(self.bit()?) } else { None };
        if let Some(ends) = &ends {
            receiver = receiver.with_sessions(Sessions::on(&self.0.bell, ends.mask())?);
        }
        loop {
            self.0.tasks.run();
            let deadline = self.timers().next_deadline();
            match receiver.next_until(deadline, service(server)) {
                Err(Error::TimedOut | Error::WouldBlock) => {}
                Ok(Event::Notified(bits)) => {
                    let unowned = bits & !self.0.bits.borrow().taken();
                    self.deliver(bits);
                    if unowned != 0 {
                        on_event(server, Event::Notified(unowned));
                    }
                }
                Ok(event) => on_event(server, event),
                Err(error) => return Err(error),
            }
            self.pass_time();
        }
    }

    /// Wakes the tasks that are due. Without timers the clock is not read.
    fn pass_time(&self) {
        let mut timers = self.timers();
        if timers.next_deadline() != FOREVER {
            timers.passed(sys::clock());
        }
    }

    fn deliver(&self, bits: u64) {
        self.0.bits.borrow_mut().wake(bits);
        self.0.calls.wake(bits);
    }

    pub(crate) fn ring(&self, bits: u64) {
        // It is this thread's own notification: it exists.
        let _ = self.0.bell.signal(bits);
    }

    pub(crate) fn timers(&self) -> RefMut<'_, Timers> {
        self.0.timers.borrow_mut()
    }

    pub(crate) fn calls(&self) -> &Calls {
        &self.0.calls
    }

    pub(crate) fn work_bit(&self) -> u64 {
        self.0.work.mask()
    }
}
