//! Calls to others that do not block the executor: each client has a thread that waits.
//!
//! The kernel's call blocks the thread that makes it: the answer comes into its registers.
//! So a client that tasks poll needs a thread; it is made once and costs a stack.

use crate::Executor;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::cell::RefCell;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use critical_section::Mutex;
use sys::{Error, FOREVER, Notification, Priority};

const STACK_PAGES: u64 = 8;

type Job<C> = Box<dyn FnOnce(&C) + Send>;

/// What the executor's thread and the client's thread share.
struct Shared<C> {
    jobs: Mutex<RefCell<Jobs<C>>>,
    bell: Notification,
}

struct Jobs<C> {
    waiting: VecDeque<Job<C>>,
    ended: bool,
}

/// A client in a thread of its own. Dropping it ends the thread after its present call.
pub struct Remote<C> {
    shared: Arc<Shared<C>>,
    executor: Arc<Notification>,
    bit: u64,
}

impl<C> core::fmt::Debug for Remote<C> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Remote").finish_non_exhaustive()
    }
}

impl<C: Send + 'static> Remote<C> {
    /// Moves a client into a new thread of this priority.
    ///
    /// # Errors
    /// When there can be no more threads.
    pub fn new(executor: &Executor, client: C, priority: Priority) -> Result<Self, Error> {
        let jobs = Jobs { waiting: VecDeque::new(), ended: false };
        let jobs = Mutex::new(RefCell::new(jobs));
        let shared = Arc::new(Shared { jobs, bell: Notification::create()? });
        let theirs = shared.clone();
        // The thread ends with the flag; its handle is not needed.
        drop(sys::spawn_thread(STACK_PAGES, priority, move || work(&theirs, &client))?);
        Ok(Self { shared, executor: Arc::new(executor.bell()?), bit: executor.work_bit() })
    }

    /// Starts a call: poll the [`Pending`], or wait for it.
    pub fn start<R: Send + 'static>(
        &self,
        call: impl FnOnce(&C) -> R + Send + 'static,
    ) -> Pending<R> {
        let slot = Arc::new(Mutex::new(RefCell::new(Slot { value: None, waker: None })));
        let (place, executor, bit) = (slot.clone(), self.executor.clone(), self.bit);
        let job: Job<C> = Box::new(move |client| {
            fill(&place, call(client));
            // It fails only when the executor is gone, and then no task waits.
            let _ = executor.signal(bit);
        });
        critical_section::with(|section| {
            self.shared.jobs.borrow_ref_mut(section).waiting.push_back(job);
        });
        // It is this process's own notification: it exists.
        let _ = self.shared.bell.signal(1);
        Pending(slot)
    }
}

impl<C> Drop for Remote<C> {
    fn drop(&mut self) {
        critical_section::with(|section| self.shared.jobs.borrow_ref_mut(section).ended = true);
        let _ = self.shared.bell.signal(1);
    }
}

/// The thread of a client.
fn work<C>(shared: &Shared<C>, client: &C) {
    loop {
        let (job, ended) = critical_section::with(|section| {
            let mut jobs = shared.jobs.borrow_ref_mut(section);
            (jobs.waiting.pop_front(), jobs.ended)
        });
        match job {
            Some(job) if !ended => job(client),
            _ if ended => return,
            _ => {
                // Whatever ended the wait: look again.
                let _ = shared.bell.wait(FOREVER);
            }
        }
    }
}

struct Slot<R> {
    value: Option<R>,
    waker: Option<Waker>,
}

fn fill<R>(slot: &Mutex<RefCell<Slot<R>>>, value: R) {
    let waker = critical_section::with(|section| {
        let mut slot = slot.borrow_ref_mut(section);
        slot.value = Some(value);
        slot.waker.take()
    });
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// The answer of a call that was started. Dropping it does not undo the call.
pub struct Pending<R>(Arc<Mutex<RefCell<Slot<R>>>>);

impl<R> core::fmt::Debug for Pending<R> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Pending").finish_non_exhaustive()
    }
}

impl<R> Pending<R> {
    /// The answer, if it is there. It is given once.
    pub fn poll_once(&mut self) -> Option<R> {
        critical_section::with(|section| self.0.borrow_ref_mut(section).value.take())
    }
}

impl<R> Future for Pending<R> {
    type Output = R;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<R> {
        critical_section::with(|section| {
            let mut slot = self.0.borrow_ref_mut(section);
            match slot.value.take() {
                Some(value) => Poll::Ready(value),
                None => {
                    slot.waker = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
    }
}
