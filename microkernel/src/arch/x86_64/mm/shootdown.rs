//! TLB shootdown.
//!
//! ```text
//!   CPU that holds the kernel          CPU with the same root loaded
//!   changes the table
//!   request = root, interrupt -------> at the very start of the interrupt, or while it
//!   waits until request = 0            waits for the kernel: loads the root again,
//!            <------------------------ request = 0
//!   frees what was mapped
//! ```
//! One request and one interrupt for each piece of a long operation, whatever it changed: the target flushes all that is not global.
//!
//! ORDER: 1. Only the CPU that holds the kernel asks, so there is one request at a time.
//! 2. A CPU changes its root only while it holds the kernel, or when it is asked to: the
//! CPU that holds the kernel knows which root each CPU has. 3. A target never waits with interrupts
//! off for what the asking CPU holds, but for the kernel, and there it serves requests: so
//! the asking CPU always gets its answer. 4. Release of the request pairs with the
//! target's Acquire: it loads the root after the table was changed. Release of the answer
//! pairs with the Acquire of the asking CPU: it frees after the target has flushed.

mod request;

use super::super::cpu::block::{CPUS, CpuBlock, others};
use super::super::cpu::lapic;
use super::super::cpu::local::PerCpu;
use super::entry::Entry;
use super::table::{Leaf, Table};
use abi::FaultKind;
use core::sync::atomic::{self, AtomicBool, AtomicU64, Ordering::Relaxed};
use core_kernel::Fault;
use core_kernel::machine::Phys;
use spin::Once;

/// Beside a root, which is the address of a page: not only flush, but leave it.
const LEAVE: u64 = 1;
/// Beside a root: a large page of it is being split, and is not present meanwhile.
const SPLIT: u64 = 2;

/// What one CPU is asked for.
#[repr(align(64))]
pub(crate) struct Shootdowns {
    /// The request of another CPU.
    request: AtomicU64,
    /// A large page of its root was split since its last fault.
    pub(crate) splits: AtomicBool,
    /// The number of requests.
    pub(crate) count: AtomicU64,
}

/// Those of all CPUs.
pub(crate) static SHOOTDOWNS: PerCpu<Shootdowns> = PerCpu::new(
    [const {
        Shootdowns {
            request: AtomicU64::new(0),
            splits: AtomicBool::new(false),
            count: AtomicU64::new(0),
        }
    }; CPUS],
);

/// The root with nothing but the kernel's half.
static KERNEL_ROOT: Once<Table> = Once::new();

/// Names the root for CPUs that must leave theirs.
pub(crate) fn set_kernel_root(root: Table) {
    KERNEL_ROOT.call_once(|| root);
}

/// Makes a root the active one of this CPU, unless it is.
#[inline(always)]
pub(crate) fn switch_to(cpu: &CpuBlock, root: Table) {
    let frame = root.frame().address();
    if cpu.active_root.load(Relaxed) != frame {
        cpu.active_root.store(frame, Relaxed);
        load(root);
    }
}

/// Leaves this CPU with the kernel's half alone.
pub(crate) fn switch_to_kernel(cpu: &CpuBlock) {
    if let Some(root) = KERNEL_ROOT.get() {
        switch_to(cpu, *root);
    }
}

/// Loads a root, and so flushes user translations.
#[inline(always)]
fn load(root: Table) {
    // SAFETY: every root has the kernel's half, so the kernel goes on running. Not by
    // `Cr3::write`, which checks each time what holds for every `Table`: a page's address.
    unsafe { core::arch::asm!("mov cr3, {}", in(reg) root.frame().address(), options(nostack)) };
}

fn has(cpu: &CpuBlock, root: Table) -> bool {
    cpu.active_root.load(Relaxed) == root.frame().address()
}

/// No CPU uses an old translation of this root any more. For the CPU that holds the kernel.
pub(crate) fn flush(me: &CpuBlock, root: Table) {
    if has(me, root) {
        load(root);
    }
    ask(me, root, 0);
}

/// Replaces the entry of a large page by a table that maps the same frames by small pages.
///
/// ORDER: no CPU ever has translations of both sizes for an address, which some CPUs answer with
/// a machine check (CVE-2018-12207, AMD erratum 383): the page is made not present, all CPUs flush,
/// then the table is put in place. A thread on another CPU that uses the page meanwhile faults,
/// waits for the kernel, and finds by [`is_mapped_again`] that it only has to try again.
///
/// # Safety
/// The leaf is one of the root's, of the user half, and the table maps the same frames.
pub(crate) unsafe fn split(me: &CpuBlock, root: Table, large: Leaf, table: Entry) {
    // SAFETY: it only makes less reachable.
    unsafe { large.set(Entry::NONE) };
    if has(me, root) {
        load(root);
    }
    ask(me, root, SPLIT);
    // SAFETY: the caller's promise: what was reachable before.
    unsafe { large.set(table) };
}

/// Whether a page was missing only while it was split: the program's access works now. For the
/// CPU that holds the kernel.
#[inline(always)]
pub(crate) fn is_mapped_again(cpu: &CpuBlock, fault: &Fault) -> bool {
    SHOOTDOWNS.of(cpu).splits.load(Relaxed) && is_mapped_after_split(cpu, fault)
}

#[cold]
fn is_mapped_after_split(cpu: &CpuBlock, fault: &Fault) -> bool {
    SHOOTDOWNS.of(cpu).splits.store(false, Relaxed);
    let leaf = super::table::active().user_leaf(fault.address);
    fault.kind == FaultKind::Page && leaf.is_some_and(|leaf| leaf.entry.permits(fault.code))
}

/// No CPU has this root any more. For the CPU that holds the kernel.
pub(crate) fn retire(me: &CpuBlock, root: Table) {
    if has(me, root) {
        switch_to_kernel(me);
    }
    ask(me, root, LEAVE);
}

fn ask(me: &CpuBlock, root: Table, how: u64) {
    for cpu in others(me).filter(|cpu| has(cpu, root)) {
        let shootdowns = SHOOTDOWNS.of(cpu);
        request::post(&shootdowns.request, root.frame().address() | how);
        shootdowns.count.fetch_add(1, Relaxed);
        lapic::send_shootdown(cpu.controller());
    }
    // A CPU that was not asked has no request.
    for cpu in others(me) {
        while !request::is_answered(&SHOOTDOWNS.of(cpu).request) {
            core::hint::spin_loop();
        }
    }
}

/// Does what another CPU asks for, if one does. With interrupts off.
pub(crate) fn serve(cpu: &CpuBlock) {
    request::serve(&SHOOTDOWNS.of(cpu).request, |what| {
        // SAFETY: the address of a root, as `ask` has put it there; the asking CPU waits, so
        // it still is one.
        let root = unsafe { Table::new(Phys::from_entry(what & !(LEAVE | SPLIT))) };
        match has(cpu, root) {
            true if what & LEAVE != 0 => switch_to_kernel(cpu),
            true => {
                load(root);
                if what & SPLIT != 0 {
                    SHOOTDOWNS.of(cpu).splits.store(true, Relaxed);
                }
            }
            // Left in the meantime, by the last request.
            false => {}
        }
    });
}
