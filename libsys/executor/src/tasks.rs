//! The set of tasks, and the handle of one.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::sync::Arc;
use alloc::task::Wake;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::future::Future;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll, Waker};
use futures_util::future::{AbortHandle, abortable};
use futures_util::stream::{FuturesUnordered, Stream};

type Work = Pin<Box<dyn Future<Output = ()>>>;

/// All tasks of an executor.
pub(crate) struct Tasks {
    running: RefCell<FuturesUnordered<Work>>,
    /// Those that were started while the others were running.
    fresh: RefCell<Vec<Work>>,
    woken: Arc<Woken>,
}

/// Whether some task wants to run again. `FuturesUnordered` knows which.
///
/// ORDER: a worker thread sets it after its answer is in place and before it signals; the
/// loop clears it before it looks.
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

impl Tasks {
    pub(crate) fn new() -> Self {
        Self {
            running: RefCell::new(FuturesUnordered::new()),
            fresh: RefCell::new(Vec::new()),
            woken: Arc::new(Woken(AtomicBool::new(false))),
        }
    }

    pub(crate) fn add(&self, work: impl Future<Output = ()> + 'static) {
        self.fresh.borrow_mut().push(Box::pin(work));
    }

    /// Runs every task that can, until all wait. Called by the loop, never by a task.
    #[inline]
    pub(crate) fn run(&self) {
        while self.is_due() {
            self.poll_all();
        }
    }

    fn is_due(&self) -> bool {
        !self.fresh.borrow().is_empty() || self.woken.0.load(Ordering::Acquire)
    }

    #[inline(never)]
    fn poll_all(&self) {
        let waker = Waker::from(self.woken.clone());
        let mut context = Context::from_waker(&waker);
        let mut running = self.running.borrow_mut();
        self.woken.0.store(false, Ordering::Release);
        running.extend(self.fresh.take());
        while let Poll::Ready(Some(())) = Pin::new(&mut *running).poll_next(&mut context) {}
    }

    /// The number of tasks.
    pub(crate) fn count(&self) -> usize {
        let running = self.running.try_borrow().map_or(0, |running| running.len());
        running + self.fresh.borrow().len()
    }
}

/// A task that was started. Dropping it ends the task where it waits.
#[derive(Debug)]
#[must_use = "dropping it ends the task; `detach` lets it go on"]
pub struct Task<T = ()> {
    abort: Option<AbortHandle>,
    result: Rc<RefCell<Option<T>>>,
}

impl<T: 'static> Task<T> {
    pub(crate) fn start(tasks: &Tasks, work: impl Future<Output = T> + 'static) -> Self {
        let result = Rc::new(RefCell::new(None));
        let place = result.clone();
        let store = async move {
            let value = work.await;
            *place.borrow_mut() = Some(value);
        };
        let (work, abort) = abortable(store);
        tasks.add(async move {
            // Ended early: then nothing waits for the result.
            let _ = work.await;
        });
        Self { abort: Some(abort), result }
    }

    /// Lets it go on without this handle.
    pub fn detach(mut self) {
        self.abort = None;
    }

    /// What it came to, once it has ended.
    pub fn result(&self) -> Option<T> {
        self.result.borrow_mut().take()
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        if let Some(abort) = &self.abort {
            abort.abort();
        }
    }
}
