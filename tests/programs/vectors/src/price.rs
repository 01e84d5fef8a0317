//! `run vectors price`: ticks of a null call and of a round trip, for threads that never use
//! vector registers, before and after others do, and for those that use them.
//!
//! On a machine that counts instructions (`-icount shift=0`) a tick is an instruction.

use abi::Syscall;
use alloc::format;
use alloc::sync::Arc;
use console_api::stdio::Stdio;
use rt::Failure;
use sys::hazard::vectors::look;
use sys::hazard::{plain, ticks};
use sys::{Endpoint, Incoming, Message, Notification, Priority, Received, WORDS};

/// The number of samples. The smallest counts: it was not interrupted.
const SAMPLES: usize = 200;
/// Time for a new thread to come to its wait.
const SETTLE_NS: u64 = 5_000_000;

/// A line for each kind of thread.
pub(crate) fn table(stdio: &mut Stdio) -> Result<(), Failure> {
    let server = Server::start()?;
    // The first calls take another way here and there.
    let _ = (null_call(), server.round_trip());
    let mut line = |who: &str| {
        let (call, trip) = (null_call(), server.round_trip());
        stdio.print(format!("{who}: null call {call}, round trip {trip}\n"))
    };
    let bell = Arc::new(Notification::create()?);
    let other = bell.clone();
    let other = sys::spawn_thread(8, Priority(10), move || {
        // The same twice, but only the second time with vectors. Each wait ends by a signal
        // or with this thread.
        let _ = other.wait(sys::FOREVER);
        let _ = other.wait(sys::FOREVER);
        drop(look());
        let _ = other.wait(sys::FOREVER);
    })?;
    sys::sleep_for(SETTLE_NS);
    bell.signal(1)?;
    sys::sleep_for(SETTLE_NS);
    line("no thread uses vectors")?;
    bell.signal(1)?;
    sys::sleep_for(SETTLE_NS);
    line("another thread uses vectors")?;
    drop(look());
    line("this thread uses vectors")?;
    other.kill()?;
    Ok(())
}

fn null_call() -> u64 {
    sample(|| {
        plain(Syscall::Clock as u64, [0; 6]);
    })
}

fn sample(work: impl Fn()) -> u64 {
    let measure = |work: &dyn Fn()| {
        let before = ticks();
        work();
        ticks() - before
    };
    let least = |work: &dyn Fn()| (0..SAMPLES).map(|_| measure(work)).min().unwrap_or(0);
    least(&work) - least(&|| ())
}

/// A thread that answers calls at once and uses no vectors.
struct Server(Arc<Endpoint>);

impl Server {
    fn start() -> Result<Self, Failure> {
        let endpoint = Arc::new(Endpoint::create()?);
        let own = endpoint.clone();
        let thread = sys::spawn_thread(8, Priority(10), move || serve(&own))?;
        drop(thread);
        sys::sleep_for(SETTLE_NS);
        Ok(Self(endpoint))
    }

    fn round_trip(&self) -> u64 {
        sample(|| {
            // A failed call shows as a round trip that is far too short.
            let _ = self.0.call(1, &[5; WORDS]);
        })
    }
}

fn serve(endpoint: &Endpoint) {
    let mut next = endpoint.receive(sys::FOREVER, &mut []);
    while let Ok(Received::Message(Incoming { words, mut reply, .. })) = next {
        let answer = &mut Message::new(0, words);
        next = endpoint.reply_receive(&mut reply, answer, sys::FOREVER, &mut []);
    }
}
