//! The vector registers of this CPU, x87 among them: unlock, lock, load, save.
//!
//! The kernel itself is built without them: nothing here or elsewhere in it changes them
//! but these functions.
//!
//! **Shape.** Locked means CR0.TS: the first instruction that uses the registers raises
//! vector 7. States lie in frames of the core's, never in user memory, so a load cannot
//! fault on a header that a program made up.
//!
//! **Source.** Intel SDM 1, chapter 13; SDM 3A, 2.5 "Control registers" and chapter 14.

mod layout;

use core::arch::asm;
pub(crate) use layout::{Layout, Way, detect, layout};
use raw_cpuid::CpuId;
use x86_64::registers::control::{Cr0, Cr0Flags, Cr4, Cr4Flags};
use x86_64::registers::xcontrol::XCr0;

/// The x87 control word after FNINIT: all exceptions masked, full precision.
pub(crate) const CONTROL_WORD: u16 = 0x37f;
/// MXCSR after a reset: all exceptions masked, to nearest.
pub(crate) const MXCSR: u32 = 0x1f80;
/// Where FXSAVE and XSAVE keep these two.
pub(crate) const CONTROL_WORD_AT: usize = 0;
pub(crate) const MXCSR_AT: usize = 24;

/// The start of the state of a thread that never used the registers. All that follows is
/// zeros; in the header of XSAVE that means: every component as after a reset.
pub(crate) const CLEAN: [u8; 32] = {
    let mut bytes = [0; 32];
    [bytes[CONTROL_WORD_AT], bytes[CONTROL_WORD_AT + 1]] = CONTROL_WORD.to_le_bytes();
    [bytes[MXCSR_AT], bytes[MXCSR_AT + 1], bytes[MXCSR_AT + 2], bytes[MXCSR_AT + 3]] =
        MXCSR.to_le_bytes();
    bytes
};

/// A whole state of that kind, to empty registers with.
#[repr(C, align(64))]
struct CleanState([u8; 640]);

static CLEAN_STATE: CleanState = {
    let mut state = CleanState([0; 640]);
    let mut at = 0;
    while at < CLEAN.len() {
        state.0[at] = CLEAN[at];
        at += 1;
    }
    state
};

/// Lets this CPU keep vector state; the registers are locked afterwards. `reads_locked` tells
/// whether XSAVE reads registers that are locked, where there is XSAVE.
pub(crate) fn enable(reads_locked: fn() -> bool) {
    let layout = detect(&CpuId::new());
    // SAFETY: 1. Every x86_64 has FXSAVE and SSE; XSAVE is switched on where CPUID has it,
    // with components that it offers. 2. The kernel uses no such register, so locking them
    // takes nothing from it.
    unsafe {
        Cr4::update(|flags| {
            flags.insert(Cr4Flags::OSFXSR | Cr4Flags::OSXMMEXCPT_ENABLE);
            flags.set(Cr4Flags::OSXSAVE, layout.way != Way::Fx);
        });
        if layout.way != Way::Fx {
            XCr0::write_raw(layout.components.bits());
        }
        Cr0::update(|flags| {
            flags.remove(Cr0Flags::EMULATE_COPROCESSOR);
            flags.insert(Cr0Flags::MONITOR_COPROCESSOR | Cr0Flags::NUMERIC_ERROR);
            flags.insert(Cr0Flags::TASK_SWITCHED);
        });
    }
    // An emulator that does not tell that it is one reads locked registers all the same.
    let readable = || layout.way != Way::Fx && reads_locked();
    layout::set(|| Layout { wipe: layout.wipe || readable(), ..layout });
}

/// Unlocks the registers as they are.
pub(crate) fn unlock() {
    // SAFETY: the core decided that the thread that runs next may use what is in them.
    unsafe { asm!("clts", options(nomem, nostack, preserves_flags)) };
}

/// Locks the registers. False when they were emptied for it; they are unlocked before.
pub(crate) fn lock() -> bool {
    let wipe = layout().wipe;
    if wipe {
        // SAFETY: the state is a constant of the right size and alignment.
        unsafe { restore(CLEAN_STATE.0.as_ptr()) };
    }
    // SAFETY: it only makes the registers fault.
    unsafe { Cr0::update(|flags| flags.insert(Cr0Flags::TASK_SWITCHED)) };
    !wipe
}

/// Writes the unlocked registers to memory.
///
/// # Safety
/// `state` is a frame for this alone.
pub(crate) unsafe fn save(state: *mut u8) {
    let layout = layout();
    let [low, high] = halves(layout);
    // SAFETY: the caller's promise; a frame is aligned and large enough for every layout.
    unsafe {
        match layout.way {
            Way::Fx => asm!("fxsave64 [{}]", in(reg) state, options(nostack, preserves_flags)),
            Way::Standard => asm!(
                "xsave64 [{}]", in(reg) state, in("eax") low, in("edx") high,
                options(nostack, preserves_flags),
            ),
            Way::Optimised => asm!(
                "xsaveopt64 [{}]", in(reg) state, in("eax") low, in("edx") high,
                options(nostack, preserves_flags),
            ),
        }
    }
}

/// Unlocks the registers and fills them.
///
/// # Safety
/// `state` is a frame that [`save`] wrote, or that starts with [`CLEAN`] and is zero otherwise.
pub(crate) unsafe fn load(state: *const u8) {
    unlock();
    // SAFETY: the caller's promise.
    unsafe { restore(state) };
}

/// Fills the unlocked registers.
///
/// # Safety
/// As for [`load`]; at least the header of XSAVE and all that it names is there.
unsafe fn restore(state: *const u8) {
    let layout = layout();
    let [low, high] = halves(layout);
    if layout.pointers_stay {
        settle_pointers();
    }
    // SAFETY: 1. the caller's promise: a good state, so no fault. 2. The kernel uses none of
    // the registers, so that the compiler need not know that they change.
    unsafe {
        match layout.way {
            Way::Fx => asm!("fxrstor64 [{}]", in(reg) state, options(nostack, readonly)),
            Way::Standard | Way::Optimised => asm!(
                "xrstor64 [{}]", in(reg) state, in("eax") low, in("edx") high,
                options(nostack, readonly),
            ),
        }
    }
}

/// Makes the x87 error pointers those of this very instruction and of a constant: a load on
/// such a CPU leaves them, and they would tell of the thread before.
fn settle_pointers() {
    // SAFETY: 1. No exception is pending after `fnclex`, and no register is in use after
    // `emms`, so `fild` raises nothing. 2. It reads eight bytes of a constant. 3. All that it changes is loaded next.
    unsafe {
        asm!(
            "fnclex", "emms", "fild qword ptr [{}]", in(reg) CLEAN_STATE.0.as_ptr(),
            options(nostack, readonly),
        );
    }
}

/// The components in two halves, as XSAVE wants them.
fn halves(layout: &Layout) -> [u32; 2] {
    let bits = layout.components.bits().to_le_bytes();
    let half = |at: usize| u32::from_le_bytes([bits[at], bits[at + 1], bits[at + 2], bits[at + 3]]);
    [half(0), half(4)]
}
