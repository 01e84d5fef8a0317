//! Starting the other CPUs.
//!
//! ```text
//!   boot CPU                           other CPU
//!   INIT to each, 10 ms                stops, waits for a startup interrupt
//!   for each, one after another:
//!     stack, startup ----------------> trampoline: 16, 32, 64 bits
//!     waits                            own tables, registers, controller
//!                  <------------------ running
//!   self-tests                         parked: halted, does errands
//!   the core is made -----------------> parked: enters the core
//! ```
//! One after another, so that the trampoline needs no lock: its orders are for one CPU. One
//! that does not answer gets INIT again, which stops it wherever it is, so it cannot come
//! late and take what is meant for the next.
//!
//! Source: Intel SDM 3A, 8.4.4 "MP Initialization Example".

use super::super::cpu::block::{CPUS, CpuBlock, next, others, this_cpu};
use super::super::cpu::lapic;
use super::super::cpu::local::PerCpu;
use super::super::cpu::tables::Stacks;
use super::super::{entry, irq, time};
use super::handover::Boot;
use super::stacks;
use super::trampoline::Trampoline;
use core::arch::naked_asm;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicBool, AtomicU64};
use core_kernel::CpuId;
use heapless::Vec;
use spin::Mutex;

const MS: u64 = 1_000_000;
/// The time that a CPU is given to stop.
const STOP_NS: u64 = 10 * MS;
/// A CPU that has not come by now has missed its first startup interrupt.
const AGAIN_NS: u64 = 10 * MS;
/// A CPU that has not come by now is left out.
const PATIENCE_NS: u64 = 1000 * MS;
/// An errand takes no longer, unless its CPU is lost.
const ERRAND_NS: u64 = 1000 * MS;
/// Without x2APIC, controllers from here on cannot be addressed.
const CONTROLLERS_END: u32 = 0xff;

/// The one that is being started.
static NEWCOMER: Mutex<Option<(CpuId, Stacks)>> = Mutex::new(None);
/// What one CPU does before the core runs on it.
#[repr(align(64))]
struct Errand {
    /// Empty when it is done.
    work: Mutex<Option<fn()>>,
    /// What it found out.
    answer: AtomicU64,
}

static ERRANDS: PerCpu<Errand> =
    PerCpu::new([const { Errand { work: Mutex::new(None), answer: AtomicU64::new(0) } }; CPUS]);

static CORE_IS_READY: AtomicBool = AtomicBool::new(false);

/// Starts the other CPUs that ACPI has found, `most` with this one.
pub(crate) fn start_all(boot: &mut Boot, most: usize) {
    let me = lapic::id();
    let known = boot.platform.cpus.iter().copied();
    let known = known.filter(|controller| *controller != me && *controller < CONTROLLERS_END);
    let chosen: Vec<u32, CPUS> = known.take(most.min(CPUS).saturating_sub(1)).collect();
    start(boot, &chosen, PATIENCE_NS);
    others(this_cpu()).for_each(check_clock);
}

/// Starts the CPUs with these controllers.
pub(crate) fn start(boot: &mut Boot, controllers: &[u32], patience_ns: u64) {
    let Some(page) = boot.start_page.filter(|_| !controllers.is_empty()) else { return };
    let trampoline = Trampoline::new(page, boot.space.root(), &mut boot.frames);
    controllers.iter().copied().for_each(lapic::send_init);
    wait(STOP_NS, || false);
    // A CPU that does not come leaves its number and stacks to the next.
    let mut spare = None;
    for controller in controllers.iter().copied() {
        let next = next();
        let stacks =
            *spare.get_or_insert_with(|| stacks::map(next.id(), &mut boot.space, &mut boot.frames));
        if start_one(&trampoline, controller, (next, stacks), patience_ns) {
            spare = None;
        } else {
            defmt::warn!("the CPU with controller {=u32} does not start: left out", controller);
        }
    }
    trampoline.close();
}

