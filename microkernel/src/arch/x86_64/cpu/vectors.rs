//! What each interrupt vector means.

use abi::FaultKind;
use core_kernel::Fault;

pub(crate) const DEBUG: u8 = 1;
pub(crate) const NMI: u8 = 2;
pub(crate) const BREAKPOINT: u8 = 3;
pub(crate) const OVERFLOW: u8 = 4;
/// A use of locked vector registers.
pub(crate) const VECTOR_USE: u8 = 7;
pub(crate) const DOUBLE_FAULT: u8 = 8;
pub(crate) const PAGE_FAULT: u8 = 14;
pub(crate) const MACHINE_CHECK: u8 = 18;
/// The first vector that is no exception.
pub(crate) const FIRST_INTERRUPT: u8 = 32;
/// The first vector of the device lines.
pub(crate) const FIRST_LINE: u8 = 0x30;
/// The gate of 32-bit system calls. No interrupt may ever have this vector: it would be
/// taken for a call (that no line gets there is asserted below).
pub(crate) const COMPAT_CALL: u8 = abi::COMPAT_VECTOR;
/// The first vector of messages of devices: behind those of the lines.
const FIRST_MESSAGE: u8 = FIRST_LINE + abi::IRQ_LINES.to_le_bytes()[0];
/// The first vector behind the gate of 32-bit calls.
const BEHIND_GATE: u8 = COMPAT_CALL + 1;
/// Vectors of messages in front of the gate.
const BEFORE_GATE: u8 = COMPAT_CALL - FIRST_MESSAGE;
/// The number of messages that a CPU has vectors for.
pub(crate) const MESSAGES: u8 = BEFORE_GATE + (TIMER - BEHIND_GATE);
/// The deadline timer.
pub(crate) const TIMER: u8 = 0xf0;
/// Another CPU set a flag of this one.
pub(crate) const IPI: u8 = 0xf1;
/// A TLB shootdown.
pub(crate) const SHOOTDOWN: u8 = 0xf2;
/// The interrupt controller has an error to report.
pub(crate) const CONTROLLER_ERROR: u8 = 0xfe;
/// The interrupt controller changed its mind; no end of interrupt.
pub(crate) const SPURIOUS: u8 = 0xff;

/// Vectors that an `int` instruction may raise from user mode.
pub(crate) const USER_MAY_RAISE: [u8; 3] = [BREAKPOINT, OVERFLOW, COMPAT_CALL];

const _: () = assert!(
    FIRST_LINE as usize + abi::IRQ_LINES <= COMPAT_CALL as usize && COMPAT_CALL < TIMER,
    "an interrupt on the vector of 32-bit calls forges a call"
);

/// The vector of a message, by its number.
pub(crate) fn of_message(number: u8) -> Option<u8> {
    match number {
        ..BEFORE_GATE => Some(FIRST_MESSAGE + number),
        BEFORE_GATE..MESSAGES => Some(BEHIND_GATE + (number - BEFORE_GATE)),
        _ => None,
    }
}

/// The number of the message that has this vector.
#[inline]
pub(crate) fn message(vector: u8) -> Option<u8> {
    match vector {
        ..FIRST_MESSAGE | COMPAT_CALL | TIMER.. => None,
        BEHIND_GATE.. => Some(vector - BEHIND_GATE + BEFORE_GATE),
        _ => Some(vector - FIRST_MESSAGE),
    }
}

/// Bit n set: the CPU pushes an error code for exception n.
pub(crate) const WITH_ERROR_CODE: u32 = 1 << 8
    | 1 << 10
    | 1 << 11
    | 1 << 12
    | 1 << 13
    | 1 << 14
    | 1 << 17
    | 1 << 21
    | 1 << 29
    | 1 << 30;

/// Bits of the page-fault error code.
const PAGE_WRITE: u64 = 1 << 1;
const PAGE_FETCH: u64 = 1 << 4;

/// What the core is told about an exception in user mode.
pub(crate) fn fault(vector: u64, error: u64, address: u64) -> Fault {
    let page = vector == u64::from(PAGE_FAULT);
    let kind = kind(vector);
    if page {
        let code = u64::from(error & PAGE_WRITE != 0) | u64::from(error & PAGE_FETCH != 0) << 1;
        return Fault { kind, code, address };
    }
    Fault { kind, code: error, address: 0 }
}

/// What the CPU says of an `int` through a gate that is not for user mode.
pub(crate) fn forbidden_gate(vector: u8) -> Fault {
    const IN_INTERRUPT_TABLE: u64 = 1 << 1;
    let code = u64::from(vector) << 3 | IN_INTERRUPT_TABLE;
    Fault { kind: FaultKind::Protection, code, address: 0 }
}

/// Source: Intel SDM 3A, table 6-1.
fn kind(vector: u64) -> FaultKind {
    match vector {
        14 => FaultKind::Page,
        // No opcode, no coprocessor (a use of locked vector registers never gets here).
        6 | 7 | 9 => FaultKind::IllegalInstruction,
        // Division, overflow, floating point, vectors.
        0 | 4 | 16 | 19 => FaultKind::Arithmetic,
        1 | 3 => FaultKind::Debug,
        18 => FaultKind::Machine,
        17 => FaultKind::Alignment,
        // General protection, stack, segments, bounds, control flow.
        _ => FaultKind::Protection,
    }
}
