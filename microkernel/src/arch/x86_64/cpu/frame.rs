//! The saved registers of a thread, exactly as the stubs push them.

use super::super::index;
use super::bases::Bases;
use super::block::CpuBlock;
use super::tables::{USER_CODE, USER_CODE_32, USER_DATA};
use abi::{CompatCall, SavedFrame, ThreadMode, USER_END, WORDS};
use core::mem::offset_of;
use core::sync::atomic::Ordering::Relaxed;
use core_kernel::logic::before_int;
use core_kernel::machine::{Frame, thread_pointer_at};
use x86_64::registers::rflags::RFlags;

/// What every stub leaves on the stack, from the last push up to the CPU's own.
#[repr(C)]
#[derive(Clone, Debug, Default)]
pub(crate) struct Trap {
    pub(crate) r15: u64,
    pub(crate) r11: u64,
    pub(crate) rbp: u64,
    pub(crate) rdi: u64,
    pub(crate) rsi: u64,
    pub(crate) rcx: u64,
    pub(crate) rbx: u64,
    pub(crate) rax: u64,
    /// rdx r10 r8 r9 r12 r13 r14: the message words, in their order.
    pub(crate) words: [u64; WORDS],
    /// The vector, or [`SYSCALL_MARK`].
    pub(crate) vector: u64,
    /// The CPU's error code, or 0.
    pub(crate) error: u64,
    pub(crate) rip: u64,
    pub(crate) cs: u64,
    pub(crate) rflags: u64,
    pub(crate) rsp: u64,
    pub(crate) ss: u64,
}

impl Trap {
    /// All zero.
    const EMPTY: Self = Self {
        r15: 0,
        r11: 0,
        rbp: 0,
        rdi: 0,
        rsi: 0,
        rcx: 0,
        rbx: 0,
        rax: 0,
        words: [0; WORDS],
        vector: 0,
        error: 0,
        rip: 0,
        cs: 0,
        rflags: 0,
        rsp: 0,
        ss: 0,
    };
}

/// In place of a vector: the thread came by SYSCALL.
pub(crate) const SYSCALL_MARK: u64 = 0x100;
/// In place of a vector: the registers were put together by the kernel.
pub(crate) const MADE_MARK: u64 = 0x101;
/// In place of a vector: the thread came by SYSENTER.
pub(crate) const SYSENTER_MARK: u64 = 0x102;
/// In place of a vector: the thread came by SYSCALL out of 32-bit code.
pub(crate) const SYSCALL32_MARK: u64 = 0x103;

/// The saved registers of a thread. Entries push into it from its end downwards, so its end is
/// aligned as the CPU aligns a stack before it pushes: to 16.
///
/// Frames of threads lie in memory of their own (`mm::thread_frames`).
#[repr(C, align(16))]
#[derive(Clone, Debug, Default)]
pub(crate) struct UserFrame {
    /// During a 32-bit call: the thread's own rdx, rsi and rdi, whose places have values of
    /// the call.
    kept: [u64; 3],
    /// Which code it runs, for good.
    pub(crate) mode: ThreadMode,
    /// Whether a 32-bit call is in progress.
    in_compat_call: bool,
    /// The bases of fs and gs, while the CPU does not hold them.
    pub(crate) bases: Bases,
    /// Everything else.
    pub(crate) trap: Trap,
}

const _: () = assert!(size_of::<UserFrame>().is_multiple_of(16));
// Nothing follows the trap: entries push from the end downwards.
const _: () = assert!(offset_of!(UserFrame, trap) + size_of::<Trap>() == size_of::<UserFrame>());

/// Flags that user mode may choose.
const USER_FLAGS: RFlags = RFlags::CARRY_FLAG
    .union(RFlags::PARITY_FLAG)
    .union(RFlags::AUXILIARY_CARRY_FLAG)
    .union(RFlags::ZERO_FLAG)
    .union(RFlags::SIGN_FLAG)
    .union(RFlags::TRAP_FLAG)
    .union(RFlags::DIRECTION_FLAG)
    .union(RFlags::OVERFLOW_FLAG)
    .union(RFlags::ALIGNMENT_CHECK)
    .union(RFlags::ID);
/// Bit 1 is always set.
const ALWAYS_SET: u64 = 1 << 1;

/// These flags as far as user mode may choose them, interrupts on.
fn safe_flags(flags: u64) -> u64 {
    flags & USER_FLAGS.bits() | RFlags::INTERRUPT_FLAG.bits() | ALWAYS_SET
}

/// The selector of a mode's code.
const fn code_of(mode: ThreadMode) -> u64 {
    match mode {
        ThreadMode::Bits64 => USER_CODE.0 as u64,
        ThreadMode::Bits32 => USER_CODE_32.0 as u64,
    }
}

impl Trap {
    fn make_user(&mut self, mode: ThreadMode) {
        self.vector = MADE_MARK;
        self.error = 0;
        self.cs = code_of(mode);
        self.ss = u64::from(USER_DATA.0);
        self.rflags = safe_flags(self.rflags);
    }

    /// Whether the registers are those of user mode.
    pub(crate) fn is_users(&self) -> bool {
        self.cs & 3 != 0
    }