fn start_one(
    trampoline: &Trampoline,
    controller: u32,
    (next, stacks): (&'static CpuBlock, Stacks),
    patience_ns: u64,
) -> bool {
    *NEWCOMER.lock() = Some((next.id(), stacks));
    trampoline.prepare(stacks.kernel, entered as *const () as u64);
    lapic::send_startup(controller, trampoline.number());
    if wait(AGAIN_NS.min(patience_ns), || next.running()) {
        return true;
    }
    lapic::send_startup(controller, trampoline.number());
    if wait(patience_ns, || next.running()) {
        return true;
    }
    lapic::send_init(controller);
    wait(STOP_NS, || false);
    false
}

/// Waits so long at most: whether it came.
fn wait(ns: u64, came: impl Fn() -> bool) -> bool {
    let end = time::now_ns() + ns;
    while !came() {
        if time::now_ns() > end {
            return false;
        }
        core::hint::spin_loop();
    }
    true
}

/// From the trampoline, on its own stack: rdi = the kernel's root.
#[unsafe(naked)]
unsafe extern "C" fn entered(_root: u64) -> ! {
    naked_asm!("mov cr3, rdi", "call {arrived}", "ud2", arrived = sym arrived)
}

extern "C" fn arrived() -> ! {
    let newcomer = NEWCOMER.lock().take();
    if let Some((id, stacks)) = newcomer {
        let cpu = entry::init(id, &stacks);
        lapic::enable();
        irq::join(cpu);
    }
    parked(this_cpu())
}

/// Halted until the core is there, but for errands.
fn parked(cpu: &'static CpuBlock) -> ! {
    loop {
        // Not held while the errand runs.
        let errand = *ERRANDS.of(cpu).work.lock();
        if let Some(errand) = errand {
            errand();
            *ERRANDS.of(cpu).work.lock() = None;
        } else if CORE_IS_READY.load(Acquire) {
            entry::dispatch::join(cpu)
        } else {
            // Interrupts come in during the halt only, so an IPI after the looks above
            // ends it.
            x86_64::instructions::interrupts::enable_and_hlt();
            x86_64::instructions::interrupts::disable();
        }
    }
}

/// Sends a parked CPU on an errand.
pub(crate) fn send(cpu: &CpuBlock, errand: fn()) {
    *ERRANDS.of(cpu).work.lock() = Some(errand);
    lapic::send_ipi(cpu.controller());
}

/// Whether a CPU comes back from its errand in time.
pub(crate) fn comes_back(cpu: &CpuBlock) -> bool {
    wait(ERRAND_NS, || ERRANDS.of(cpu).work.lock().is_none())
}

/// What a CPU's errand found out.
pub(crate) fn answer(cpu: &CpuBlock) -> &'static AtomicU64 {
    &ERRANDS.of(cpu).answer
}

/// Lets the parked CPUs into the core.
///
/// ORDER: Release pairs with the Acquire in `parked`: a CPU that sees it sees the core.
pub(crate) fn admit_parked() {
    CORE_IS_READY.store(true, Release);
    others(this_cpu()).for_each(|cpu| lapic::send_ipi(cpu.controller()));
}

/// How far a CPU's clock is outside of what this CPU saw before and after asking for it.
pub(crate) fn clock_error(cpu: &CpuBlock) -> Option<u64> {
    let before = time::stamp();
    send(cpu, || answer(this_cpu()).store(time::stamp(), Relaxed));
    let back = comes_back(cpu);
    let (answer, after) = (answer(cpu).load(Relaxed), time::stamp());
    let error = before.saturating_sub(answer).max(answer.saturating_sub(after));
    back.then_some(error)
}

/// Looks at a CPU's clock. The host may stop either CPU meanwhile, and then nothing is seen.
const LOOKS: usize = 8;

/// All CPUs read one clock: the time-stamp counters must agree.
fn check_clock(cpu: &'static CpuBlock) {
    let errors = (0..LOOKS).map(|_| clock_error(cpu));
    // The largest that was seen is there; `None`, if any, is the least.
    match errors.max().flatten() {
        Some(0) => {}
        Some(stamps) => {
            defmt::warn!("the clock of CPU {=u16} is {=u64} stamps off", cpu.id().0, stamps);
        }
        None => defmt::warn!("CPU {=u16} does not answer", cpu.id().0),
    }
}
