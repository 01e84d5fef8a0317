//! Deliberate wrongs, for test programs alone (feature `hazard`).
//!
//! Everything else in this crate keeps its user out of trouble; here a program gets into
//! it: system calls with any number and any argument, instructions that must fault. A
//! program that turns this on can break itself, and itself only: that this is so is what
//! its tests are about.

#[cfg(target_arch = "x86_64")]
pub mod entries;
pub mod vectors;

use core::arch::asm;

/// What a call left in the registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// 0 or an error's number.
    pub status: u64,
    /// `rdi`.
    pub value0: u64,
    /// `rsi`.
    pub value1: u64,
    /// `rdx`, `r10`, `r8`, `r9`, `r12`, `r13`, `r14`.
    pub words: [u64; 7],
    /// `r15`.
    pub token: u64,
}

/// Any system call with any registers.
pub fn call(number: u64, values: [u64; 2], words: [u64; 7], envelope: u64) -> Outcome {
    let mut out = Outcome { status: 0, value0: 0, value1: 0, words: [0; 7], token: 0 };
    // SAFETY: 1. all registers that a call may change are outputs. 2. what the kernel does
    // with memory is the test's choice: programs with this feature pass addresses of
    // buffers that they own, or addresses that must be refused.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number => out.status,
            inlateout("rdi") values[0] => out.value0,
            inlateout("rsi") values[1] => out.value1,
            inlateout("rdx") words[0] => out.words[0],
            inlateout("r10") words[1] => out.words[1],
            inlateout("r8") words[2] => out.words[2],
            inlateout("r9") words[3] => out.words[3],
            inlateout("r12") words[4] => out.words[4],
            inlateout("r13") words[5] => out.words[5],
            inlateout("r14") words[6] => out.words[6],
            inlateout("r15") envelope => out.token,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    out
}

/// The same with plain arguments; the status.
pub fn plain(number: u64, arguments: [u64; 6]) -> Outcome {
    let [a0, a1, a2, a3, a4, a5] = arguments;
    call(number, [a0, a1], [a2, a3, a4, a5, 0, 0, 0], 0)
}

/// The CPU's counter of ticks.
#[must_use]
pub fn ticks() -> u64 {
    // SAFETY: every x86_64 has it, and the kernel lets programs read it.
    unsafe { core::arch::x86_64::_rdtsc() }
}

/// Executes about this number of instructions that do nothing: a slowdown that a test finds.
pub fn burn(instructions: u64) {
    // Two in each round.
    if let Some(rounds) = core::num::NonZeroU64::new(instructions / 2) {
        // SAFETY: it counts a register down.
        unsafe {
            asm!("2: dec {}", "jnz 2b", inout(reg) rounds.get() => _, options(nomem, nostack))
        };
    }
}

/// Writes a port by an instruction, which faults unless it was allowed.
pub fn port_write(port: u16, value: u8) {
    // SAFETY: it touches no memory; where it is not allowed it faults, which is the test.
    unsafe { asm!("out dx, al", in("dx") port, in("al") value, options(nostack, nomem)) };
}

/// Reads a byte at any address.
pub fn read(address: u64) -> u8 {
    let value: u8;
    // SAFETY: reading harms nothing; where nothing is mapped it faults, which is the test.
    unsafe {
        asm!("mov {}, [{}]", out(reg_byte) value, in(reg) address, options(nostack, readonly))
    };
    value
}

/// Reads eight bytes at any address.
pub fn read_u64(address: u64) -> u64 {
    let value: u64;
    // SAFETY: as for `read`.
    unsafe { asm!("mov {}, [{}]", out(reg) value, in(reg) address, options(nostack, readonly)) };
    value
}

/// Writes a byte at any address.
pub fn write(address: u64, value: u8) {
    // SAFETY: the test gives addresses that must fault, or memory that is only reached
    // through this module.
    unsafe { asm!("mov [{}], {}", in(reg) address, in(reg_byte) value, options(nostack)) };
}

/// Calls code at any address.
pub fn jump(address: u64) {
    // SAFETY: the test gives addresses that must fault, or where a `ret` lies.
    unsafe { asm!("call {}", in(reg) address, clobber_abi("C")) };
}

/// Pushes until the stack ends.
pub fn exhaust_stack() {
    // SAFETY: never comes back: the push below the last page faults.
    unsafe { asm!("2: push rax", "jmp 2b", options(noreturn)) };
}

/// A system call with the stack pointer at an address that is none.
pub fn call_without_stack(number: u64) -> u64 {
    let status;
    // SAFETY: no push, no upcall and no call happens before the stack pointer is back.
    unsafe {
        asm!(
            "mov {saved}, rsp",
            "mov rsp, {wild}",
            "syscall",
            "mov rsp, {saved}",
            saved = out(reg) _,
            wild = in(reg) 0x8000_0000_0000_0000_u64,
            inlateout("rax") number => status,
            inlateout("rdi") 0_u64 => _,
            inlateout("rsi") 0_u64 => _,
            lateout("rcx") _,
            lateout("r11") _,
        );
    }
    status
}

