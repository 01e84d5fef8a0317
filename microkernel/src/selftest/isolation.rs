//! Nothing is both writable and executable, and nothing is mapped that should not be.

use super::bench::{Bench, Check, Outcome};
use crate::arch::x86_64::cpu;
use crate::arch::x86_64::cpu::tables::{self, InterruptStack};
use crate::arch::x86_64::mm::image;
use crate::arch::x86_64::mm::layout::{DEVICES, KERNEL_BASE, STACK_SLOT, STACKS};
use crate::arch::x86_64::mm::range::Range;
use crate::arch::x86_64::mm::table::{self, ENTRIES, KERNEL_HALF, Leaf, Table, active, span};
use crate::arch::x86_64::probe::{self, Caught, Target};
use core::sync::atomic::Ordering::Relaxed;

pub(super) const CHECKS: &[Check] = &[
    ("space-nothing-writable-and-executable", write_xor_execute),
    ("space-no-writable-alias-of-code", no_alias),
    ("space-only-text-is-executable", only_text_executes),
    ("space-kernel-half-closed-to-users", closed_to_users),
    ("space-no-identity-mapping", no_identity),
    ("space-device-registers-uncached", devices_uncached),
    ("space-stack-guards-unmapped", guards_unmapped),
    ("space-all-sections-mapped", sections_mapped),
    ("probe-text-not-writable", text_refuses),
    ("probe-rodata-not-writable", rodata_refuses),
    ("probe-text-alias-not-writable", alias_refuses),
    ("probe-data-writable", data_accepts),
    ("probe-guard-page-faults", guard_faults),
    ("probe-null-faults", null_faults),
    ("probe-non-canonical-faults", non_canonical_faults),
];

const PAGE: u64 = abi::PAGE_SIZE;
const PAGE_FAULT: u64 = 14;
const GENERAL_PROTECTION: u64 = 13;
const PRESENT_WRITE: u64 = 0b11;

/// Calls with each leaf and its address.
fn each_leaf(table: Table, level: u32, base: u64, act: &mut dyn FnMut(u64, Leaf)) {
    let first = if level == table::ROOT_LEVEL { KERNEL_HALF } else { 0 };
    for slot in first..ENTRIES {
        let entry = table.get(slot);
        let address = base + slot as u64 * span(level);
        match table.below(slot) {
            Some(below) if level > 0 => each_leaf(below, level - 1, address, act),
            _ if entry.present() => act(address, Leaf { table, slot, level, entry }),
            _ => {}
        }
    }
}

/// Kernel addresses have their upper 16 bits set.
const UPPER: u64 = 0xffff_0000_0000_0000;

fn count(test: impl Fn(u64, Leaf) -> bool) -> u64 {
    let mut found = 0;
    each_leaf(active(), table::ROOT_LEVEL, UPPER, &mut |address, leaf| {
        found += u64::from(test(address, leaf));
    });
    found
}

fn write_xor_execute(bench: &mut Bench<'_>) -> Outcome {
    bench.hold("no leaves found at all", count(|_, _| true) > 10)?;
    let both = count(|_, leaf| leaf.entry.writable() && leaf.entry.executable());
    bench.equal("pages with both", both, 0)
}

fn no_alias(bench: &mut Bench<'_>) -> Outcome {
    let sealed = bench.boot.facts.sealed;
    let covers = |leaf: Leaf| {
        let start = leaf.entry.frame().address();
        Range { start, end: start + span(leaf.level) }.overlaps(sealed)
    };
    bench.hold("sealed frames are known", sealed.start < sealed.end)?;
    let aliases = count(|_, leaf| leaf.entry.writable() && covers(leaf));
    bench.equal("writable pages over text or rodata", aliases, 0)
}

fn only_text_executes(bench: &mut Bench<'_>) -> Outcome {
    let text = image::text();
    let outside = |address| !(text.start..text.end).contains(&address);
    bench.equal("elsewhere", count(|at, leaf| leaf.entry.executable() && outside(at)), 0)?;
    let pages = count(|_, leaf| leaf.entry.executable());
    bench.equal("executable pages", pages, (text.end - text.start) / PAGE)
}

