//! Registers of a hosted thread, by the roles that the ABI gives them.

use crate::machine::Frame;
use crate::machine::thread_pointer_at;
use abi::{CompatCall, SavedFrame, ThreadMode, WORDS};

/// Saved registers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "named by their roles in the ABI")]
pub struct HostedFrame {
    pub number_status: u64,
    pub value0: u64,
    pub value1: u64,
    pub words: [u64; WORDS],
    pub envelope_token: u64,
    pub instruction: u64,
    pub stack: u64,
    pub mode: ThreadMode,
    /// Where the base of its thread segment is.
    pub thread_pointer: u64,
    /// Where its blocks of 32-bit calls lie.
    pub block: u64,
    /// In a 32-bit call: the thread's own value 0, value 1 and word 0.
    pub kept: Option<[u64; 3]>,
}

impl HostedFrame {
    /// The registers as the thread itself has them.
    fn own(&self) -> Self {
        let mut own = self.clone();
        own.end_compat();
        own
    }
}

impl Frame for HostedFrame {
    fn start(mode: ThreadMode, entry: u64, stack: u64, argument: u64) -> Self {
        let (instruction, stack) = (mode.address(entry), mode.address(stack));
        Self {
            instruction,
            stack,
            value0: mode.address(argument),
            mode,
            thread_pointer: thread_pointer_at(stack),
            ..Self::default()
        }
    }
    fn syscall_number(&self) -> u64 {
        self.number_status
    }
    fn argument(&self, index: usize) -> u64 {
        match index {
            0 => self.value0,
            1 => self.value1,
            _ => self.words[index - 2],
        }
    }
    fn set_call(&mut self, number: u64, arguments: [u64; 6]) {
        let [value0, value1, words @ ..] = arguments;
        self.number_status = number;
        (self.value0, self.value1) = (value0, value1);
        self.words[..words.len()].copy_from_slice(&words);
    }
    fn envelope(&self) -> u64 {
        self.envelope_token
    }
    fn words(&self) -> &[u64; WORDS] {
        &self.words
    }
    fn words_mut(&mut self) -> &mut [u64; WORDS] {
        &mut self.words
    }
    fn set_status(&mut self, status: u64) {
        self.number_status = status;
    }
    fn set_values(&mut self, value0: u64, value1: u64) {
        (self.value0, self.value1) = (value0, value1);
    }
    fn set_token(&mut self, token: u64) {
        self.envelope_token = token;
    }
    fn instruction_pointer(&self) -> u64 {
        self.instruction
    }
    fn set_instruction_pointer(&mut self, address: u64) {
        self.instruction = self.mode.address(address);
    }
    fn stack_pointer(&self) -> u64 {
        self.stack
    }
    fn divert(&mut self, entry: u64, stack: u64, argument0: u64, argument1: u64) {
        (self.instruction, self.stack) = (self.mode.address(entry), self.mode.address(stack));
        (self.value0, self.value1) = (self.mode.address(argument0), self.mode.address(argument1));
    }
    fn save(&self) -> SavedFrame {
        let own = self.own();
        let [rdx, r10, r8, r9, r12, r13, r14] = own.words;
        SavedFrame {
            rax: own.number_status,
            rbx: own.block,
            rdi: own.value0,
            rsi: own.value1,
            r15: own.envelope_token,
            rip: own.instruction,
            rsp: own.stack,
            rdx,
            r10,
            r8,
            r9,
            r12,
            r13,
            r14,
            ..SavedFrame::default()
        }
    }
    fn restore(&mut self, saved: &SavedFrame) {
        let s = saved;
        let address = |value| self.mode.address(value);
        let own = Self {
            number_status: s.rax,
            value0: s.rdi,
            value1: s.rsi,
            words: [s.rdx, s.r10, s.r8, s.r9, s.r12, s.r13, s.r14],
            envelope_token: s.r15,
            instruction: address(s.rip),
            stack: address(s.rsp),
            block: address(s.rbx),
            mode: self.mode,
            thread_pointer: self.thread_pointer,
            kept: None,
        };
        *self = match self.kept {
            None => own,
            // The values of the call in progress stay.
            Some(_) => Self {
                value0: self.value0,
                value1: self.value1,
                words: self.words,
                envelope_token: self.envelope_token,
                kept: Some([own.value0, own.value1, own.words[0]]),
                ..own
            },
        };
    }
    fn compat_block(&self) -> u64 {
        self.mode.address(self.block)
    }
    fn begin_compat(&mut self, call: &CompatCall) {
        self.kept = Some([self.value0, self.value1, self.words[0]]);
        [self.value0, self.value1] = call.values;
        self.words = call.words;
        self.envelope_token = call.envelope;
    }
    fn compat_results(&self) -> Option<CompatCall> {
        let values = [self.value0, self.value1];
        self.kept.map(|_| CompatCall { values, words: self.words, envelope: self.envelope_token })
    }
    fn end_compat(&mut self) {
        let Some([value0, value1, word0]) = self.kept.take() else { return };
        (self.value0, self.value1) = (value0, value1);
        self.words = [word0, 0, 0, 0, 0, 0, 0];
        self.envelope_token = 0;
    }
}
