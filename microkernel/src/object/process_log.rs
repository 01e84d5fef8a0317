//! What a process may write to the system log: a token bucket of bytes.

use super::ProcessId;
use abi::{LOG_BURST, LOG_RATE};

/// Ancestors from init on that have a bucket of their own.
const OWN_BUCKETS: u8 = 2;
const NS_PER_SECOND: u64 = 1_000_000_000;
/// How long an empty bucket takes to be full.
const FULL_NS: u64 = LOG_BURST * NS_PER_SECOND / LOG_RATE;

/// Bytes that may be written now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bucket {
    bytes: u64,
    filled_ns: u64,
}

impl Default for Bucket {
    fn default() -> Self {
        Self { bytes: LOG_BURST, filled_ns: 0 }
    }
}

impl Bucket {
    /// Takes bytes out, if there are enough.
    pub(crate) fn take(&mut self, bytes: u64, now_ns: u64) -> bool {
        let passed = now_ns.saturating_sub(self.filled_ns);
        if passed >= FULL_NS {
            *self = Self { bytes: LOG_BURST, filled_ns: now_ns };
        } else {
            // Below `FULL_NS` the product fits. What was too little for a byte counts next time.
            let more = passed * LOG_RATE / NS_PER_SECOND;
            self.bytes = self.bytes.saturating_add(more).min(LOG_BURST);
            self.filled_ns += more * NS_PER_SECOND / LOG_RATE;
        }
        let enough = self.bytes >= bytes;
        if enough {
            self.bytes -= bytes;
        }
        enough
    }
}

/// One process's stream of records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Stream {
    /// Records that were dropped and not reported yet.
    pub(crate) dropped: u64,
    /// The frame that is being written was dropped, in part or as a whole.
    pub(crate) is_cut: bool,
    /// A frame was begun in the log and has no end there.
    pub(crate) is_open: bool,
}

/// What a process needs for its log: its own bucket, or an ancestor's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ProcessLog {
    /// Generations between the first program and this one.
    depth: u8,
    pub(crate) ancestor: Option<ProcessId>,
    pub(crate) bucket: Bucket,
    pub(crate) stream: Stream,
}

impl ProcessLog {
    /// That of a child.
    pub fn of_child(creator: ProcessId, log: &Self) -> Self {
        let depth = log.depth.saturating_add(1);
        let shared = depth > OWN_BUCKETS;
        let ancestor = shared.then(|| log.ancestor.unwrap_or(creator));
        Self { depth, ancestor, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::{Bucket, NS_PER_SECOND};
    use abi::{LOG_BURST, LOG_RATE};

    #[test]
    fn a_bucket_fills_with_time_up_to_its_size() {
        let mut bucket = Bucket::default();
        assert!(!bucket.take(LOG_BURST + 1, 0));
        assert!(bucket.take(LOG_BURST, 0) && !bucket.take(1, 0));
        assert!(!bucket.take(LOG_RATE + 1, NS_PER_SECOND) && bucket.take(LOG_RATE, NS_PER_SECOND));
        assert!(bucket.take(LOG_BURST, u64::MAX) && !bucket.take(1, u64::MAX));
    }

    #[test]
    fn small_steps_of_time_add_up() {
        let mut bucket = Bucket::default();
        assert!(bucket.take(LOG_BURST, 0));
        let step = NS_PER_SECOND / LOG_RATE / 3;
        let taken = (1..=3 * LOG_RATE).filter(|count| bucket.take(1, count * step)).count() as u64;
        assert!((LOG_RATE * 99 / 100..=LOG_RATE).contains(&taken), "{taken}");
    }
}
