//! What happens when the bell rings.

use super::Handler;
use crate::{Delivery, Flags, ProcClient, Signal, SignalSet, bell};
use core::cell::RefCell;
use core::sync::atomic::{AtomicU64, Ordering};
use critical_section::Mutex;
use sys::upcall::{SavedFrame, Stack};
use sys::{Error, Notification};

/// What handlers need.
pub(super) struct State {
    /// The connection by which signals are fetched.
    pub(super) client: Option<ProcClient>,
    bell: Option<Notification>,
    handlers: [Option<Handler>; 64],
}

pub(super) static STATE: Mutex<RefCell<State>> =
    Mutex::new(RefCell::new(State { client: None, bell: None, handlers: [None; 64] }));

/// How many signals were handled.
pub(super) static HANDLED: AtomicU64 = AtomicU64::new(0);
/// How many of them without `Flags::RESTART`.
pub(super) static INTERRUPTING: AtomicU64 = AtomicU64::new(0);

pub(super) fn set(client: ProcClient, bell: Notification) {
    critical_section::with(|section| {
        let mut state = STATE.borrow_ref_mut(section);
        (state.client, state.bell) = (Some(client), Some(bell));
    });
}

pub(super) fn set_handler(signal: Signal, handler: Handler) {
    critical_section::with(|section| {
        let mut state = STATE.borrow_ref_mut(section);
        if let Some(place) = state.handlers.get_mut(usize::from(signal.number())) {
            *place = Some(handler);
        }
    });
}

pub(super) fn alternate_stack(pages: u64) -> Result<(), Error> {
    let stack = Stack::create(pages)?;
    critical_section::with(|section| match &STATE.borrow_ref(section).bell {
        // Masked: the section ends with the mask before.
        Some(bell) => sys::upcall::register_on(bell, deliver, u64::MAX, stack, bell::ON_STACK),
        None => Err(Error::BadState),
    })
}

/// The upcall. All bits are masked; it is on the stack that the bits ask for.
pub(super) fn deliver(bits: u64, interrupted: &SavedFrame) {
    let on_stack = bits & bell::ON_STACK != 0;
    if on_stack && bits & bell::PLAIN != 0 {
        // That handler runs on the other stack, when this is over.
        critical_section::with(|section| {
            STATE.borrow_ref(section).bell.as_ref().map(|bell| bell.signal(bell::PLAIN))
        });
    }
    let mut done = None;
    while let Some(delivery) = next(done, on_stack) {
        run(&delivery, interrupted);
        done = Some(delivery.restore);
    }
}

/// Fetches what comes next. An upcall inside of a handler finds the connection in its place.
fn next(done: Option<SignalSet>, on_stack: bool) -> Option<Delivery> {
    let client = critical_section::with(|section| STATE.borrow_ref_mut(section).client.take())?;
    let next = client.next_signal(done, on_stack);
    critical_section::with(|section| STATE.borrow_ref_mut(section).client = Some(client));
    // Without `proc` there are no signals any more.
    next.ok().flatten()
}

fn run(delivery: &Delivery, interrupted: &SavedFrame) {
    let restarts = delivery.flags.contains(Flags::RESTART);
    // From here on other signals' handlers can run inside of this one.
    let _ = sys::upcall::mask(0);
    for info in &delivery.signals {
        let place = usize::from(info.signal.number());
        let handler = critical_section::with(|section| {
            STATE.borrow_ref(section).handlers.get(place).copied().flatten()
        });
        if let Some(handler) = handler {
            handler(info, interrupted);
        }
        HANDLED.fetch_add(1, Ordering::Relaxed);
        INTERRUPTING.fetch_add(u64::from(!restarts), Ordering::Relaxed);
    }
    let _ = sys::upcall::mask(u64::MAX);
}
