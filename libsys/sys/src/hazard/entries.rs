//! Tricky ways into the kernel, each once a real bug somewhere.

use core::arch::{asm, global_asm};
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

global_asm!(
    ".pushsection .text.hazard, \"ax\"",
    ".balign 4",
    ".global hazard_interrupts",
    "hazard_interrupts:",
    ".set vector, 0",
    ".rept 256",
    // In bytes: the assembler has a shorter form for vector 3.
    ".byte 0xcd, vector",
    "ret",
    ".balign 4",
    ".set vector, vector + 1",
    ".endr",
    ".global hazard_sleep",
    "hazard_sleep:",
    "mov eax, {sleep}",
    "mov rdi, -1",
    "syscall",
    "jmp hazard_sleep",
    ".global hazard_upcall_return",
    "hazard_upcall_return:",
    "mov eax, {upcall_return}",
    "mov rdi, rsi",
    "syscall",
    "ud2",
    ".global hazard_call",
    "hazard_call:",
    "mov eax, {call}",
    "mov esi, 1",
    "mov r15, rsp",
    "syscall",
    "jmp hazard_sleep",
    ".global hazard_spin",
    "hazard_spin:",
    "pause",
    "jmp hazard_spin",
    ".popsection",
    sleep = const abi::Syscall::Sleep as u64,
    call = const abi::Syscall::Call as u64,
    upcall_return = const abi::Syscall::UpcallReturn as u64,
);

unsafe extern "C" {
    safe static hazard_interrupts: u8;
    safe static hazard_sleep: u8;
    safe static hazard_upcall_return: u8;
    safe static hazard_call: u8;
    safe static hazard_spin: u8;
}

/// Bytes of an `int` instruction; behind it is a `ret`.
pub const INT_LENGTH: u64 = 2;

/// Where the `int` instruction of a vector is.
#[must_use]
pub fn interrupt_address(vector: u8) -> u64 {
    (&raw const hazard_interrupts).expose_provenance() as u64 + 4 * u64::from(vector)
}

/// Where a thread may start that sleeps for ever and needs no stack.
#[must_use]
pub fn sleep_for_ever() -> u64 {
    (&raw const hazard_sleep).expose_provenance() as u64
}

/// A handler of upcalls that leaves at once, on whatever stack it is.
#[must_use]
pub fn upcall_return() -> u64 {
    (&raw const hazard_upcall_return).expose_provenance() as u64
}

/// Where a thread may start that makes one call, then sleeps for ever: its argument is the
/// endpoint's handle, its stack pointer the address of the envelope.
#[must_use]
pub fn call_once() -> u64 {
    (&raw const hazard_call).expose_provenance() as u64
}

/// Where a thread may start that is always ready and needs no stack.
#[must_use]
pub fn spin_for_ever() -> u64 {
    (&raw const hazard_spin).expose_provenance() as u64
}

/// The `int` instruction of any vector.
pub fn interrupt(vector: u8) {
    // SAFETY: what it does to this program is the test's business: a fault that a handler
    // lets go on behind it, or the end.
    unsafe { asm!("call {}", in(reg) interrupt_address(vector), clobber_abi("C")) };
}

/// A breakpoint that tells a number: it is in `rax` of the stopped thread.
pub fn announce(number: u64) {
    // SAFETY: a breakpoint changes nothing; without a handler it ends the program.
    unsafe { asm!("int3", in("rax") number) };
}

/// A breakpoint, and right behind it a loop without end.
pub fn spin_behind_breakpoint() -> ! {
    // SAFETY: changes nothing.
    unsafe { asm!("int3", "2:", "pause", "jmp 2b", options(noreturn)) }
}

/// How user code comes into the kernel while it has odd flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By `int3`.
    Breakpoint,
    /// By an interrupt, in this number of iterations.
    Loop(u64),
}

