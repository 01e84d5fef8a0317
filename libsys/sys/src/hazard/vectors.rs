//! All vector registers at once: filled, held while the kernel is at work, looked at.
//!
//! Programs that use this are built for the ordinary target: there nothing else touches
//! these registers, so what is in them is what was put there, or what leaked.

use alloc::boxed::Box;
use core::arch::asm;
use core::mem::offset_of;

/// Bytes of the state as XSAVE writes it, as far as it is looked at.
const BYTES: usize = 832;
/// x87, SSE and AVX in XSAVE's masks.
const COMPONENTS: u32 = 0b111;
const AVX: u32 = 0b100;
/// Control words of x87 and SSE after a reset, and where they are.
const CONTROL: u16 = 0x37f;
const MXCSR: u32 = 0x1f80;
const MXCSR_AT: usize = 24;
/// Where the header of XSAVE begins.
const HEADER: usize = 512;

/// The values of all vector registers.
#[repr(C, align(64))]
#[derive(Clone)]
pub struct Registers([u8; BYTES]);

impl Registers {
    /// What a thread finds that never used them.
    #[must_use]
    pub fn clean() -> Box<Self> {
        let mut all = Box::new(Self([0; BYTES]));
        all.0[..2].copy_from_slice(&CONTROL.to_le_bytes());
        all.0[MXCSR_AT..MXCSR_AT + 4].copy_from_slice(&MXCSR.to_le_bytes());
        all
    }

    /// Values that differ from register to register and from seed to seed, the rounding
    /// modes among them.
    #[must_use]
    pub fn pattern(seed: u8) -> Box<Self> {
        let mut all = Self::clean();
        // All x87 registers are in use.
        all.0[4] = 0xff;
        for part in Self::parts(true) {
            for at in part {
                all.0[at] = at.to_le_bytes()[0].wrapping_mul(29) ^ seed.wrapping_mul(53) | 1;
            }
        }
        all.0[1] |= (seed & 3) << 2;
        all.0[MXCSR_AT + 1] |= (seed & 3) << 5;
        all.0[HEADER] = components().to_le_bytes()[0];
        all
    }

    /// Where values are: 8 x87 registers of 80 bits, 16 SSE registers, their upper halves.
    fn parts(avx: bool) -> impl Iterator<Item = core::ops::Range<usize>> {
        let x87 = (0..8).map(|register| 32 + register * 16..42 + register * 16);
        let upper = avx.then_some(576..BYTES);
        x87.chain(core::iter::once(160..416)).chain(upper)
    }

    /// The number of registers that differ, control words among them.
    #[must_use]
    pub fn differences(&self, other: &Self) -> usize {
        let words = [0..2, MXCSR_AT..MXCSR_AT + 4];
        let parts = Self::parts(components() & AVX != 0).chain(words);
        parts.filter(|part| self.0[part.clone()] != other.0[part.clone()]).count()
    }
}

/// What XSAVE may be asked for; 0 where there is only FXSAVE.
#[must_use]
pub fn components() -> u32 {
    const OSXSAVE: u32 = 1 << 27;
    if core::arch::x86_64::__cpuid(1).ecx & OSXSAVE == 0 {
        return 0;
    }
    let low: u32;
    // SAFETY: the kernel lets programs use XSAVE, and XCR0 is there then.
    unsafe { asm!("xgetbv", in("ecx") 0, out("eax") low, out("edx") _, options(nomem, nostack)) };
    low & COMPONENTS
}

/// What the assembly below is told and tells.
#[repr(C)]
struct Job {
    load: *const u8,
    store: *mut u8,
    components: u64,
    times: u64,
    number: u64,
    values: [u64; 2],
    status: u64,
}

/// Fills all registers, makes the system call `times` times, and tells what is in them
/// then, and all its statuses at once (or-ed).
#[must_use]
pub fn hold(
    registers: &Registers,
    number: u64,
    values: [u64; 2],
    times: u64,
) -> (Box<Registers>, u64) {
    run(registers.0.as_ptr(), number, values, times)
}

/// What is in the registers.
#[must_use]
pub fn look() -> Box<Registers> {
    run(core::ptr::null(), 0, [0; 2], 0).0
}

fn run(load: *const u8, number: u64, values: [u64; 2], times: u64) -> (Box<Registers>, u64) {
    let mut found = Box::new(Registers([0; BYTES]));
    let store = found.0.as_mut_ptr();
    let components = u64::from(components());
    let mut job = Job { load, store, components, times, number, values, status: 0 };
    // SAFETY: 1. all registers that it or the kernel changes are clobbers; rbx is put back.
    // 2. it loads a whole state with a good header, and stores one where there is room for
    // it, both aligned. 3. the control words are put back to what compiled code expects.
    // 4. what the call does with memory is the test's choice, as for `hazard::call`.
    unsafe {
        asm!(
            // A use that every machine sees: QEMU's XSAVE and XRSTOR ignore CR0.TS.
            "fnop",
            "push rbx",
            "mov rbx, rdi",
            "mov rcx, [rbx + {load}]",
            "test rcx, rcx",
            "jz 4f",
            "mov eax, [rbx + {components}]",
            "xor edx, edx",
            "test eax, eax",
            "jz 3f",
            "xrstor64 [rcx]",
            "jmp 4f",
            "3:",
            "fxrstor64 [rcx]",
            "4:",
            "cmp qword ptr [rbx + {times}], 0",
            "je 5f",
            "mov rax, [rbx + {number}]",
            "mov rdi, [rbx + {values}]",
            "mov rsi, [rbx + {values} + 8]",
            "xor r15d, r15d",
            "syscall",
            "or [rbx + {status}], rax",
            "dec qword ptr [rbx + {times}]",
            "jmp 4b",
            "5:",
            "mov rcx, [rbx + {store}]",
            "mov eax, [rbx + {components}]",
            "xor edx, edx",
            "test eax, eax",
            "jz 6f",
            "xsave64 [rcx]",
            "jmp 7f",
            "6:",
            "fxsave64 [rcx]",
            "7:",
            "fninit",
            "push {mxcsr}",
            "ldmxcsr [rsp]",
            "pop rbx",
            "pop rbx",
            load = const offset_of!(Job, load),
            store = const offset_of!(Job, store),
            components = const offset_of!(Job, components),
            times = const offset_of!(Job, times),
            number = const offset_of!(Job, number),
            values = const offset_of!(Job, values),
            status = const offset_of!(Job, status),
            mxcsr = const MXCSR,
            in("rdi") &raw mut job,
            out("r12") _,
            out("r13") _,
            out("r14") _,
            out("r15") _,
            clobber_abi("sysv64"),
        );
    }
    (found, job.status)
}

/// Divides by zero with exceptions on, in x87 registers.
pub fn divide_x87() {
    // SAFETY: it faults at `fwait` at the latest, which is the test; if not, `fninit` puts
    // back what compiled code expects.
    unsafe {
        asm!(
            "push 0",
            "fninit",
            "fldcw [rsp]",
            "fld1",
            "fldz",
            "fdivp",
            "fwait",
            "fninit",
            "pop rax",
            clobber_abi("sysv64"),
        );
    }
}

/// The same in SSE registers.
pub fn divide_sse() {
    // SAFETY: as above, for MXCSR.
    unsafe {
        asm!(
            "push 0",
            "ldmxcsr [rsp]",
            "xorps xmm0, xmm0",
            "divps xmm0, xmm0",
            "push {mxcsr}",
            "ldmxcsr [rsp]",
            "pop rax",
            "pop rax",
            mxcsr = const MXCSR,
            clobber_abi("sysv64"),
        );
    }
}
