//! Other CPUs flush translations before the CPU that changed them goes on.
//!
//! Each other CPU reads a page in a loop, as a program would, while this CPU unmaps it. A
//! read that still works after `flush` has returned is a use after free.

use super::bench::{Bench, Check, Outcome};
use crate::arch::x86_64::boot::processors;
use crate::arch::x86_64::cpu::{self, CpuBlock, this_cpu};
use crate::arch::x86_64::irq::window;
use crate::arch::x86_64::mm::shootdown::{self, SHOOTDOWNS};
use crate::arch::x86_64::mm::table::Table;
use crate::arch::x86_64::probe::pages;
use crate::arch::x86_64::{probe, time};
use abi::{FaultKind, PAGE_SIZE, Protection};
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicBool, AtomicU64};
use core_kernel::Fault;
use core_kernel::machine::{Machine, Mapped, OwnedFrame, PageSize, Pages, Phys};
use spin::Mutex;
use x86_64::registers::control::Cr3;

pub(super) const CHECKS: &[Check] = &[
    ("smp_shootdown_by_interrupt", |bench| unmapped_while_read(bench, || read(window))),
    ("smp_shootdown_while_waiting", |bench| {
        unmapped_while_read(bench, || read(|| shootdown::serve(this_cpu())))
    }),
    ("smp_shootdown_asks_only_users_of_the_root", only_users_asked),
    ("smp_retired_root_is_left", retired_root_left),
    ("smp_split_flushes_before_small_pages_are_there", split_flushes),
];

const AT: u64 = 0x40_0000;
/// As many as one piece of a long operation changes.
const PAGES: u64 = 64;
/// Reads before the page goes.
const READS: u64 = 100;
const PATIENCE_NS: u64 = 5_000_000_000;

/// What the readers use.
static SPACE: Mutex<Option<Table>> = Mutex::new(None);
/// The page is gone for all CPUs: `flush` has returned.
static GONE: AtomicBool = AtomicBool::new(false);
/// Reads that worked all the same.
static STALE: AtomicU64 = AtomicU64::new(0);

fn others() -> impl Iterator<Item = &'static CpuBlock> {
    cpu::others(this_cpu())
}

/// A space with pages of the kernel's where a program has its own: reading those of a
/// program would fault in kernel mode.
fn space(bench: &mut Bench<'_>) -> Table {
    let frames = &mut bench.boot.frames;
    let table = bench.machine.new_page_table(OwnedFrame::of_boot(frames));
    for address in (AT..AT + PAGES * PAGE_SIZE).step_by(4096) {
        pages::map(table, address, frames);
    }
    *SPACE.lock() = Some(table);
    table
}

/// A reader: until the page is gone, or should be.
fn read(between: fn()) {
    let Some(table) = *SPACE.lock() else { return };
    let cpu = this_cpu();
    shootdown::switch_to(cpu, table);
    loop {
        let gone = GONE.load(Acquire);
        let faulted = probe::read(AT + PAGE_SIZE).is_some();
        if gone || faulted {
            STALE.fetch_add(u64::from(!faulted), Relaxed);
            return shootdown::switch_to_kernel(cpu);
        }
        processors::answer(cpu).fetch_add(1, Relaxed);
        between();
    }
}

fn unmapped_while_read(bench: &mut Bench<'_>, reader: fn()) -> Outcome {
    let table = space(bench);
    GONE.store(false, Relaxed);
    STALE.store(0, Relaxed);
    for cpu in others() {
        processors::answer(cpu).store(0, Relaxed);
        SHOOTDOWNS.of(cpu).count.store(0, Relaxed);
        processors::send(cpu, reader);
    }
    let end = time::now_ns() + PATIENCE_NS;
    while others().any(|cpu| processors::answer(cpu).load(Relaxed) < READS) && time::now_ns() < end
    {
        core::hint::spin_loop();
    }
    for address in (AT..AT + PAGES * PAGE_SIZE).step_by(4096) {
        pages::unmap(table, address);
    }
    bench.machine.flush(&table);
    GONE.store(true, Release);
    bench.hold("the page is still mapped", table.leaf(AT).is_none())?;
    for cpu in others() {
        bench.hold("a reader never ends", processors::comes_back(cpu))?;
        bench.hold("a reader never read", processors::answer(cpu).load(Relaxed) >= READS)?;
        bench.equal("interrupts for all pages", SHOOTDOWNS.of(cpu).count.load(Relaxed), 1)?;
    }
    bench.equal("reads of a page that was gone", STALE.load(Relaxed), 0)
}

