//! The local interrupt controller: end of interrupt, the timer's counter, interrupts between CPUs.
//!
//! By memory, not x2APIC: the emulator that counts (QEMU 7.2's TCG) has no x2APIC, and
//! the few registers are not worth a crate.
//!
//! Source: Intel SDM 3A, chapter 11 "APIC".

use super::super::registers::Registers;
use super::features::features;
use super::vectors;
use spin::Once;
use x86_64::registers::model_specific::{ApicBase, ApicBaseFlags};

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

static CONTROLLER: Once<Registers> = Once::new();

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

/// Sends the IPI that makes a CPU read its flags.
pub(crate) fn send_ipi(controller: u32) {
    send(controller, u32::from(vectors::IPI));
}

/// Sends the IPI of a TLB shootdown.
pub(crate) fn send_shootdown(controller: u32) {
    send(controller, u32::from(vectors::SHOOTDOWN));
}

/// An interrupt with this vector, for self-tests: as a message of a device.
pub(crate) fn send_fixed(controller: u32, vector: u8) {
    send(controller, vector.into());
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

/// Keeps the timer from interrupting, or lets it.
pub(crate) fn mask_timer(masked: bool) {
    let mask = if masked { MASKED } else { 0 };
    registers().write(LOCAL_TIMER, u32::from(vectors::TIMER) | mask);
}

/// Starts the timer's counter, which counts down once from here; 0 stops it.
pub(crate) fn set_counter(count: u32) {
    registers().write(INITIAL_COUNT, count);
}

/// The timer's counter.
pub(crate) fn counter() -> u32 {
    registers().read(CURRENT_COUNT)
}
