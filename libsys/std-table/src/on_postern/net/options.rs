//! What a program chose for a socket.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The choices. Each stands for itself, so none orders another.
pub(in super::super) struct Options {
    receive_ns: AtomicU64,
    send_ns: AtomicU64,
    waits: AtomicBool,
    no_delay: AtomicBool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            receive_ns: AtomicU64::new(u64::MAX),
            send_ns: AtomicU64::new(u64::MAX),
            waits: AtomicBool::new(true),
            no_delay: AtomicBool::new(false),
        }
    }
}

impl Options {
    /// Whether calls wait.
    pub(in super::super) fn waits(&self) -> bool {
        self.waits.load(Ordering::Relaxed)
    }

    pub(in super::super) fn set_waits(&self, waits: bool) {
        self.waits.store(waits, Ordering::Relaxed);
    }

    /// How long a call waits for bytes; `u64::MAX`: as long as it takes.
    pub(in super::super) fn receive_ns(&self) -> u64 {
        self.receive_ns.load(Ordering::Relaxed)
    }

    pub(in super::super) fn set_receive_ns(&self, ns: u64) {
        self.receive_ns.store(ns, Ordering::Relaxed);
    }

    /// How long a call waits for room.
    pub(in super::super) fn send_ns(&self) -> u64 {
        self.send_ns.load(Ordering::Relaxed)
    }

    pub(in super::super) fn set_send_ns(&self, ns: u64) {
        self.send_ns.store(ns, Ordering::Relaxed);
    }

    /// Whether small pieces are sent at once: it is remembered, `net` decides.
    pub(in super::super) fn no_delay(&self) -> bool {
        self.no_delay.load(Ordering::Relaxed)
    }

    pub(in super::super) fn set_no_delay(&self, no_delay: bool) {
        self.no_delay.store(no_delay, Ordering::Relaxed);
    }
}
