//! The interrupt descriptor table: all 256 vectors, one for all CPUs.

use super::tables::{InterruptStack, KERNEL_CODE};
use super::vectors;
use core::cell::UnsafeCell;
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use x86_64::VirtAddr;
use x86_64::instructions::tables::{DescriptorTablePointer, lidt};

/// One gate, as the hardware reads it.
///
/// Source: Intel SDM 3A, figure 6-8 "64-Bit IDT Gate Descriptors".
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gate {
    low: u64,
    high: u64,
}

const PRESENT: u64 = 1 << 47;
const INTERRUPT_GATE: u64 = 0xe << 40;
const PRIVILEGE_SHIFT: u32 = 45;
const STACK_SHIFT: u32 = 32;
const SELECTOR_SHIFT: u32 = 16;

impl Gate {
    const NONE: Self = Self { low: 0, high: 0 };

    fn new(address: u64, privilege: u64, stack: u64) -> Self {
        let low = (address & 0xffff)
            | u64::from(KERNEL_CODE.0) << SELECTOR_SHIFT
            | stack << STACK_SHIFT
            | INTERRUPT_GATE
            | privilege << PRIVILEGE_SHIFT
            | PRESENT
            | (address >> 16 & 0xffff) << 48;
        Self { low, high: address >> 32 }
    }

    /// The least privileged level that may use it by an `int` instruction.
    pub(crate) fn privilege(self) -> u64 {
        self.low >> PRIVILEGE_SHIFT & 3
    }

    /// Whether it is in use.
    pub(crate) fn present(self) -> bool {
        self.low & PRESENT != 0
    }

    /// The stack of its own that it uses, counted from 1; 0 for none.
    pub(crate) fn stack(self) -> u64 {
        self.low >> STACK_SHIFT & 7
    }

    /// Where it leads.
    pub(crate) fn address(self) -> u64 {
        (self.low & 0xffff) | (self.low >> 48) << 16 | self.high << 32
    }
}

/// The last byte of the table.
const LIMIT: u16 = 256 * 16 - 1;
const _: () = assert!(size_of::<[Gate; 256]>() == LIMIT as usize + 1);

struct Table(UnsafeCell<[Gate; 256]>);

// SAFETY: written by one call of `fill` and read only after it, which `FILLED` makes sure.
unsafe impl Sync for Table {}

static TABLE: Table = Table(UnsafeCell::new([Gate::NONE; 256]));

/// A debug exception has a stack of its own because it can come at the kernel's very first
/// instruction, with the user's stack pointer and gs: one that MOV SS delayed over SYSCALL
/// or INT (CVE-2018-8897).
fn gate_for(vector: u8, stub: u64) -> Gate {
    let privilege = if vectors::USER_MAY_RAISE.contains(&vector) { 3 } else { 0 };
    let stack = match vector {
        vectors::NMI => InterruptStack::Nmi as u64 + 1,
        vectors::DOUBLE_FAULT => InterruptStack::DoubleFault as u64 + 1,
        vectors::MACHINE_CHECK => InterruptStack::MachineCheck as u64 + 1,
        vectors::DEBUG => InterruptStack::Debug as u64 + 1,
        _ => 0,
    };
    Gate::new(stub, privilege, stack)
}

/// Whether the table is being filled, and whether it is.
static BEGUN: AtomicBool = AtomicBool::new(false);
static FILLED: AtomicBool = AtomicBool::new(false);

/// Fills the table with gates to the stubs of all vectors. Once, before any other function here.
///
/// # Safety
/// `stub_address` gives the address of a stub that handles the vector.
pub(crate) unsafe fn fill(stub_address: fn(u8) -> u64) {
    assert!(!BEGUN.swap(true, Relaxed), "the table of interrupts is filled twice");
    for vector in 0..=u8::MAX {
        // SAFETY: nothing else writes it, and nothing reads it before `FILLED`.
        unsafe { (*TABLE.0.get())[usize::from(vector)] = gate_for(vector, stub_address(vector)) };
    }
    FILLED.store(true, Release);
}

fn must_be_filled() {
    assert!(FILLED.load(Acquire), "the table of interrupts is empty");
}

/// Lets this CPU use it.
pub(crate) fn load() {
    must_be_filled();
    let base = VirtAddr::from_ptr(TABLE.0.get());
    // SAFETY: a static table in which each gate leads to its stub.
    unsafe { lidt(&DescriptorTablePointer { limit: LIMIT, base }) };
}

/// The gate of a vector.
pub(crate) fn gate(vector: u8) -> Gate {
    must_be_filled();
    // SAFETY: never written once it is filled.
    unsafe { (*TABLE.0.get())[usize::from(vector)] }
}
