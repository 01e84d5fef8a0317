//! Memory accesses that may fault, for the self-tests alone.

pub(crate) mod vectors;

use super::cpu::this_cpu;
use super::entry::frame::Trap;
use core::arch::naked_asm;
use core::sync::atomic::Ordering::Relaxed;

/// Writes a byte at `rdi`; the address of its first instruction is where it may fault, and
/// all that follows is a `ret`.
///
/// # Safety
/// The byte may be written, or writing it faults.
#[unsafe(naked)]
unsafe extern "C" fn write_here(_address: u64, _value: u8) {
    naked_asm!("mov [rdi], sil", "ret")
}

/// Reads a byte at `rdi`, as [`write_here`].
///
/// # Safety
/// Reading the byte has no effect on a device.
#[unsafe(naked)]
unsafe extern "C" fn read_here(_address: u64) -> u8 {
    naked_asm!("mov al, [rdi]", "ret")
}

/// Bytes of both probing instructions: `mov [rdi], sil` has a prefix more.
const WRITE_LENGTH: u64 = 3;
const READ_LENGTH: u64 = 2;

/// The exception that an access raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Caught {
    /// Its vector.
    pub(crate) vector: u64,
    /// Its error code.
    pub(crate) error: u64,
}

fn caught() -> Option<Caught> {
    let both = this_cpu().caught.swap(0, Relaxed);
    (both != 0).then_some(Caught { vector: both >> 32, error: both & 0xffff_ffff })
}

/// Writes the byte that is there already: what stopped it, if anything.
pub(crate) fn write(address: u64) -> Option<Caught> {
    // SAFETY: the tests name RAM, code or nothing, never a device.
    let value = unsafe { read_here(address) };
    if let Some(caught) = caught() {
        return Some(caught);
    }
    // SAFETY: it writes what is there already, with interrupts off.
    unsafe { write_here(address, value) };
    caught()
}

/// Reads a byte: what stopped it, if anything.
pub(crate) fn read(address: u64) -> Option<Caught> {
    // SAFETY: as for `write`.
    let _ = unsafe { read_here(address) };
    caught()
}

/// Whether the exception is a probe's; then it goes on after the access.
pub(super) fn recover(trap: &mut Trap) -> bool {
    let length = match trap.rip {
        at if at == write_here as *const () as u64 => WRITE_LENGTH,
        at if at == read_here as *const () as u64 => READ_LENGTH,
        at => match vectors::length(at) {
            Some(length) => length,
            None => return false,
        },
    };
    this_cpu().caught.store(trap.vector << 32 | trap.error & 0xffff_ffff, Relaxed);
    trap.rip += length;
    true
}

/// A debug exception, as if something that is watched for had happened.
pub(crate) fn debug_exception() {
    // SAFETY: the kernel notes debug exceptions and goes on behind the instruction.
    unsafe { core::arch::asm!("int 1") };
}
