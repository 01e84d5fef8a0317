//! The end, when the kernel itself is wrong.
//!
//! A path of its own: no locks, no gs, no core, no formatting into memory that others use.
//! The first CPU that panics stops the others by NMI, wherever they are, so that what it
//! tells stays readable. To COM1 and as a text record to the log; then the machine ends.

use super::cpu::block::{CpuBlock, running};
use super::cpu::frame::Trap;
use super::cpu::lapic;
use super::{debug, index, log, mm, serial};
use abi::{LogKind, exit_code};
use core::fmt::{self, Write};
use core::panic::PanicInfo;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use heapless::String;
use x86_64::registers::control::Cr2;

/// The most return addresses that are shown.
const BACKTRACE: usize = 24;

/// The first CPU that panicked, by the number of its interrupt controller, plus 1.
static PANICKING: AtomicU32 = AtomicU32::new(0);
/// CPUs that have stopped because of it.
static STOPPED: AtomicU32 = AtomicU32::new(0);
/// How often the panicking CPU looks whether the others have stopped.
const PATIENCE: u32 = 10_000_000;

/// This CPU, without gs: it may be what is wrong.
fn here() -> u32 {
    let features = raw_cpuid::CpuId::new().get_feature_info();
    features.map_or(0, |features| u32::from(features.initial_local_apic_id())) + 1
}

/// One CPU tells; for one that panics while it tells, the machine ends.
fn first_to_panic(here: u32) {
    match PANICKING.compare_exchange(0, here, AcqRel, Acquire) {
        Ok(_) => {}
        Err(other) if other == here => debug::exit(exit_code::PANIC),
        Err(_) => stop(),
    }
}

/// Another CPU panicked.
fn stop() -> ! {
    STOPPED.fetch_add(1, Relaxed);
    loop {
        x86_64::instructions::interrupts::disable();
        x86_64::instructions::hlt();
    }
}

/// From the non-maskable interrupt: stops this CPU for good when another one panics.
pub(super) fn stop_if_wanted() {
    let panicking = PANICKING.load(Acquire);
    if panicking != 0 && panicking != here() {
        stop();
    }
}

/// Stops all other CPUs, so that none writes to the log or changes what is reported. Returns the
/// number of those that do not stop.
fn stop_others(here: u32) -> u32 {
    let others = || running().map(CpuBlock::controller).filter(|other| *other + 1 != here);
    let mut wanted = 0;
    for controller in others() {
        lapic::send_nmi(controller);
        wanted += 1;
    }
    for _ in 0..PATIENCE {
        if STOPPED.load(Relaxed) >= wanted {
            break;
        }
        core::hint::spin_loop();
    }
    wanted.saturating_sub(STOPPED.load(Relaxed))
}

/// Text to COM1 and into a buffer for the log.
struct Report(String<2048>);

impl Write for Report {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // A full buffer only shortens the record.
        let _ = self.0.push_str(text);
        serial::Serial.write_str(text)
    }
}

/// Ends the machine after `tell` has said why.
fn report(frame_pointer: u64, tell: impl FnOnce(&mut Report) -> fmt::Result) -> ! {
    x86_64::instructions::interrupts::disable();
    let here = here();
    first_to_panic(here);
    let running_on = stop_others(here);
    let mut report = Report(String::new());
    // COM1 cannot fail, and nothing is left to do if it did.
    let _ = serial::Serial.write_str("\n");
    let _ = report.write_str("kernel panic: ");
    let _ = tell(&mut report);
    let _ = backtrace(&mut report, frame_pointer);
    if running().count() > 1 {
        let me = here - 1;
        let _ = writeln!(report, "on the CPU with controller {me}; not stopped: {running_on}");
    }
    log::record(LogKind::Text, report.0.as_bytes());
    debug::exit(exit_code::PANIC)
}

/// An exception in kernel mode that is a bug of the kernel.
pub(crate) fn exception(trap: &Trap) -> ! {
    report(trap.rbp, |out| {
        writeln!(out, "exception {} in kernel mode, error code {:#x}", trap.vector, trap.error)?;
        registers(out, trap)?;
        writeln!(out, "backtrace:\n  {:#018x}", trap.rip)
    })
}

fn registers(out: &mut Report, trap: &Trap) -> fmt::Result {
    let [rdx, r10, r8, r9, r12, r13, r14] = trap.words;
    let rows = [
        [("rip", trap.rip), ("rsp", trap.rsp), ("rfl", trap.rflags), ("cr2", Cr2::read_raw())],
        [("rax", trap.rax), ("rbx", trap.rbx), ("rcx", trap.rcx), ("rdx", rdx)],
        [("rsi", trap.rsi), ("rdi", trap.rdi), ("rbp", trap.rbp), ("r8 ", r8)],
        [("r9 ", r9), ("r10", r10), ("r11", trap.r11), ("r12", r12)],
        [("r13", r13), ("r14", r14), ("r15", trap.r15), ("cs ", trap.cs)],
    ];
    for row in rows {
        for (name, value) in row {
            write!(out, "  {name} {value:016x}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Return addresses, following the frame pointers as long as they lead to mapped memory
/// further up. The host names them: `llvm-addr2line -e postern`.
fn backtrace(out: &mut Report, mut frame_pointer: u64) -> fmt::Result {
    for _ in 0..BACKTRACE {
        let Some((next, address)) = stack_frame(frame_pointer) else { break };
        writeln!(out, "  {address:#018x}")?;
        if next <= frame_pointer {
            break;
        }
        frame_pointer = next;
    }
    Ok(())
}

fn stack_frame(frame_pointer: u64) -> Option<(u64, u64)> {
    let kernel = frame_pointer >= mm::layout::PHYSMAP && frame_pointer.is_multiple_of(8);
    let tables = mm::table::active();
    let mapped = |address| tables.translate_kernel(address).is_some();
    if !kernel || !mapped(frame_pointer) || !mapped(frame_pointer.checked_add(15)?) {
        return None;
    }
    let place: *const u64 = core::ptr::with_exposed_provenance(index(frame_pointer));
    // SAFETY: both words are mapped kernel memory, as just checked, and aligned.
    let (next, address) = unsafe { (place.read_volatile(), place.add(1).read_volatile()) };
    (address >= mm::layout::KERNEL_BASE).then_some((next, address))
}

#[panic_handler]
fn panicked(info: &PanicInfo<'_>) -> ! {
    let frame_pointer: u64;
    // SAFETY: only reads a register.
    unsafe {
        core::arch::asm!("mov {}, rbp", out(reg) frame_pointer, options(nomem, nostack, preserves_flags));
    }
    report(frame_pointer, |out| {
        writeln!(out, "{}", info.message())?;
        if let Some(place) = info.location() {
            writeln!(out, "  at {place}")?;
        }
        writeln!(out, "backtrace:")
    })
}
