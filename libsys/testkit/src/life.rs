//! One process of a test, from its start to its death.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;
use sys::host::Given;
use sys::{Error, Notification, Process, ProcessInfo, ProcessState, Quota};

/// The time-out, in real time, of a wait for a program's end.
const PATIENCE: Duration = Duration::from_secs(20);
/// The status of what the test kills.
const KILLED: u64 = abi::KILLED + 9;

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its exit status.
    pub status: u64,
    /// What it panicked with.
    pub panic: Option<String>,
}

/// A process and the host thread that is its first.
#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) name: String,
    pub(crate) process: Process,
    death: Notification,
    thread: RefCell<Option<JoinHandle<()>>>,
    /// What it panicked with; closed when its thread ends.
    panics: Receiver<String>,
    ended: RefCell<Option<Ended>>,
}

impl Life {
    /// A process without threads.
    pub(crate) fn make(name: &str, quota: &Quota) -> Result<(Process, Notification), Error> {
        let death = Notification::create()?;
        let process = Process::create(name, quota, Some((&death, 1)))?;
        Ok((process, death))
    }

    /// Lets it begin.
    pub(crate) fn begin(
        name: &str,
        (process, death): (Process, Notification),
        (lines, given): (String, Vec<(String, Given)>),
        work: impl FnOnce() + Send + 'static,
    ) -> Result<Self, Error> {
        let (told, panics) = channel();
        let thread = sys::host::spawn_in(&process, move || {
            let take = |(name, given): (String, Given)| Some((name, given.take().ok()?));
            sys::host::set_startup(&lines, given.into_iter().filter_map(take));
            first_thread(work, &told);
        })?;
        let (thread, ended) = (RefCell::new(Some(thread)), RefCell::default());
        Ok(Self { name: name.to_owned(), process, death, thread, panics, ended })
    }

    /// Kills it, if it is alive, and waits for its end. A killed thread unwinds without time of the
    /// system, which therefore stands meanwhile: on a slow host it would run past all deadlines.
    pub(crate) fn end(&self) -> Ended {
        if self.ended.borrow().is_none() {
            // It may be dead already.
            let _ = self.process.kill(KILLED);
        }
        self.settle(|| self.join())
    }

    /// Waits for its end.
    pub(crate) fn wait(&self) -> Ended {
        self.settle(|| sys::host::away(|| self.join()))
    }

    fn settle(&self, join: impl FnOnce() -> Option<String>) -> Ended {
        if let Some(ended) = &*self.ended.borrow() {
            return ended.clone();
        }
        let panic = join();
        // A process that was left by its first thread lives on with others.
        let _ = self.death.wait(sys::FOREVER);
        let ended = Ended { status: self.info().status, panic };
        self.ended.replace(Some(ended.clone()));
        ended
    }

    /// Waits until the first thread has ended: what its code panicked with.
    fn join(&self) -> Option<String> {
        let panic = match self.panics.recv_timeout(PATIENCE) {
            Ok(text) => Some(text),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) if std::thread::panicking() => None,
            Err(RecvTimeoutError::Timeout) => {
                panic!("`{}` did not end: it runs or waits for ever", self.name)
            }
        };
        if let Some(thread) = self.thread.take() {
            // A killed thread unwinds: that is no news.
            let _ = thread.join();
        }
        panic
    }

    pub(crate) fn info(&self) -> ProcessInfo {
        match self.process.info() {
            Ok(info) => info,
            Err(error) => panic!("asking for `{}`: {error}", self.name),
        }
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.info().state != ProcessState::Dead as u32
    }

    /// No thread of it comes back from a system call.
    pub(crate) fn hang(&self) {
        self.told("hanging", self.process.suspend());
    }

    /// It goes on.
    pub(crate) fn go_on(&self) {
        self.told("resuming", self.process.resume());
    }

    pub(crate) fn told<T>(&self, what: &str, done: Result<T, Error>) -> T {
        match done {
            Ok(value) => value,
            Err(error) => panic!("{what} `{}`: {error}", self.name),
        }
    }
}

/// Runs a program. A panic has ended its process already: here it is only told.
fn first_thread(work: impl FnOnce(), told: &Sender<String>) {
    let Err(panic) = catch_unwind(AssertUnwindSafe(work)) else { return };
    if sys::host::killed(&*panic) {
        resume_unwind(panic);
    }
    // There is no listener when the test is over.
    let _ = told.send(text_of(&*panic));
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref().copied()).unwrap_or("a panic").to_owned()
}
