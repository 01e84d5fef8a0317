//! Calls that wait for bytes.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::convert::Infallible;
use dma::Fault;
use executor::{Executor, Task};
use service::{Caller, Event, Reply};
use sys::{Endpoint, Error};
use virtio_rng_api::{BYTES_MAX, Entropy, EntropyError};

/// The bit of the executor's notification that the interrupt sets.
pub const INTERRUPT: u64 = 1;
/// The bit that the watchdog sets.
pub const TICK: u64 = 1 << 1;
/// How long the device may take.
const PATIENCE_NS: u64 = 5_000_000_000;
/// The most calls that wait.
const WAITING: usize = 32;

/// What the server needs of a device. There is one request at a time.
pub trait Source {
    /// Asks for at most this number of bytes.
    ///
    /// # Errors
    /// What the queue refuses.
    fn ask(&mut self, count: usize) -> Result<(), Fault>;

    /// The bytes that the device gave, perhaps none, once it has answered.
    ///
    /// # Errors
    /// What the device did wrong.
    fn take(&mut self) -> Result<Option<Vec<u8>>, Fault>;
}

/// A call that waits.
struct Call {
    wanted: usize,
    got: Vec<u8>,
    reply: Reply<Result<Vec<u8>, EntropyError>>,
}

struct Server<S> {
    executor: Executor,
    source: S,
    calls: VecDeque<Call>,
    /// Set while the device has a request.
    watchdog: Option<Task>,
}

/// Serves a device for ever. Each interrupt is acknowledged by this function.
///
/// # Errors
/// When the endpoint cannot be received from.
///
/// # Panics
/// When the device says what cannot be, or does not answer for five seconds.
pub fn serve<S: Source + 'static>(
    executor: &Executor,
    endpoint: Endpoint,
    source: S,
    mut acknowledge: impl FnMut(),
) -> Result<Infallible, Error> {
    let (inner, calls) = (executor.clone(), VecDeque::new());
    let mut server = Server { executor: inner, source, calls, watchdog: None };
    executor.serve_with(endpoint, &mut server, as_entropy::<S>, |server, event| {
        if let Event::Notified(bits) = event {
            if bits & INTERRUPT != 0 {
                acknowledge();
            }
            server.notified(bits);
        }
    })
}

fn as_entropy<S: Source + 'static>(server: &mut Server<S>) -> &mut (dyn Entropy + 'static) {
    server
}

impl<S: Source> Server<S> {
    fn notified(&mut self, bits: u64) {
        self.collect();
        if bits & TICK != 0 && self.watchdog.is_some() {
            fail("the device does not answer");
        }
        self.go_on();
    }

    /// Takes what the device gave, for the first call.
    fn collect(&mut self) {
        match self.source.take() {
            Ok(Some(bytes)) => {
                self.watchdog = None;
                self.give(&bytes);
            }
            Ok(None) => {}
            Err(Fault::NotInFlight) => fail("the device completed what it does not have"),
            Err(_) => fail("the device gave more than it was asked for"),
        }
    }

    fn give(&mut self, bytes: &[u8]) {
        let Some(mut call) = self.calls.pop_front() else { return };
        call.got.extend(bytes.iter().take(call.wanted - call.got.len()));
        if bytes.is_empty() {
            call.reply.send(Err(EntropyError::Empty));
        } else if call.got.len() == call.wanted {
            call.reply.send(Ok(call.got));
        } else {
            self.calls.push_front(call);
        }
    }

    /// Asks for the first call, unless the device has a request.
    fn go_on(&mut self) {
        if self.watchdog.is_some() {
            return;
        }
        let Some(call) = self.calls.front() else { return };
        if self.source.ask(call.wanted - call.got.len()).is_err() {
            fail("the queue refuses a request");
        }
        let deadline = sys::clock().saturating_add(PATIENCE_NS);
        self.watchdog = Some(self.executor.ring_at(deadline, TICK));
    }
}

impl<S: Source> Entropy for Server<S> {
    fn bytes(&mut self, _: &Caller, count: u16, reply: Reply<Result<Vec<u8>, EntropyError>>) {
        if count == 0 || count > BYTES_MAX {
            return reply.send(Err(EntropyError::BadCount));
        }
        if self.calls.len() >= WAITING {
            return reply.send(Err(EntropyError::Busy));
        }
        self.calls.push_back(Call { wanted: count.into(), got: Vec::new(), reply });
        self.go_on();
        // A device may have answered before it could be told that interrupts are listened to.
        self.notified(0);
    }
}

/// Ends the driver: the next life resets the device, and callers ask again.
fn fail(why: &str) -> ! {
    // NOFAIL: what the device does from here on cannot be believed.
    panic!("{why}")
}
