//! Uses of vector registers that may fault, and values to find again.

use super::super::mm::physmap;
use super::{Caught, caught};
use core::arch::{asm, naked_asm};
use core::cell::UnsafeCell;
use core_kernel::machine::Phys;

/// Uses the x87 registers and changes none; it may fault at its first instruction.
#[unsafe(naked)]
extern "C" fn use_vector() {
    naked_asm!("fnop", "ret")
}

/// The bytes of `fnop`.
const VECTOR_LENGTH: u64 = 2;

/// XSAVE of x87 and SSE registers to `rdi`, which has room for them and is aligned to 64.
///
/// # Safety
/// There is XSAVE, and nothing else uses that memory.
#[unsafe(naked)]
unsafe extern "C" fn save_here(_place: *mut u8, _: u64, _high: u64, _low: u64) {
    naked_asm!("mov eax, ecx", "jmp {save}", save = sym save_now)
}

/// The instruction itself, for [`save_here`].
#[unsafe(naked)]
unsafe extern "C" fn save_now() {
    naked_asm!("xsave64 [rdi]", "ret")
}

/// The bytes of that.
const SAVE_LENGTH: u64 = 4;

/// Writes the vector registers to a frame of the test's: what stopped it, if anything.
pub(crate) fn save(frame: Phys) -> Option<Caught> {
    // SAFETY: the test has XSAVE and gives a frame of its own.
    unsafe { save_here(physmap::pointer(frame), 0, 0, 0b11) };
    caught()
}

/// Room for an XSAVE of x87 and SSE registers.
#[repr(C, align(64))]
struct Scratch(UnsafeCell<[u8; 640]>);

// SAFETY: only `reads_locked` uses it, on the boot CPU before there are others.
unsafe impl Sync for Scratch {}

static SCRATCH: Scratch = Scratch(UnsafeCell::new([0; 640]));

/// Whether XSAVE reads the registers though they are locked, as they are now. To be called by the
/// boot CPU, which has XSAVE switched on.
pub(crate) fn reads_locked() -> bool {
    // SAFETY: the caller's promises; nothing else uses the place.
    unsafe { save_here(SCRATCH.0.get().cast(), 0, 0, 0b11) };
    caught().is_none()
}

/// Uses the vector registers: what stopped it, if anything.
pub(crate) fn touch() -> Option<Caught> {
    use_vector();
    caught()
}

/// Values in registers of each kind: xmm0, the upper half of ymm0 (where there is AVX), and
/// the one x87 register that is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct VectorValues {
    pub(crate) low: [u64; 2],
    pub(crate) high: [u64; 2],
    pub(crate) x87: u64,
}

/// Puts values into unlocked registers.
pub(crate) fn fill(values: &VectorValues, avx: bool) {
    // SAFETY: the kernel uses none of these registers; the caller unlocked them, and says
    // whether they have upper halves.
    unsafe {
        asm!(
            "fninit",
            "fild qword ptr [{values} + {x87}]",
            "test {avx:e}, {avx:e}",
            "jz 2f",
            "vmovdqu ymm0, [{values}]",
            "2:",
            "movdqu xmm1, [{values}]",
            values = in(reg) values,
            avx = in(reg) u32::from(avx),
            x87 = const core::mem::offset_of!(VectorValues, x87),
            options(nostack, readonly),
        );
    }
}

/// The bytes of the probe at this address, if there is one.
pub(super) fn length(address: u64) -> Option<u64> {
    match address {
        at if at == save_now as *const () as u64 => Some(SAVE_LENGTH),
        at if at == use_vector as *const () as u64 => Some(VECTOR_LENGTH),
        _ => None,
    }
}
