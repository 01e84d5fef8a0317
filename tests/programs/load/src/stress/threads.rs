//! Threads of the first program: servers, clients, sleepers, timers. All change their CPU.

use super::counts::{CALLS, MIGRATIONS, SLEEPS, STOP, TIMERS, WRONG};
use super::random::Random;
use crate::children::SOON_NS;
use crate::machine::after;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};
use rt::Failure;
use sys::{Endpoint, Error, FOREVER, Message, Notification, Priority, Received, Rights, Timer};

/// The label that ends a server.
const STOP_LABEL: u32 = 0xdead;
const SERVERS: u64 = 3;
const STACK_PAGES: u64 = 8;

/// The threads, and where their servers can be called.
pub(super) struct Crew {
    /// Answers with the words that it was sent.
    pub(super) echo: Endpoint,
    started: u64,
    ended: Arc<AtomicU64>,
}

/// What a thread does, again and again: it has a source of random numbers and the servers.
type Work = fn(&mut Random, &Endpoint) -> Result<(), Error>;

/// Who works, how urgently.
///
/// Threads that are always ready have the priority of the children, so that all run.
const WORKERS: [(Work, u8); 8] = [
    (client, 30),
    (client, 30),
    (client, 30),
    (client, 30),
    (sleeper, 45),
    (sleeper, 38),
    (timers, 44),
    (timers, 33),
];

impl Crew {
    pub(super) fn start(seed: u64) -> Result<Self, Failure> {
        let mut crew = Self { echo: Endpoint::create()?, started: 0, ended: Arc::default() };
        for _ in 0..SERVERS {
            let own = crew.echo.copy(Rights::ALL)?;
            crew.spawn(Priority(36), move || serve(&own))?;
        }
        for (number, (work, priority)) in WORKERS.into_iter().enumerate() {
            let own = crew.echo.copy(Rights::SEND)?;
            let mut random = Random::new(seed ^ (number as u64 + 1) << 32);
            crew.spawn(Priority(priority), move || {
                while !STOP.load(Ordering::Relaxed) {
                    wander(&mut random);
                    if work(&mut random, &own).is_err() {
                        WRONG.add();
                    }
                }
            })?;
        }
        Ok(crew)
    }

    fn spawn(
        &mut self,
        priority: Priority,
        work: impl FnOnce() + Send + 'static,
    ) -> Result<(), Failure> {
        let ended = self.ended.clone();
        let work: Box<dyn FnOnce() + Send> = Box::new(move || {
            work();
            ended.fetch_add(1, Ordering::Relaxed);
        });
        let _thread = sys::spawn_thread(STACK_PAGES, priority, work)?;
        self.started += 1;
        Ok(())
    }

    /// Waits until all have ended; they know that they are to.
    pub(super) fn end(self) -> Result<(), Failure> {
        // Servers last: who calls when none is left waits in vain.
        self.wait_for(self.started - SERVERS)?;
        for _ in 0..SERVERS {
            let mut stop = Message::new(STOP_LABEL, [0; 7]);
            self.echo.call_with(&mut stop, after(SOON_NS), &mut [])?;
        }
        self.wait_for(self.started)?;
        // Their last instructions give their stacks back.
        sys::sleep_for(5_000_000);
        Ok(())
    }

    fn wait_for(&self, ended: u64) -> Result<(), Failure> {
        let end = after(SOON_NS);
        while self.ended.load(Ordering::Relaxed) < ended {
            if sys::clock() > end {
                return Err(Failure::from("a thread does not end: it waits for something lost"));
            }
            sys::sleep_for(1_000_000);
        }
        Ok(())
    }
}

fn serve(echo: &Endpoint) {
    while let Ok(Received::Message(message)) = echo.receive(FOREVER, &mut []) {
        let mut answer = Message::new(message.label, message.words);
        if let Some(right) = message.reply {
            // The caller may have been killed meanwhile.
            let _ = right.reply(&mut answer);
        }
        if message.label == STOP_LABEL {
            return;
        }
    }
}

/// Now and then, another CPU.
fn wander(random: &mut Random) {
    if random.below(8) == 0 {
        let mask = 1 << random.below(8) | 1 << random.below(8);
        // None of them may exist.
        if sys::trace::set_affinity(mask).is_ok() {
            MIGRATIONS.add();
        }
    }
}

fn client(random: &mut Random, echo: &Endpoint) -> Result<(), Error> {
    let words = core::array::from_fn(|_| random.any());
    let mut message = Message::new(7, words);
    let answer = echo.call_with(&mut message, after(SOON_NS), &mut [])?;
    if answer.words != words {
        WRONG.add();
    }
    CALLS.add();
    Ok(())
}

fn sleeper(random: &mut Random, _: &Endpoint) -> Result<(), Error> {
    sys::sleep_for(random.below(1_500_000));
    SLEEPS.add();
    Ok(())
}

fn timers(random: &mut Random, _: &Endpoint) -> Result<(), Error> {
    let bell = Notification::create()?;
    let (first, second) = (Timer::create(&bell, 1)?, Timer::create(&bell, 2)?);
    first.arm(after(random.below(2_000_000)))?;
    second.arm(after(random.below(2_000_000)))?;
    let mut seen = 0;
    while seen != 3 {
        seen |= bell.wait(after(SOON_NS))?;
    }
    TIMERS.add();
    Ok(())
}