/// Sets these flags, comes into the kernel, and tells the flags afterwards.
#[must_use]
pub fn flags_through(way: Way, flags: u64) -> u64 {
    macro_rules! through {
        ($($line:literal),*; $turns:expr) => {{
            let after;
            // SAFETY: all flags are put back before Rust code goes on.
            unsafe {
                asm!(
                    "pushfq",
                    "pushfq",
                    "or [rsp], {flags}",
                    "popfq",
                    $($line,)*
                    "pushfq",
                    "pop {after}",
                    "popfq",
                    flags = in(reg) flags,
                    after = out(reg) after,
                    inout("rcx") $turns => _,
                );
            }
            after
        }};
    }
    match way {
        Way::Breakpoint => through!("int3"; 0_u64),
        // Neither of the two changes a flag.
        Way::Loop(turns) => through!("2:", "lea rcx, [rcx - 1]", "jrcxz 3f", "jmp 2b", "3:"; turns),
    }
}

/// What follows a MOV SS, which holds a debug exception of its own back behind the next
/// instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterMovSs {
    /// `syscall` with this number.
    Syscall(u64),
    /// `int3`.
    Breakpoint,
    /// `int 0x80`.
    OldGate,
    /// `int 4`.
    Overflow,
    /// A load from address 0.
    PageFault,
    /// `ud2`.
    Undefined,
}

/// The stack selector that a program has.
#[must_use]
pub fn stack_selector() -> u16 {
    let selector;
    // SAFETY: reading it changes nothing.
    unsafe { asm!("mov {:x}, ss", out(reg) selector, options(nomem, nostack)) };
    selector
}

/// Loads SS from this word (CVE-2018-8897: watch it), then does something at once.
pub fn mov_ss_then(selector: &u16, next: AfterMovSs) {
    macro_rules! load {
        ($($line:literal),*; $number:expr) => {
            // SAFETY: 1. the selector is the one that SS has. 2. what comes next ends in a
            // fault that a handler lets go on behind it, ends the program, or is a call
            // without memory.
            unsafe {
                asm!(
                    "mov ss, word ptr [{selector}]",
                    $($line,)*
                    selector = in(reg) selector,
                    inout("rax") $number => _,
                    inout("rdi") 0_u64 => _,
                    inout("rsi") 0_u64 => _,
                    out("rcx") _,
                    out("r11") _,
                )
            }
        };
    }
    match next {
        AfterMovSs::Syscall(number) => load!("syscall"; number),
        AfterMovSs::Breakpoint => load!("int3"; 0_u64),
        AfterMovSs::OldGate => load!("int 0x80"; 0_u64),
        AfterMovSs::Overflow => load!("int 4"; 0_u64),
        AfterMovSs::PageFault => load!("mov al, byte ptr [rdi]"; 0_u64),
        AfterMovSs::Undefined => load!("ud2"; 0_u64),
    }
}

/// Whether user code may read and set the bases of fs and gs: the kernel lets it wherever the CPU
/// can.
#[must_use]
pub fn has_bases() -> bool {
    const FSGSBASE: u32 = 1;
    core::arch::x86_64::__cpuid_count(7, 0).ebx & FSGSBASE != 0
}

/// The bases of fs and gs, which user code may set by itself where the CPU lets it.
#[must_use]
pub fn bases() -> (u64, u64) {
    let (fs, gs);
    // SAFETY: reading them changes nothing.
    unsafe {
        asm!("rdfsbase {}", "rdgsbase {}", out(reg) fs, out(reg) gs, options(nomem, nostack))
    };
    (fs, gs)
}

/// Sets them.
pub fn set_bases(fs: u64, gs: u64) {
    // SAFETY: programs here use neither segment.
    unsafe { asm!("wrfsbase {}", "wrgsbase {}", in(reg) fs, in(reg) gs, options(nomem, nostack)) };
}

/// What a test's thread pointer shows.
static THREAD_WORD: AtomicU64 = AtomicU64::new(0);

/// Sets the word that [`thread_word`] reads where the thread pointer is the address returned.
pub fn set_thread_word(word: u64) -> u64 {
    THREAD_WORD.store(word, Relaxed);
    (&raw const THREAD_WORD).expose_provenance() as u64
}

/// The word at the thread pointer.
#[must_use]
pub fn thread_word() -> u64 {
    let word;
    // SAFETY: reading harms nothing; where nothing is mapped it faults, which is the test.
    unsafe { asm!("mov {}, fs:[0]", out(reg) word, options(nostack, readonly)) };
    word
}
