//! Notifications that get lost, or come twice.
//!
//! Bits are signalled at the relay's own notification, and a process of the kit passes
//! them on. That works for all that signals: programs, timers, deaths.

use crate::System;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use sys::{Error, FOREVER, Notification, Rights};

/// What happens to the next bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Lost,
    Repeated,
    /// After this number of nanoseconds.
    Late(u64),
}

type Fates = Arc<Mutex<VecDeque<Fate>>>;

/// Stands between the signaller of a notification and its waiter.
#[derive(Debug)]
pub struct Relay {
    front: Notification,
    fates: Fates,
}

impl System {
    /// A notification that passes its bits on to this one, as far as the test lets it.
    ///
    /// # Panics
    /// When the system has no room for it.
    pub fn relay(&self, to: &Notification) -> Relay {
        Relay::start(self, to)
    }
}

impl Relay {
    pub(crate) fn start(system: &System, to: &Notification) -> Self {
        let front = match Notification::create() {
            Ok(front) => front,
            Err(error) => panic!("a relay: {error}"),
        };
        let fates = Fates::default();
        let (program, known) = (system.program("relay"), fates.clone());
        let program = program.handle("front", &front, Rights::WAIT);
        let program = program.handle("back", to, Rights::SIGNAL);
        // It runs until the system ends.
        let _ = program.script(move |env| pass_on(&env, &known));
        Self { front, fates }
    }

    /// The notification to signal.
    pub fn sender(&self) -> &Notification {
        &self.front
    }

    /// The next signal is lost.
    pub fn lose(&self) {
        self.add(Fate::Lost);
    }

    /// The next signal comes twice: again when everybody has done what the first one made
    /// them do.
    pub fn repeat(&self) {
        self.add(Fate::Repeated);
    }

    /// The next signal comes `ns` nanoseconds later.
    pub fn delay(&self, ns: u64) {
        self.add(Fate::Late(ns));
    }

    fn add(&self, fate: Fate) {
        self.fates.lock().unwrap_or_else(PoisonError::into_inner).push_back(fate);
    }
}

fn pass_on(env: &rt::Env, fates: &Fates) -> Result<(), rt::Failure> {
    let (front, back): (Notification, Notification) = (env.handle("front")?, env.handle("back")?);
    loop {
        let bits = front.wait(FOREVER)?;
        let fate = fates.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        carry(&back, bits, fate)?;
    }
}

fn carry(back: &Notification, bits: u64, fate: Option<Fate>) -> Result<(), Error> {
    match fate {
        Some(Fate::Lost) => return Ok(()),
        Some(Fate::Late(ns)) => sys::sleep_for(ns),
        Some(Fate::Repeated) => {
            back.signal(bits)?;
            sys::sleep_for(1);
        }
        None => {}
    }
    back.signal(bits)
}
