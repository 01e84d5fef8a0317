//! The local interrupt controller: end of interrupt, timer, interrupts between CPUs.
//!
//! By memory, not x2APIC: the emulator that counts (QEMU 7.2's TCG) has no x2APIC, and
//! the few registers are not worth a crate.
//!
//! Source: Intel SDM 3A, chapter 11 "APIC".

use super::super::cpu::features::features;
use super::super::entry::vectors;
use super::super::time;
use super::registers::Registers;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use core_kernel::logic::rate::{Reference, Window};
use spin::Once;
use x86_64::registers::model_specific::{ApicBase, ApicBaseFlags, Msr};

const ID: u16 = 0x20;
const TASK_PRIORITY: u16 = 0x80;
const END_OF_INTERRUPT: u16 = 0xb0;
const SPURIOUS: u16 = 0xf0;
const IN_SERVICE: u16 = 0x100;
const ERROR_STATUS: u16 = 0x280;
const COMMAND_LOW: u16 = 0x300;
const COMMAND_HIGH: u16 = 0x310;
const LOCAL_TIMER: u16 = 0x320;
const LOCAL_LINT0: u16 = 0x350;
const LOCAL_LINT1: u16 = 0x360;
const LOCAL_ERROR: u16 = 0x370;
const INITIAL_COUNT: u16 = 0x380;
const CURRENT_COUNT: u16 = 0x390;
const DIVIDE: u16 = 0x3e0;

const ENABLED: u32 = 1 << 8;
const MASKED: u32 = 1 << 16;
const DEADLINE_MODE: u32 = 2 << 17;
const DIVIDE_BY_16: u32 = 3;
const ASSERT: u32 = 1 << 14;
const DELIVER_NMI: u32 = 4 << 8;
const DELIVER_INIT: u32 = 5 << 8;
const DELIVER_STARTUP: u32 = 6 << 8;
const SENDING: u32 = 1 << 12;
const MSR_DEADLINE: u32 = 0x6e0;
const NS_PER_SECOND: u64 = 1_000_000_000;

static CONTROLLER: Once<Registers> = Once::new();
/// Timer ticks in 2^32 nanoseconds.
static TICKS_PER_NS: AtomicU64 = AtomicU64::new(0);

fn registers() -> Registers {
    match CONTROLLER.get() {
        Some(registers) => *registers,
        None => core::panic!("the local interrupt controller is not there yet"),
    }
}

/// Takes the controllers into use, on the boot CPU. Each CPU sees its own at this place.
pub(crate) fn init(mapped: Registers) {
    CONTROLLER.call_once(|| mapped);
    enable();
}

/// Switches the controller of this CPU on; everything local is masked but the timer.
pub(crate) fn enable() {
    let (base, flags) = ApicBase::read();
    let x2apic = flags.contains(ApicBaseFlags::X2APIC_ENABLE);
    let off = flags - ApicBaseFlags::LAPIC_ENABLE - ApicBaseFlags::X2APIC_ENABLE;
    // SAFETY: at the address it has. Registers are in memory only without x2APIC, which
    // firmware may have on, and the way from there leads through off (SDM 3A, 11.12.5).
    unsafe {
        if x2apic {
            ApicBase::write(base, off);
        }
        ApicBase::write(base, off | ApicBaseFlags::LAPIC_ENABLE);
    }
    let timer_mode = if features().deadline_timer { DEADLINE_MODE } else { 0 };
    for (register, value) in [
        (SPURIOUS, ENABLED | u32::from(vectors::SPURIOUS)),
        (TASK_PRIORITY, 0),
        (LOCAL_LINT0, MASKED),
        // The machine's own non-maskable interrupt.
        (LOCAL_LINT1, DELIVER_NMI),
        (LOCAL_ERROR, u32::from(vectors::CONTROLLER_ERROR)),
        (DIVIDE, DIVIDE_BY_16),
        (LOCAL_TIMER, u32::from(vectors::TIMER) | timer_mode),
    ] {
        registers().write(register, value);
    }
}

/// The number of this CPU's controller.
pub(crate) fn id() -> u32 {
    registers().read(ID) >> 24
}

/// Whether it is on.
pub(crate) fn enabled() -> bool {
    registers().read(SPURIOUS) & ENABLED != 0
}

/// Done with the interrupt in service.
pub(crate) fn end_of_interrupt() {
    registers().write(END_OF_INTERRUPT, 0);
}

