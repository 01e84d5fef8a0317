//! The service.

use alloc::vec::Vec;
use clock_api::{Clock, ClockError};
use keep::Kept;
use service::Caller;

/// 2500-01-01.
const END_NS: u64 = 16_725_225_600 * 1_000_000_000;

/// The time of day.
#[derive(Debug)]
pub struct ClockServer {
    /// Since 1970, the time of the boot.
    booted_at_ns: Option<u64>,
    /// The clients that may set it.
    setters: Vec<u32>,
    kept: Option<Kept<u64>>,
}

impl ClockServer {
    /// Of a machine that was booted then, if that is known. What was set is kept there.
    #[must_use]
    pub fn new(booted_at_ns: Option<u64>, setters: Vec<u32>, kept: Option<Kept<u64>>) -> Self {
        Self { booted_at_ns, setters, kept }
    }
}

impl Clock for ClockServer {
    fn booted_at(&mut self, _: &Caller) -> Result<u64, ClockError> {
        self.booted_at_ns.ok_or(ClockError::NoClock)
    }

    fn set(&mut self, caller: &Caller, now_ns: u64) -> Result<(), ClockError> {
        let client = u32::try_from(caller.badge() & u64::from(u32::MAX)).unwrap_or(0);
        if !self.setters.contains(&client) {
            return Err(ClockError::NotAllowed);
        }
        let booted_at_ns = now_ns.checked_sub(sys::clock()).filter(|_| now_ns < END_NS);
        let booted_at_ns = booted_at_ns.ok_or(ClockError::BadTime)?;
        self.booted_at_ns = Some(booted_at_ns);
        if let Some(kept) = &mut self.kept {
            // The next life reads the machine's clock where this could not be kept.
            let _ = kept.save(&booted_at_ns);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{ClockServer, END_NS};
    use clock_api::{Clock, ClockError};
    use service::Caller;

    #[test]
    fn only_a_named_client_sets_the_time() {
        let mut server = ClockServer::new(None, vec![3], None);
        let (setter, other) = (Caller::with_badge(3 | 7 << 32), Caller::with_badge(4));
        assert_eq!(server.booted_at(&other), Err(ClockError::NoClock));
        assert_eq!(server.set(&other, 5), Err(ClockError::NotAllowed));
        assert_eq!(server.set(&setter, END_NS), Err(ClockError::BadTime));
        let now = 1_800_000_000_000_000_000;
        assert_eq!(server.set(&setter, now), Ok(()));
        assert!(server.booted_at(&other).unwrap() <= now);
    }
}