/// A system call with these flags set; what they are afterwards.
pub fn call_with_flags(number: u64, flags: u64) -> (u64, u64) {
    let (status, after);
    // SAFETY: the direction flag and all others are put back before Rust code goes on.
    unsafe {
        asm!(
            "pushfq",
            "pushfq",
            "or [rsp], {flags}",
            "popfq",
            "syscall",
            "pushfq",
            "pop {after}",
            "popfq",
            flags = in(reg) flags,
            after = out(reg) after,
            inlateout("rax") number => status,
            inlateout("rdi") 0_u64 => _,
            inlateout("rsi") 0_u64 => _,
            lateout("rcx") _,
            lateout("r11") _,
        );
    }
    (status, after)
}

macro_rules! in_32_bit_code {
    ($($(#[$doc:meta])* $name:ident $instruction:literal,)*) => {$(
        $(#[$doc])*
        pub fn $name() -> ! {
            // SAFETY: never comes back: the kernel refuses the call of this 64-bit program,
            // and after it comes an instruction that is none.
            unsafe {
                asm!(
                    "ljmpl *8f(%rip)",
                    "8: .long 2f",
                    ".word 0x1b",
                    ".code32",
                    "2:",
                    $instruction,
                    "ud2",
                    ".code64",
                    options(att_syntax, noreturn),
                )
            }
        }
    )*};
}

in_32_bit_code! {
    /// Jumps into 32-bit code and calls through the gate of 32-bit programs.
    gate_in_32_bit_code "int $0x80",
    /// Jumps into 32-bit code and calls as 32-bit programs on AMD's CPUs do.
    syscall_in_32_bit_code "syscall",
}

macro_rules! instructions {
    ($($(#[$doc:meta])* $name:ident = $text:literal: $($line:literal),+;)*) => {
        /// An instruction that user code must not get away with.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Instruction { $($(#[$doc])* $name,)* }

        impl Instruction {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Runs it, with zeros in all registers that it could take something from.
            pub fn run(self) {
                match self {
                    // SAFETY: each faults before it does anything; the test is that it does.
                    $(Self::$name => unsafe {
                        asm!(
                            $($line,)+
                            inout("rax") 0_u64 => _,
                            inout("rcx") 0_u64 => _,
                            inout("rdx") 0_u64 => _,
                            inout("rdi") 0_u64 => _,
                        );
                    },)*
                }
            }
        }
    };
}

instructions! {
    /// Stops the CPU.
    Halt = "hlt": "hlt";
    /// Turns interrupts off.
    InterruptsOff = "cli": "cli";
    /// Turns interrupts on.
    InterruptsOn = "sti": "sti";
    /// Reads a port.
    PortIn = "in": "in al, dx";
    /// Writes a port.
    PortOut = "out": "out dx, al";
    /// Another address space.
    PageTable = "mov cr3": "mov cr3, rax";
    /// Reads a control register.
    ControlRead = "read cr0": "mov rax, cr0";
    /// Turns protection off.
    ControlWrite = "write cr0": "mov cr0, rax";
    /// Reads a machine register.
    MachineRead = "rdmsr": "rdmsr";
    /// Writes a machine register.
    MachineWrite = "wrmsr": "mov ecx, 0xc0000082", "wrmsr";
    /// Swaps the kernel's data in.
    SwapGs = "swapgs": "swapgs";
    /// A return that only the kernel makes.
    SysRet = "sysret": "sysretq";
    /// Forgets a translation.
    Invalidate = "invlpg": "invlpg [rdi]";
    /// Writes the caches back.
    Caches = "wbinvd": "wbinvd";
    /// Another interrupt table.
    InterruptTable = "lidt": "lidt [rdi]";
    /// Another segment table.
    SegmentTable = "lgdt": "lgdt [rdi]";
    /// Another task.
    Task = "ltr": "ltr ax";
    /// A debug register.
    DebugRegister = "mov dr7": "mov dr7, rax";
    /// Extended state of the kernel's choice.
    ExtendedState = "xsetbv": "xsetbv";
    /// A segment of a local table, which there is not.
    LocalSegment = "mov ds, ldt": "mov eax, 7", "mov ds, ax";
    /// A local segment table.
    LocalTable = "lldt": "lldt ax";
    /// Where the segment table is.
    SegmentTablePlace = "sgdt": "sgdt [rsp - 16]";
    /// Where the local table is.
    LocalTablePlace = "sldt": "sldt ax";
    /// A kernel segment.
    KernelStack = "mov ss": "mov eax, 16", "mov ss, ax";
    /// A double-fault gate.
    GateDoubleFault = "int 8": "int 8";
    /// A device's gate.
    GateDevice = "int 0x20": "int 0x20";
    /// The gate of 32-bit system calls.
    GateOld = "int 0x80": "int 0x80";
    /// The call of 32-bit programs on Intel's CPUs.
    Sysenter = "sysenter": "sysenter";
    /// An instruction that is none.
    Undefined = "ud2": "ud2";
    /// Division by zero.
    Divide = "div": "div rcx";
    /// A breakpoint.
    Breakpoint = "int3": "int3";
}
