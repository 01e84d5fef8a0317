//! Registers of a hosted thread, by the roles that the ABI gives them.

use crate::machine::Frame;
use abi::{SavedFrame, WORDS};

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
}

impl Frame for HostedFrame {
    fn start(entry: u64, stack: u64, argument: u64) -> Self {
        Self { instruction: entry, stack, value0: argument, ..Self::default() }
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
        self.instruction = address;
    }
    fn stack_pointer(&self) -> u64 {
        self.stack
    }
    fn divert(&mut self, entry: u64, stack: u64, argument0: u64, argument1: u64) {
        (self.instruction, self.stack) = (entry, stack);
        (self.value0, self.value1) = (argument0, argument1);
    }
    fn save(&self) -> SavedFrame {
        let [rdx, r10, r8, r9, r12, r13, r14] = self.words;
        SavedFrame {
            rax: self.number_status,
            rdi: self.value0,
            rsi: self.value1,
            r15: self.envelope_token,
            rip: self.instruction,
            rsp: self.stack,
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
        *self = Self {
            number_status: s.rax,
            value0: s.rdi,
            value1: s.rsi,
            words: [s.rdx, s.r10, s.r8, s.r9, s.r12, s.r13, s.r14],
            envelope_token: s.r15,
            instruction: s.rip,
            stack: s.rsp,
        };
    }
}
