//! `bench --trace OP`: every guest instruction of one operation, by function.
//!
//! The program repeats the operation between two marker functions. When it says so, QEMU is
//! told through its monitor to execute instruction by instruction and to log each; one
//! operation is cut out of that log between the markers.

mod code;
mod log;
mod report;

use anyhow::{Context as _, Result, ensure};
use code::Code;
use log::Markers;
use qemu_harness::Images;
use std::time::{Duration, Instant};

/// The full name of an operation that has a short one.
const SHORT: [(&str, &str); 2] = [("call", "call-0-words"), ("null", "null-call")];
/// The limit of the boot and the preparations.
const BOOT: Duration = Duration::from_secs(60);
/// The limit of a few operations, one instruction at a time.
const LIMIT: Duration = Duration::from_secs(60);
/// The interval between two reads of the log.
const PAUSE: Duration = Duration::from_millis(20);
/// The number of operations in the log; their most frequent length is taken.
const OPERATIONS: usize = 5;

/// Prints one operation.
pub(super) fn run(images: &Images, operation: &str, full: bool) -> Result<u8> {
    let operation =
        SHORT.iter().find(|(short, _)| *short == operation).map_or(operation, |it| it.1);
    let code = Code::load(&images.elfs())?;
    let mut addresses = trace(images, operation, &code.markers()?)?;
    // The marker before it returns first.
    addresses.retain(|address| !code.is_marker(*address));
    print!("{}", report::report(operation, &addresses, &code, full));
    Ok(0)
}

/// The addresses of the instructions of one operation.
fn trace(images: &Images, operation: &str, markers: &Markers) -> Result<Vec<u64>> {
    let machine = images.bench("bench-trace", &format!("trace={operation}"))?;
    let log = machine.qemu_log();
    let mut session = machine.with_monitor().start()?;
    session
        .wait_for("bench: ready", BOOT)
        .with_context(|| format!("is there an operation `{operation}`?"))?;
    let mut monitor = session.monitor()?;
    monitor.command("singlestep on")?;
    monitor.command("log exec,nochain")?;
    let end = Instant::now() + LIMIT;
    let mut found = Vec::new();
    while found.len() < OPERATIONS && Instant::now() < end {
        std::thread::sleep(PAUSE);
        let text = fs_err::read(&log)?;
        found = log::operations(&String::from_utf8_lossy(&text), markers);
    }
    // The session ends the machine; the rest of its log is not read.
    drop(session);
    ensure!(!found.is_empty(), "not one whole `{operation}` in {} s", LIMIT.as_secs());
    Ok(log::usual(found))
}
