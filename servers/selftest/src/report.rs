//! TAP on COM1, and the guard that ends a hang.

use crate::bench::{Bench, Outcome};
use abi::exit_code;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use sys::{Failure, Ports, Priority, Resource, Rights};

const COM1: u16 = 0x3f8;
const LINE_STATUS: u16 = 5;
const SEND_EMPTY: u8 = 0x20;
const FIFO: usize = 16;
/// How long one check may take.
const LIMIT_NS: u64 = 20_000_000_000;
const LOOK_NS: u64 = 1_000_000_000;
/// More urgent than everything that is tested.
const GUARD: Priority = Priority(63);

/// Where the tests are, for the guard.
#[derive(Default)]
struct Progress {
    number: AtomicU32,
    failed: AtomicU32,
    since_ns: AtomicU64,
}

/// Writes results.
pub(crate) struct Report {
    serial: Arc<Ports>,
    progress: Arc<Progress>,
}

impl Report {
    /// Prints the head and starts the guard.
    pub(crate) fn start(bench: &Bench) -> Result<Self, Failure> {
        let serial = Arc::new(Ports::create(&bench.resource, COM1, 8)?);
        let progress = Arc::new(Progress::default());
        say(&serial, "# user\nTAP version 14\n");
        progress.since_ns.store(sys::clock(), Ordering::Relaxed);
        let resource = bench.resource.copy(Rights::ALL)?;
        let (port, watched) = (serial.clone(), progress.clone());
        let _thread = sys::spawn_thread(8, GUARD, move || guard(&port, &watched, &resource))?;
        Ok(Self { serial, progress })
    }

    /// A check begins.
    pub(crate) fn begin(&self, name: &str) {
        defmt::debug!("{=str}", name);
        self.progress.number.fetch_add(1, Ordering::Relaxed);
        self.progress.since_ns.store(sys::clock(), Ordering::Relaxed);
    }

    /// A check is over.
    pub(crate) fn end(&self, name: &str, outcome: &Outcome, notes: &[String]) {
        notes.iter().for_each(|note| say(&self.serial, &format!("# {note}\n")));
        let number = self.progress.number.load(Ordering::Relaxed);
        let line = match outcome {
            Ok(()) => format!("ok {number} - {name}\n"),
            Err(why) => {
                self.progress.failed.fetch_add(1, Ordering::Relaxed);
                format!("not ok {number} - {name}: {why}\n")
            }
        };
        say(&self.serial, &line);
    }

    /// Prints the plan and ends the machine.
    pub(crate) fn finish(&self, bench: &Bench) -> Result<(), Failure> {
        say(&self.serial, &format!("1..{}\n", self.progress.number.load(Ordering::Relaxed)));
        let failed = self.progress.failed.load(Ordering::Relaxed) > 0;
        let code = if failed { exit_code::TEST_FAILED } else { exit_code::SUCCESS };
        match bench.resource.shutdown(code)? {}
    }
}

fn guard(serial: &Ports, progress: &Progress, resource: &Resource) {
    loop {
        sys::sleep_for(LOOK_NS);
        let since = progress.since_ns.load(Ordering::Relaxed);
        if sys::clock().saturating_sub(since) > LIMIT_NS {
            let number = progress.number.load(Ordering::Relaxed);
            say(serial, &format!("not ok {number} - hangs: no end after 20 s\n1..{number}\n"));
            let _ = resource.shutdown(exit_code::TEST_FAILED);
        }
    }
}

/// Output that cannot be written is missed by who reads the results.
fn say(serial: &Ports, text: &str) {
    for piece in text.replace('\n', "\r\n").as_bytes().chunks(FIFO) {
        while serial.read_u8(LINE_STATUS).is_ok_and(|status| status & SEND_EMPTY == 0) {
            sys::yield_now();
        }
        let _ = serial.write_bytes(0, piece);
    }
}
