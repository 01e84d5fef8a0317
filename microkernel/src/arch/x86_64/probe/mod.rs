//! Instructions that may fault: for the self-tests, and for what CPUID does not tell.

pub(crate) mod pages;
pub(crate) mod vectors;
pub(crate) mod watch;

use super::cpu::block::CPUS;
use super::cpu::frame::Trap;
use super::cpu::local::PerCpu;
use super::cpu::vectors::DEBUG;
use super::mm::image;
use super::mm::layout::{DEVICES, PHYSMAP, STACKS};
use core::arch::naked_asm;
use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicU8, AtomicU64};

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

/// What a probe ran into on one CPU: a vector above the error code's 32 bits; 0 for nothing.
#[repr(align(64))]
struct LastCaught(AtomicU64);

static CAUGHT: PerCpu<LastCaught> = PerCpu::new([const { LastCaught(AtomicU64::new(0)) }; CPUS]);

fn caught() -> Option<Caught> {
    let both = CAUGHT.here().0.swap(0, Relaxed);
    (both != 0).then_some(Caught { vector: both >> 32, error: both & 0xffff_ffff })
}

/// What a self-test tries to write.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// The kernel's code.
    Text,
    /// Its constants.
    Rodata,
    /// The frames of both, where the physmap shows them.
    Alias,
    /// A byte that is for this.
    Data,
}

impl Target {
    fn address(self) -> u64 {
        static OWN: AtomicU8 = AtomicU8::new(0);
        match self {
            Self::Text => image::text().start,
            Self::Rodata => image::rodata().start,
            Self::Alias => PHYSMAP + image::sealed_frames().start,
            Self::Data => core::ptr::from_ref(&OWN).expose_provenance() as u64,
        }
    }
}

/// Writes the byte that is there already: what stopped it, if anything.
pub(crate) fn write(target: Target) -> Option<Caught> {
    let address = target.address();
    // SAFETY: a byte of the image.
    let value = unsafe { read_here(address) };
    if let Some(caught) = caught() {
        return Some(caught);
    }
    // SAFETY: it writes what is there already; code and constants never change, and nothing else
    // uses the byte of `Data`.
    unsafe { write_here(address, value) };
    caught()
}

/// Reads a byte, which is no device register: what stopped it, if anything.
pub(crate) fn read(address: u64) -> Option<Caught> {
    assert!(!(DEVICES..STACKS).contains(&address), "reading a device could do anything");
    // SAFETY: it is no device: only its own tests map one into a user half, and none read it.
    let _ = unsafe { read_here(address) };
    caught()
}

/// The one hook of the tests in the kernel's own paths: an exception in kernel mode. Whether it is a
/// test's; then the kernel goes on, for a probe after the access.
pub(super) fn exception_in_kernel(trap: &mut Trap) -> bool {
    if trap.vector == u64::from(DEBUG) {
        watch::fired(trap.error);
        return true;
    }
    recover(trap)
}

/// Whether the exception is a probe's; then it goes on after the access.
fn recover(trap: &mut Trap) -> bool {
    let length = match trap.rip {
        at if at == write_here as *const () as u64 => WRITE_LENGTH,
        at if at == read_here as *const () as u64 => READ_LENGTH,
        at => match vectors::length(at) {
            Some(length) => length,
            None => return false,
        },
    };
    CAUGHT.here().0.store(trap.vector << 32 | trap.error & 0xffff_ffff, Relaxed);
    trap.rip += length;
    true
}

/// A debug exception, as if something that is watched for had happened.
pub(crate) fn debug_exception() {
    // SAFETY: the kernel notes debug exceptions and goes on behind the instruction.
    unsafe { core::arch::asm!("int 1") };
}
