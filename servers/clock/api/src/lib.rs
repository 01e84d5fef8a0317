//! The interface of `clock`: the time of day.
//!
//! The kernel's clock counts nanoseconds since boot. `clock` knows what to add to it, so a client
//! asks once and reads the time of day without a call: [`WallClock`].
#![no_std]
#![forbid(unsafe_code)]

use service::CallError;
use sys::Endpoint;

/// Why there is no time of day.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockError {
    /// The machine's clock does not answer, or shows no date.
    NoClock,
    /// The manifest does not let this client set the clock.
    NotAllowed,
    /// Before 1970 or after 2500.
    BadTime,
}

impl core::fmt::Display for ClockError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::NoClock => "the machine's clock shows no date",
            Self::NotAllowed => "the manifest does not let this client set the clock",
            Self::BadTime => "a time is between 1970 and 2500",
        })
    }
}

impl core::error::Error for ClockError {}

/// The time of day.
#[service::interface(version = 1)]
pub trait Clock {
    /// Nanoseconds from the start of 1970, UTC, to the boot: the time of day is this and
    /// [`sys::clock`] together.
    #[idempotent]
    fn booted_at(&mut self) -> Result<u64, ClockError>;

    /// Sets the time of day, in nanoseconds since the start of 1970, UTC. For the clients that the
    /// server's arguments name as `set=CLIENT`.
    fn set(&mut self, now_ns: u64) -> Result<(), ClockError>;
}

/// The time of day, as it was when the program asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct WallClock {
    booted_at_ns: u64,
}

impl WallClock {
    /// Asks `clock`.
    ///
    /// # Errors
    /// [`ClockError`], or why the server cannot be reached.
    pub fn ask(names: &Endpoint) -> Result<Self, CallError<ClockError>> {
        let client = ClockClient::connect(names).map_err(CallError::widen)?;
        Ok(Self { booted_at_ns: client.booted_at()? })
    }

    /// Nanoseconds since the start of 1970, UTC. Without an answer of `clock`, since the boot.
    #[must_use]
    pub fn now_ns(&self) -> u64 {
        self.booted_at_ns.saturating_add(sys::clock())
    }
}