    /// What [`UserFrame::fits_sysret`] asks of the registers.
    ///
    /// 1. The thread came by SYSCALL of 64-bit code. The mark also stands for the selectors: the
    ///    stub pushes those that SYSRET sets, and no code gives others to a 64-bit thread.
    /// 2. rcx and r11 hold what SYSRET takes from them: neither rip nor the flags changed since.
    /// 3. rip is in user space: a non-canonical one would fault in kernel mode with the user's
    ///    stack (CVE-2012-0217).
    /// 4. Neither single step nor resume flag: SYSRET would trap at once or lose it.
    #[inline(always)]
    fn fits_sysret(&self) -> bool {
        const SLOW: u64 = RFlags::TRAP_FLAG.union(RFlags::RESUME_FLAG).bits();
        debug_assert!(self.vector != SYSCALL_MARK || self.has_64_bit_selectors());
        self.vector == SYSCALL_MARK
            && self.rcx == self.rip
            && self.r11 == self.rflags
            && self.rflags & SLOW == 0
            && self.rip < USER_END
    }

    fn has_64_bit_selectors(&self) -> bool {
        (self.cs, self.ss) == (u64::from(USER_CODE.0), u64::from(USER_DATA.0))
    }

    /// Whether IRET can go there: a non-canonical place would fault in kernel mode, and so
    /// would one beyond the end of a 32-bit segment.
    pub(crate) fn canonical(&self) -> bool {
        let within = self.cs != u64::from(USER_CODE_32.0) || self.rip == low(self.rip);
        within && x86_64::VirtAddr::try_new(self.rip).is_ok()
    }

    /// Forgets what 32-bit code does not have: high halves and registers of which the
    /// architecture says nothing after a change of mode.
    fn truncate(&mut self) {
        for register in [
            &mut self.rax,
            &mut self.rbx,
            &mut self.rcx,
            &mut self.rsi,
            &mut self.rdi,
            &mut self.rbp,
            &mut self.rsp,
            &mut self.rip,
        ] {
            *register = low(*register);
        }
        self.clear_wide(low(self.words[0]));
    }

    /// Zeroes the registers that only 64-bit code has; rdx is the one word that stays.
    fn clear_wide(&mut self, rdx: u64) {
        self.words = [rdx, 0, 0, 0, 0, 0, 0];
        (self.r11, self.r15) = (0, 0);
    }
}

/// The low half.
const fn low(value: u64) -> u64 {
    ThreadMode::Bits32.address(value)
}

impl UserFrame {
    /// A frame that no thread has filled.
    pub(crate) const EMPTY: Self = Self {
        kept: [0; 3],
        mode: ThreadMode::Bits64,
        in_compat_call: false,
        bases: Bases::of_thread(0),
        trap: Trap::EMPTY,
    };

    /// The frame that entries from user mode of this CPU push into.
    pub(crate) fn of(cpu: &CpuBlock) -> *mut Self {
        let end: *mut Self =
            core::ptr::with_exposed_provenance_mut(index(cpu.frame_end.load(Relaxed)));
        end.wrapping_sub(1)
    }

    /// The thread entered as 32-bit code does: whether it is one of those that may. If not,
    /// its registers are made as if the instruction had faulted.
    pub(crate) fn accepts_compat(&mut self) -> bool {
        let accepted = self.mode == ThreadMode::Bits32;
        if accepted {
            self.trap.truncate();
        } else if self.trap.vector == u64::from(abi::COMPAT_VECTOR) {
            let narrow = self.trap.cs == u64::from(USER_CODE_32.0);
            self.trap.rip = before_int(self.trap.rip, narrow);
        } else {
            // Where a SYSENTER was is not known; but its thread runs 64-bit code.
            self.trap.make_user(self.mode);
        }
        accepted
    }

    /// Whether SYSRET restores exactly this. Decided here and nowhere else: never for threads
    /// of 32 bits, and see [`Trap::fits_sysret`].
    #[inline(always)]
    pub(crate) fn fits_sysret(&self) -> bool {
        self.mode == ThreadMode::Bits64 && self.trap.fits_sysret()
    }
}

/// Sets the base of fs of the thread with this frame: in the CPU, if it holds the thread's bases.
pub(crate) fn set_thread_pointer(cpu: &CpuBlock, frame: &mut UserFrame, address: u64) {
    let address = frame.mode.address(address);
    if core::ptr::eq(UserFrame::of(cpu), frame) {
        Bases::held(cpu).with_fs(address).write(cpu);
    } else {
        frame.bases = frame.bases.with_fs(address);
    }
}

impl Frame for UserFrame {
    fn start(mode: ThreadMode, entry: u64, stack: u64, argument: u64) -> Self {
        let mut frame = Self { mode, ..Self::default() };
        frame.trap.make_user(mode);
        frame.trap.rip = mode.address(entry);
        frame.trap.rsp = mode.address(stack);
        frame.trap.rdi = mode.address(argument);
        frame.bases = Bases::of_thread(thread_pointer_at(frame.trap.rsp));
        frame
    }

    fn syscall_number(&self) -> u64 {
        self.trap.rax
    }

