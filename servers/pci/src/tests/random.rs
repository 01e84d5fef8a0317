//! Configuration spaces of random bytes: nothing panics, nothing forbidden is given out.

use super::fake::{Fake, FakeFunction};
use crate::capabilities::{InBar, Interrupts};
use crate::config::ConfigSpace;
use crate::function::Function;
use crate::scan::scan;
use crate::windows::{alone, windows};
use pci_api::Slot;

/// A function of random registers, a part of them plausible.
fn random(rng: &mut fastrand::Rng) -> FakeFunction {
    let mut function = FakeFunction::new(0x1042_1af4, rng.u32(..));
    for at in 0..64 {
        function.registers[at] = rng.u32(..);
        function.writable[at] = rng.u32(..);
    }
    if rng.bool() {
        function.registers[0] = 0x1042_1af4;
        function.registers[3] = 0;
    }
    for bar in 0..6 {
        if rng.bool() {
            let bits = rng.u32(4..32);
            let mask = u32::MAX << bits;
            let at = 4 + bar;
            function.registers[at] = rng.u32(..) & mask | if rng.bool() { 4 } else { 0 };
            function.writable[at] = mask;
        }
    }
    if rng.bool() {
        let table = u32::from(rng.u8(0..6)) | rng.u32(..) & 0x7ff8;
        function.msix(rng.u32(1..2049), table, table + 0x1000);
        function.list(&[(0x98, 0x11 | rng.u32(..) << 16), (0x40, 0x0110_0009)]);
    }
    function
}

/// The first and the last physical page of a structure.
fn pages(function: &Function, at: InBar) -> Option<(u64, u64)> {
    let bar = function.memory_bar(at.bar)?;
    let first = bar.address + at.offset;
    Some((first / 4096, (first + at.bytes - 1) / 4096))
}

#[test]
fn random_functions_get_no_page_that_they_must_not_have() {
    let mut rng = fastrand::Rng::with_seed(14);
    let mut given = 0;
    for _ in 0..3000 {
        let fake = Fake::default();
        for device in 0..4 {
            fake.add(Slot::new(0, device, 0), &random(&mut rng));
        }
        let all = scan(&fake);
        for function in &all {
            given += check(function, &all, &fake);
        }
    }
    assert!(given > 1000, "the test saw {given} windows");
}

/// Checks the windows of a function; returns their number.
fn check(function: &Function, all: &[Function], fake: &Fake) -> usize {
    let mut count = 0;
    let (first, last) = fake.physical().unwrap();
    for bar in alone(function, all, fake) {
        for window in windows(function, bar).windows {
            let from = bar.address / 4096 + u64::from(window.first_page);
            let to = from + u64::from(window.pages) - 1;
            assert!(to * 4096 < bar.address + bar.bytes);
            assert!(to < first / 4096 || last / 4096 < from, "configuration space");
            if let Interrupts::Msix(msix) = function.interrupts {
                for (begin, end) in
                    [msix.table, msix.pending].iter().filter_map(|at| pages(function, *at))
                {
                    assert!(to < begin || end < from, "the table");
                }
            }
            count += 1;
        }
    }
    count
}
