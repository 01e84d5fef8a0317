//! Self-tests of the machine side, run at boot on request, before the core exists.
//!
//! Output on COM1 is TAP 14. A check gets a [`Bench`] and says what it found; with
//! `inject=NAME` on the command line the first thing that check finds is falsified, so
//! that it must fail and be named: a test of the tests.

mod bench;
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
use crate::arch::x86_64::debug::note_failed_test;
use crate::arch::x86_64::hardware::Hardware;
use crate::arch::x86_64::serial::say;
use bench::{Bench, Check};

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
                note_failed_test();
                say!("not ok {count} - {name}: {why}");
            }
        }
    }
    say!("1..{count}");
}
