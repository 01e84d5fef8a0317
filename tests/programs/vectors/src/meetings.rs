//! Where threads' vector registers meet.

use abi::Syscall;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};
use rt::Failure;
use sys::hazard::vectors::{Registers, hold, look};
use sys::{Endpoint, Incoming, Message, Notification, Priority, Received};

/// The priority of all threads here, so that they alternate.
const PRIORITY: Priority = Priority(10);

/// Threads that report: how many registers were not as they should be.
struct Group {
    bell: Notification,
    finished: AtomicUsize,
    different: AtomicUsize,
}

impl Group {
    fn new() -> Result<Arc<Self>, Failure> {
        let bell = Notification::create()?;
        Ok(Arc::new(Self { bell, finished: 0.into(), different: 0.into() }))
    }

    /// Starts a thread of the group; it tells how many registers differ.
    fn start(
        self: &Arc<Self>,
        work: impl FnOnce() -> usize + Send + 'static,
    ) -> Result<(), Failure> {
        let group = self.clone();
        let thread = sys::spawn_thread(8, PRIORITY, move || {
            group.different.fetch_add(work(), Ordering::Relaxed);
            group.finished.fetch_add(1, Ordering::Release);
            // It can fail only when no thread waits any more.
            let _ = group.bell.signal(1);
        })?;
        drop(thread);
        Ok(())
    }

    /// Waits for this number of threads. Returns the number of registers that differ.
    fn wait(&self, threads: usize) -> Result<usize, Failure> {
        while self.finished.load(Ordering::Acquire) < threads {
            self.bell.wait(sys::FOREVER)?;
        }
        Ok(self.different.load(Ordering::Relaxed))
    }
}

/// Each thread holds its pattern over `rounds` times `yields` yields.
pub(crate) fn switches(threads: u8, rounds: u64, yields: u64) -> Result<usize, Failure> {
    let group = Group::new()?;
    for number in 0..threads {
        group.start(move || {
            let clean = look().differences(&Registers::clean());
            let rounds = (0..rounds).map(|round| {
                let pattern = Registers::pattern(number + (round % 50).to_le_bytes()[0] * 4);
                let (found, status) = hold(&pattern, Syscall::Yield as u64, [0; 2], yields);
                found.differences(&pattern) + usize::from(status != 0)
            });
            clean + rounds.sum::<usize>()
        })?;
    }
    group.wait(threads.into())
}

/// A client holds its pattern over this number of calls of a server, which may use the registers,
/// too.
pub(crate) fn calls(calls: u64, both: bool) -> Result<usize, Failure> {
    let endpoint = Arc::new(Endpoint::create()?);
    let group = Group::new()?;
    let server = endpoint.clone();
    group.start(move || (0..calls).map(|number| serve(&server, both.then_some(number))).sum())?;
    let handle = u64::from(endpoint.handle().0);
    let client = move || {
        let pattern = Registers::pattern(1);
        let (found, status) = hold(&pattern, Syscall::Call as u64, [handle, 7], calls);
        found.differences(&pattern) + usize::from(status != 0)
    };
    group.start(client)?;
    let different = group.wait(2)?;
    drop(endpoint);
    Ok(different)
}

/// One call: the registers have another pattern for a moment, or are left alone.
fn serve(endpoint: &Endpoint, number: Option<u64>) -> usize {
    let Ok(Received::Message(Incoming { reply: Some(reply), .. })) =
        endpoint.receive(sys::FOREVER, &mut [])
    else {
        return 1;
    };
    let different = number.map_or(0, |number| {
        let pattern = Registers::pattern(2 + (number % 100).to_le_bytes()[0]);
        hold(&pattern, 0, [0; 2], 0).0.differences(&pattern)
    });
    let answered = reply.reply(&mut Message::new(0, [0; sys::WORDS]));
    different + usize::from(answered.is_err())
}

/// Each thread finds clean registers, fills them and dies.
pub(crate) fn births(threads: usize) -> Result<usize, Failure> {
    let group = Group::new()?;
    for number in 0..threads {
        group.start(move || {
            let clean = look().differences(&Registers::clean());
            let pattern = Registers::pattern(number.to_le_bytes()[0]);
            let (found, _) = hold(&pattern, Syscall::Yield as u64, [0; 2], 2);
            clean + found.differences(&pattern)
        })?;
        group.wait(number + 1)?;
    }
    group.wait(threads)
}