fn only_users_asked(bench: &mut Bench<'_>) -> Outcome {
    let table = space(bench);
    let sum = || others().map(|cpu| SHOOTDOWNS.of(cpu).count.load(Relaxed)).sum();
    let before: u64 = sum();
    bench.machine.flush(&table);
    bench.machine.retire(&table);
    bench.equal("interrupts to CPUs that have another root", sum(), before)
}

fn retired_root_left(bench: &mut Bench<'_>) -> Outcome {
    let table = space(bench);
    let kernel = bench.machine.kernel_root().frame().address();
    bench.hold("they are one", kernel != table.frame().address())?;
    for cpu in others() {
        processors::send(cpu, || {
            if let Some(table) = *SPACE.lock() {
                shootdown::switch_to(this_cpu(), table);
            }
        });
        bench.hold("it does not come back", processors::comes_back(cpu))?;
        bench.equal("before", cpu.active_root.load(Relaxed), table.frame().address())?;
    }
    shootdown::switch_to(this_cpu(), table);
    bench.machine.retire(&table);
    bench.equal("this CPU's root", Cr3::read().0.start_address().as_u64(), kernel)?;
    for cpu in others() {
        processors::send(cpu, || {
            processors::answer(this_cpu()).store(Cr3::read().0.start_address().as_u64(), Relaxed);
        });
        bench.hold("it does not come back", processors::comes_back(cpu))?;
        bench.equal("another CPU's root", processors::answer(cpu).load(Relaxed), kernel)?;
    }
    Ok(())
}

/// A large page is split while other CPUs have its root: each is asked once, and remembers it
/// for its next fault.
fn split_flushes(bench: &mut Bench<'_>) -> Outcome {
    let mut table = space(bench);
    let large = AT + PageSize::Large.bytes();
    let page = Pages {
        address: large,
        frame: Phys::from_entry(PageSize::Large.bytes()),
        size: PageSize::Large,
        count: 1,
        protection: Protection::Read,
        device: false,
    };
    let frames = &mut bench.boot.frames;
    let map = bench.machine.map(&mut table, &page, &mut |_| Some(OwnedFrame::of_boot(frames)));
    bench.hold("it is mapped", map == Ok(Mapped { count: 1, replaced: None }))?;
    for cpu in others() {
        processors::send(cpu, || {
            if let Some(table) = *SPACE.lock() {
                shootdown::switch_to(this_cpu(), table);
            }
            // With interrupts on: it is asked.
            window();
        });
        bench.hold("it does not come back", processors::comes_back(cpu))?;
        SHOOTDOWNS.of(cpu).count.store(0, Relaxed);
        SHOOTDOWNS.of(cpu).splits.store(false, Relaxed);
    }
    let frames = &mut bench.boot.frames;
    let split = bench.machine.split(&mut table, large, &mut |_| Some(OwnedFrame::of_boot(frames)));
    bench.hold("no frame", split.is_ok())?;
    for cpu in others() {
        bench.equal("flushes", SHOOTDOWNS.of(cpu).count.load(Relaxed), 1)?;
        bench.hold("it does not know of the split", SHOOTDOWNS.of(cpu).splits.load(Relaxed))?;
        let again = Fault { kind: FaultKind::Page, code: 0, address: large };
        shootdown::switch_to(this_cpu(), table);
        bench.hold("a read is not tried again", shootdown::is_mapped_again(cpu, &again))?;
        let write = Fault { code: 1, ..again };
        bench.hold("a write is tried again", !shootdown::is_mapped_again(cpu, &write))?;
        bench.hold("it is remembered for ever", !SHOOTDOWNS.of(cpu).splits.load(Relaxed))?;
    }
    bench.machine.retire(&table);
    bench.hold("a small page", table.user_leaf(large).is_some_and(|leaf| leaf.level == 0))
}
