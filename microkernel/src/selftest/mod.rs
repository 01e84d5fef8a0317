//! Self-tests of the machine side, run at boot on request, before the core exists.
//!
//! Output on COM1 is TAP 14. A check gets a [`Bench`] and says what it found; with
//! `inject=NAME` on the command line the first thing that check finds is falsified, so
//! that it must fail and be named: a test of the tests.

mod boot_files;
mod compat;
mod cpu;
mod debug;
mod debug_checks;
mod files;
mod growing;
mod interrupts;
mod isolation;
mod machine;
mod page_tables;
mod registers;
mod shootdown;
mod smp;
mod traps;
mod vectors;

use crate::arch::x86_64::boot::Boot;
use crate::arch::x86_64::hardware::Hardware;
use crate::arch::x86_64::serial::say;
use core::fmt::Write;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use heapless::String;

/// Why a check failed.
pub(crate) type Failure = String<100>;
/// What a check says.
pub(crate) type Outcome = Result<(), Failure>;
/// A named check.
pub(crate) type Check = (&'static str, fn(&mut Bench<'_>) -> Outcome);

/// What checks work with.
pub(crate) struct Bench<'a> {
    /// The machine.
    pub(crate) machine: &'a mut Hardware,
    /// What was found and prepared at boot; free frames among it.
    pub(crate) boot: &'a mut Boot,
    falsify: bool,
}

impl Bench<'_> {
    /// Something must be as wanted.
    pub(crate) fn equal(&mut self, what: &str, found: u64, wanted: u64) -> Outcome {
        let found = found ^ u64::from(core::mem::take(&mut self.falsify));
        if found == wanted {
            return Ok(());
        }
        let mut why = Failure::new();
        // A long reason is cut.
        let _ = write!(why, "{what}: found {found:#x}, wanted {wanted:#x}");
        Err(why)
    }

    /// Something must hold.
    pub(crate) fn hold(&mut self, what: &str, found: bool) -> Outcome {
        let found = found ^ core::mem::take(&mut self.falsify);
        if found { Ok(()) } else { Err(text(what)) }
    }
}

fn text(what: &str) -> Failure {
    let mut why = Failure::new();
    // A long reason is cut.
    let _ = why.push_str(what);
    why
}

static FAILED: AtomicBool = AtomicBool::new(false);

const SUITES: &[&[Check]] = &[
    cpu::CHECKS,
    debug_checks::CHECKS,
    isolation::CHECKS,
    traps::CHECKS,
    debug::CHECKS,
    interrupts::CHECKS,
    smp::CHECKS,
    shootdown::CHECKS,
    page_tables::CHECKS,
    growing::CHECKS,
    machine::CHECKS,
    registers::CHECKS,
    vectors::CHECKS,
    compat::CHECKS,
    boot_files::CHECKS,
];

/// Runs all checks.
pub(crate) fn run(machine: &mut Hardware, boot: &mut Boot, inject: Option<&str>) {
    say!("# kernel\nTAP version 14");
    let mut bench = Bench { machine, boot, falsify: false };
    let mut count = 0;
    for (name, check) in SUITES.iter().copied().flatten() {
        count += 1;
        bench.falsify = inject == Some(name);
        match check(&mut bench) {
            Ok(()) => say!("ok {count} - {name}"),
            Err(why) => {
                FAILED.store(true, Relaxed);
                say!("not ok {count} - {name}: {why}");
            }
        }
    }
    say!("1..{count}");
}

/// The exit code of the machine: a failed kernel check turns success into failure.
pub(crate) fn verdict(code: u8) -> u8 {
    if FAILED.load(Relaxed) && code == abi::exit_code::SUCCESS {
        return abi::exit_code::TEST_FAILED;
    }
    code
}