/// Whether an interrupt with this vector is in service.
pub(crate) fn in_service(vector: u8) -> bool {
    let register = IN_SERVICE + u16::from(vector / 32) * 0x10;
    registers().read(register) >> (vector % 32) & 1 != 0
}

/// Clears and returns what went wrong.
pub(crate) fn take_error() -> u32 {
    registers().write(ERROR_STATUS, 0);
    registers().read(ERROR_STATUS)
}

fn send(controller: u32, command: u32) {
    let registers = registers();
    while registers.read(COMMAND_LOW) & SENDING != 0 {
        core::hint::spin_loop();
    }
    registers.write(COMMAND_HIGH, controller << 24);
    registers.write(COMMAND_LOW, command | ASSERT);
}

/// Interrupts a CPU.
pub(crate) fn kick(controller: u32) {
    send(controller, u32::from(vectors::KICK));
}

/// Interrupts a CPU, to forget translations.
pub(crate) fn shoot(controller: u32) {
    send(controller, u32::from(vectors::SHOOTDOWN));
}

/// A non-maskable interrupt for a CPU.
pub(crate) fn send_nmi(controller: u32) {
    send(controller, DELIVER_NMI);
}

/// Stops a CPU until [`send_startup`].
pub(crate) fn send_init(controller: u32) {
    send(controller, DELIVER_INIT);
}

/// Starts a stopped CPU in real mode at this page below 1 MiB.
pub(crate) fn send_startup(controller: u32, page: u8) {
    send(controller, DELIVER_STARTUP | u32::from(page));
}

/// The rate that [`calibrate`] measures stamps by, in ticks a second of an assumed timer.
const AS_IF_HZ: u64 = 1_000_000_000;
/// Windows, as parts of a second.
const PART: u64 = 500;

/// Measures the timer's rate by time stamps, of which there are so many a second; a timer that
/// is set to a time stamp needs none of this. False: it does not count.
pub(crate) fn calibrate(stamp_hz: u64) -> bool {
    if features().deadline_timer {
        return true;
    }
    let registers = registers();
    registers.write(LOCAL_TIMER, u32::from(vectors::TIMER) | MASKED);
    registers.write(INITIAL_COUNT, u32::MAX);
    let reference = Reference { hz: AS_IF_HZ, mask: u64::from(u32::MAX) };
    let found = reference.measure(Window::Stamps(stamp_hz / PART), || {
        // It counts down.
        time::reading(|| u64::from(!registers.read(CURRENT_COUNT)))
    });
    registers.write(INITIAL_COUNT, 0);
    registers.write(LOCAL_TIMER, u32::from(vectors::TIMER));
    let Some(found) = found else { return false };
    if !found.agreed {
        defmt::warn!("timer: perhaps too fast or too slow: the measurements do not agree");
    }
    let hz = u128::from(stamp_hz) * u128::from(AS_IF_HZ) / u128::from(found.hz.max(1));
    let ticks = (hz << 32) / u128::from(NS_PER_SECOND);
    TICKS_PER_NS.store(u64::try_from(ticks).unwrap_or(u64::MAX).max(1), Relaxed);
    true
}

/// The timer interrupts once at this time, or a little later; at once if it is past.
/// A time that the counter cannot reach interrupts early, and the core sets it again.
pub(crate) fn set_timer(deadline_ns: Option<u64>) {
    if features().deadline_timer {
        // ORDER: the mode set through memory in `init` must be there before the register
        // is written (SDM 3A, 11.5.4.1); nothing else here is ordered by it.
        core::sync::atomic::fence(core::sync::atomic::Ordering::SeqCst);
        // 0 disarms.
        let stamp = deadline_ns.map_or(0, |deadline| time::stamp_at(deadline).max(1));
        // SAFETY: the CPU has this register; it only sets the timer.
        return unsafe { Msr::new(MSR_DEADLINE).write(stamp) };
    }
    let count = deadline_ns.map_or(0, |deadline| ticks_until(deadline, time::now_ns()));
    registers().write(INITIAL_COUNT, count);
}

/// Rounded up, so that it does not interrupt before the deadline; 0 would disarm.
fn ticks_until(deadline_ns: u64, now_ns: u64) -> u32 {
    let left = u128::from(deadline_ns.saturating_sub(now_ns));
    let ticks = (left * u128::from(TICKS_PER_NS.load(Relaxed))) >> 32;
    u32::try_from(ticks + 1).unwrap_or(u32::MAX)
}
