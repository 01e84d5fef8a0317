//! Signals: handlers, masks and waits, with POSIX's meaning.
//!
//! Programs that the shell starts (`[program.…]` in the manifest) have signals, as on Unix:
//! Ctrl-C, `kill`, alarms, the end of a child, faults. They are kept by the server `proc` and
//! delivered by upcalls of the kernel, in the middle of whatever the program does. Servers have
//! none: they are ended and restarted by init.
//!
//! Everything is in [`proc_api::signals`]. Upcalls need the machine, so the programs on this
//! page are built by the tests, not run here; `run signals table` runs one test for each rule.
//!
//! # A complete program
//!
//! It counts Ctrl-C, and ends at SIGTERM after it has tidied up.
//!
//! ```no_run
//! use proc_api::signals::Signals;
//! use proc_api::{Flags, Signal};
//! use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
//!
//! static COUNT: AtomicU64 = AtomicU64::new(0);
//! static ENDED: AtomicBool = AtomicBool::new(false);
//!
//! fn start(env: rt::Env) -> Result<(), rt::Failure> {
//!     // From here on this thread takes the program's signals.
//!     let signals = Signals::start(&env)?;
//!     signals.handle(Signal::INT, Flags::RESTART, |_, _| {
//!         COUNT.fetch_add(1, Ordering::Relaxed);
//!     })?;
//!     signals.handle(Signal::TERM, Flags::NONE, |info, _frame| {
//!         defmt::info!("asked to end by {=u8}", info.signal.number());
//!         ENDED.store(true, Ordering::Relaxed);
//!     })?;
//!     while !ENDED.load(Ordering::Relaxed) {
//!         signals.pause(); // until a handler has run
//!     }
//!     defmt::info!("{=u64} times Ctrl-C", COUNT.load(Ordering::Relaxed));
//!     Ok(())
//! }
//! rt::entry!(start);
//! # fn main() {}
//! ```
//!
//! A handler is a plain function: it sees statics, not locals. It may allocate, log and call
//! servers; calls to `proc` go through [`Signals::here`](proc_api::signals::Signals::here).
//!
//! The loop above has the gap that such loops have everywhere: a signal between the test of
//! the flag and `pause` leaves `pause` waiting. Where that matters, do not use handlers:
//!
//! # Waiting instead of handling
//!
//! Block the signals, then take them one by one when there is time for them. No signal can
//! come at a wrong moment, and none is lost.
//!
//! ```no_run
//! use proc_api::signals::Signals;
//! use proc_api::{Signal, SignalSet};
//!
//! fn start(env: rt::Env) -> Result<(), rt::Failure> {
//!     let signals = Signals::start(&env)?;
//!     let wanted = SignalSet::of(&[Signal::TERM, Signal::ALRM]);
//!     signals.block(wanted)?;
//!     signals.quietly(|proc| proc.alarm(1_000_000_000, 1_000_000_000))?; // every second
//!     loop {
//!         match signals.wait(wanted)?.signal {
//!             Signal::ALRM => defmt::info!("tick"),
//!             _ => return Ok(()),
//!         }
//!     }
//! }
//! # let _ = start;
//! ```
//!
//! # Names, sets, statuses
//!
//! ```
//! use proc_api::{ExitStatus, Signal, SignalSet};
//!
//! assert_eq!(Signal::parse("sigint"), Some(Signal::INT));
//! assert_eq!(Signal::parse("-9"), Some(Signal::KILL));
//! assert!(!Signal::KILL.can_be_handled());
//! // Below RTMIN two that wait are one; from there on each is kept, with its value.
//! assert!(!Signal::USR1.is_queued() && Signal::RTMIN.is_queued());
//!
//! let set = SignalSet::of(&[Signal::INT, Signal::KILL]);
//! assert!(set.contains(Signal::INT));
//!
//! // What the shell's `status` shows:
//! assert_eq!(ExitStatus::Killed(Signal::INT.number()).code(), 130);
//! assert_eq!(ExitStatus::Panicked.code(), 101);
//! ```
//!
//! # What can go wrong
//!
//! | you see | because |
//! |---|---|
//! | `no handle proc was given` | `proc` did not start the program: it is a server, or init's |
//! | a call fails with `interrupted` | a handler cut it short: `Flags::RESTART` and [`restarting`](proc_api::signals::Signals::restarting), or [`quietly`](proc_api::signals::Signals::quietly) |
//! | a handler that never runs | the signal is blocked, or the thread is not the one that called `start` |
//! | the program ends with 139 | 128 + 11: SIGSEGV without a handler; the log has the address |
//!
//! Next: [supervision](super::supervision).