fn closed_to_users(bench: &mut Bench<'_>) -> Outcome {
    bench.equal("pages open to users", count(|_, leaf| leaf.entry.user_mode()), 0)
}

fn no_identity(bench: &mut Bench<'_>) -> Outcome {
    let low = (0..KERNEL_HALF).filter(|slot| active().get(*slot).present()).count();
    bench.equal("entries of the user half", low as u64, 0)
}

fn devices_uncached(bench: &mut Bench<'_>) -> Outcome {
    let device = |at| (DEVICES..STACKS).contains(&at);
    let all = count(|at, _| device(at));
    let controllers = 1 + bench.boot.platform.ioapics.len() as u64;
    let timers = u64::from(bench.boot.platform.hpet.is_some());
    bench.equal("mapped registers", all, controllers + timers)?;
    let uncached = count(|at, leaf| device(at) && leaf.entry.uncached());
    bench.equal("uncached", uncached, all)
}

/// The tops of all stacks of all CPUs.
fn stacks() -> impl Iterator<Item = u64> {
    cpu::running().flat_map(|cpu| {
        let interrupt =
            InterruptStack::ALL.into_iter().map(|stack| tables::interrupt_stack(cpu, stack));
        interrupt.chain([cpu.kernel_stack.load(Relaxed)])
    })
}

/// The first page below a stack that is not mapped.
fn guard(top: u64) -> u64 {
    let mut page = top / PAGE * PAGE;
    while active().leaf(page).is_some_and(|leaf| leaf.entry.writable()) {
        page -= PAGE;
    }
    page
}

fn guards_unmapped(bench: &mut Bench<'_>) -> Outcome {
    for top in stacks() {
        let guard = guard(top);
        bench.hold("no stack", top - guard > PAGE)?;
        bench.hold("no guard page in its slot", guard >= top / STACK_SLOT * STACK_SLOT)?;
        bench.hold("a guard page is mapped", active().leaf(guard).is_none())?;
    }
    Ok(())
}

fn sections_mapped(bench: &mut Bench<'_>) -> Outcome {
    for section in [image::text(), image::rodata(), image::data()] {
        let pages = (section.start..section.end).step_by(4096);
        let missing = pages.filter(|page| active().leaf(*page).is_none()).count();
        bench.equal("pages missing", missing as u64, 0)?;
    }
    Ok(())
}

fn refuses(bench: &mut Bench<'_>, caught: Option<Caught>) -> Outcome {
    bench.hold("the write went through", caught.is_some())?;
    let (vector, error) = caught.map_or((0, 0), |caught| (caught.vector, caught.error));
    bench.equal("vector", vector, PAGE_FAULT)?;
    bench.equal("error code", error, PRESENT_WRITE)
}

fn text_refuses(bench: &mut Bench<'_>) -> Outcome {
    let caught = probe::write(Target::Text);
    refuses(bench, caught)
}

fn rodata_refuses(bench: &mut Bench<'_>) -> Outcome {
    let caught = probe::write(Target::Rodata);
    refuses(bench, caught)
}

fn alias_refuses(bench: &mut Bench<'_>) -> Outcome {
    let caught = probe::write(Target::Alias);
    refuses(bench, caught)
}

fn data_accepts(bench: &mut Bench<'_>) -> Outcome {
    bench.hold("writing data faults", probe::write(Target::Data).is_none())
}

fn faults(bench: &mut Bench<'_>, address: u64, wanted: u64) -> Outcome {
    let vector = probe::read(address).map_or(0, |caught| caught.vector);
    bench.equal("vector", vector, wanted)
}

fn guard_faults(bench: &mut Bench<'_>) -> Outcome {
    for top in stacks() {
        faults(bench, guard(top) + PAGE - 1, PAGE_FAULT)?;
    }
    Ok(())
}

fn null_faults(bench: &mut Bench<'_>) -> Outcome {
    faults(bench, 0, PAGE_FAULT)?;
    faults(bench, image::text().start - KERNEL_BASE, PAGE_FAULT)
}

fn non_canonical_faults(bench: &mut Bench<'_>) -> Outcome {
    faults(bench, 1 << 63, GENERAL_PROTECTION)
}