    fn argument(&self, index: usize) -> u64 {
        match index {
            0 => self.trap.rdi,
            1 => self.trap.rsi,
            _ => self.trap.words.get(index - 2).copied().unwrap_or(0),
        }
    }

    fn set_call(&mut self, number: u64, arguments: [u64; 6]) {
        let [value0, value1, words @ ..] = arguments;
        self.trap.rax = number;
        (self.trap.rdi, self.trap.rsi) = (value0, value1);
        self.trap.words[..words.len()].copy_from_slice(&words);
    }

    fn envelope(&self) -> u64 {
        self.trap.r15
    }

    fn words(&self) -> &[u64; WORDS] {
        &self.trap.words
    }

    fn words_mut(&mut self) -> &mut [u64; WORDS] {
        &mut self.trap.words
    }

    fn set_status(&mut self, status: u64) {
        self.trap.rax = status;
    }

    fn set_values(&mut self, value0: u64, value1: u64) {
        self.trap.rdi = value0;
        self.trap.rsi = value1;
    }

    fn set_token(&mut self, token: u64) {
        self.trap.r15 = token;
    }

    fn instruction_pointer(&self) -> u64 {
        self.trap.rip
    }

    fn set_instruction_pointer(&mut self, address: u64) {
        self.trap.rip = self.mode.address(address);
    }

    fn stack_pointer(&self) -> u64 {
        self.trap.rsp
    }

    fn divert(&mut self, entry: u64, stack: u64, argument0: u64, argument1: u64) {
        self.trap.cs = code_of(self.mode);
        self.trap.rip = self.mode.address(entry);
        self.trap.rsp = self.mode.address(stack);
        self.trap.rdi = self.mode.address(argument0);
        self.trap.rsi = self.mode.address(argument1);
        let unwanted = RFlags::DIRECTION_FLAG.union(RFlags::TRAP_FLAG).bits();
        self.trap.rflags &= !unwanted;
    }

    fn save(&self) -> SavedFrame {
        let trap = &self.trap;
        let [rdx, r10, r8, r9, r12, r13, r14] = trap.words;
        let saved = SavedFrame {
            rax: trap.rax,
            rbx: trap.rbx,
            rcx: trap.rcx,
            rdx,
            rsi: trap.rsi,
            rdi: trap.rdi,
            rbp: trap.rbp,
            rsp: trap.rsp,
            r8,
            r9,
            r10,
            r11: trap.r11,
            r12,
            r13,
            r14,
            r15: trap.r15,
            rip: trap.rip,
            rflags: trap.rflags,
            mask: 0,
            bits: 0,
        };
        if !self.in_compat_call {
            return saved;
        }
        let [rdx, rsi, rdi] = self.kept;
        SavedFrame {
            rdx,
            rsi,
            rdi,
            r8: 0,
            r9: 0,
            r10: 0,
            r11: 0,
            r12: 0,
            r13: 0,
            r14: 0,
            r15: 0,
            ..saved
        }
    }

    fn restore(&mut self, saved: &SavedFrame) {
        let SavedFrame { rdx, r8, r9, r10, r12, r13, r14, .. } = *saved;
        let before = core::mem::take(&mut self.trap);
        self.trap = Trap {
            r15: saved.r15,
            r11: saved.r11,
            rbp: saved.rbp,
            rdi: saved.rdi,
            rsi: saved.rsi,
            rcx: saved.rcx,
            rbx: saved.rbx,
            rax: saved.rax,
            words: [rdx, r10, r8, r9, r12, r13, r14],
            rip: saved.rip,
            rflags: saved.rflags,
            rsp: saved.rsp,
            ..Trap::default()
        };
        if self.mode == ThreadMode::Bits32 {
            self.trap.truncate();
        }
        if self.in_compat_call {
            self.kept = [self.trap.words[0], self.trap.rsi, self.trap.rdi];
            // The values of the call in progress stay.
            let Trap { rsi, rdi, words, r15, .. } = before;
            self.trap = Trap { rsi, rdi, words, r15, ..core::mem::take(&mut self.trap) };
        }
        self.trap.make_user(self.mode);
    }

    fn compat_block(&self) -> u64 {
        low(self.trap.rbx)
    }

    fn begin_compat(&mut self, call: &CompatCall) {
        self.kept = [self.trap.words[0], self.trap.rsi, self.trap.rdi];
        self.in_compat_call = true;
        [self.trap.rdi, self.trap.rsi] = call.values;
        self.trap.words = call.words;
        self.trap.r15 = call.envelope;
    }

    fn compat_results(&self) -> Option<CompatCall> {
        let Trap { rdi, rsi, words, r15, .. } = self.trap;
        let results = CompatCall { values: [rdi, rsi], words, envelope: r15 };
        self.in_compat_call.then_some(results)
    }

    fn end_compat(&mut self) {
        if core::mem::take(&mut self.in_compat_call) {
            let [rdx, rsi, rdi] = core::mem::take(&mut self.kept);
            (self.trap.rsi, self.trap.rdi) = (rsi, rdi);
            self.trap.clear_wide(rdx);
        }
    }
}
