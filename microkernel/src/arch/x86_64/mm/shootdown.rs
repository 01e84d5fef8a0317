//! Making other CPUs forget translations.
//!
//! ```text
//!   CPU that holds the kernel          CPU with the same root loaded
//!   changes the table
//!   request = root, interrupt -------> at the very start of the interrupt, or while it
//!   waits until request = 0            waits for the kernel: loads the root again,
//!            <------------------------ request = 0
//!   frees what was mapped
//! ```
//! One request and one interrupt for each piece of a long operation (64 entries), whatever
//! it changed: the target forgets everything that is not global.
//!
//! ORDER: 1. Only the CPU that holds the kernel asks, so there is one request at a time.
//! 2. A CPU changes its root only while it holds the kernel, or when it is asked to: whoever
//! holds the kernel knows which root each CPU has. 3. A target never waits with interrupts
//! off for what the asking CPU holds, but for the kernel, and there it serves requests: so
//! the asking CPU always gets its answer. 4. Release of the request pairs with the
//! target's Acquire: it loads the root after the table was changed. Release of the answer
//! pairs with the Acquire of the asking CPU: it frees after the target has forgotten.

use super::super::cpu::{CpuBlock, others};
use super::super::irq::lapic;
use super::table::Table;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core_kernel::machine::Phys;
use spin::Once;

/// Beside a root, which is the address of a page: not only forget, but leave it.
const LEAVE: u64 = 1;

/// The root with nothing but the kernel's half.
static KERNEL_ROOT: Once<Table> = Once::new();

/// Names the root for CPUs that must leave theirs.
pub(crate) fn set_kernel_root(root: Table) {
    KERNEL_ROOT.call_once(|| root);
}

/// Makes a root the active one of this CPU, unless it is.
#[inline(always)]
pub(crate) fn switch_to(cpu: &CpuBlock, root: Table) {
    let frame = root.frame().0;
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

/// Loads a root, and so forgets what is cached of user translations.
#[inline(always)]
fn load(root: Table) {
    // SAFETY: every root has the kernel's half, so the kernel goes on running. Not by
    // `Cr3::write`, which checks each time what holds for every `Table`: a page's address.
    unsafe { core::arch::asm!("mov cr3, {}", in(reg) root.frame().0, options(nostack)) };
}

fn has(cpu: &CpuBlock, root: Table) -> bool {
    cpu.active_root.load(Relaxed) == root.frame().0
}

/// No CPU uses an old translation of this root any more. For the CPU that holds the kernel.
pub(crate) fn forget(me: &CpuBlock, root: Table) {
    if has(me, root) {
        load(root);
    }
    ask(me, root, 0);
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
        cpu.request.store(root.frame().0 | how, Release);
        cpu.shootdowns.fetch_add(1, Relaxed);
        lapic::shoot(cpu.controller());
    }
    // Whoever was not asked has no request.
    for cpu in others(me) {
        while cpu.request.load(Acquire) != 0 {
            core::hint::spin_loop();
        }
    }
}

/// Does what another CPU asks for, if one does. With interrupts off.
pub(crate) fn serve(cpu: &CpuBlock) {
    let request = cpu.request.load(Acquire);
    if request == 0 {
        return;
    }
    // SAFETY: the address of a root, as `ask` has put it there; the asking CPU waits, so
    // it still is one.
    let root = unsafe { Table::new(Phys(request & !LEAVE)) };
    match has(cpu, root) {
        true if request & LEAVE != 0 => switch_to_kernel(cpu),
        true => load(root),
        // Left in the meantime, by the last request.
        false => {}
    }
    cpu.request.store(0, Release);
}
