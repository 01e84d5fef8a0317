//! What the threads of a server do, before it is killed: the evidence of its fault.

use alloc::vec::Vec;
use init_api::ThreadRecord;
use init_core::walk;
use sys::Process;
use sys::trace::{Debuggee, SavedFrame};

/// The most threads that are looked at.
const MOST_THREADS: u64 = 8;
/// The most words of a stack that are kept.
const STACK_WORDS: u64 = 24;
/// Programs of 32 bits have their stacks below, others above.
const NARROW_END: u64 = 1 << 32;

/// Stops the process and looks at its threads: at the one whose instruction and stack
/// pointer these are, if there is one, else at all.
pub(super) fn of(process: &Process, faulted: Option<(u64, u64)>) -> Vec<ThreadRecord> {
    if let Err(error) = process.suspend() {
        defmt::warn!("a server cannot be inspected: {=str}", error.text());
        return Vec::new();
    }
    let threads = (0..MOST_THREADS).map_while(|index| Debuggee::of(process, index).ok());
    let frames = threads.filter_map(|thread| thread.registers().ok());
    let mut records: Vec<_> = frames.map(|frame| record(process, &frame, faulted)).collect();
    if records.iter().any(|record| record.faulted) {
        records.retain(|record| record.faulted);
        records.truncate(1);
    }
    records
}

fn record(process: &Process, frame: &SavedFrame, faulted: Option<(u64, u64)>) -> ThreadRecord {
    let word = if frame.rsp < NARROW_END { 4 } else { 8 };
    let read = |address: u64| read_word(process, address, word);
    let stack = |index: u64| frame.rsp.checked_add(index * word).and_then(read);
    ThreadRecord {
        faulted: faulted == Some((frame.rip, frame.rsp)),
        registers: registers(frame).into(),
        stack: (0..STACK_WORDS).map_while(stack).collect(),
        backtrace: walk(frame.rip, frame.rbp, word, read),
    }
}

/// In the order of `init_api::REGISTERS`.
fn registers(frame: &SavedFrame) -> [u64; 18] {
    let SavedFrame { rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8, r9, .. } = *frame;
    let SavedFrame { r10, r11, r12, r13, r14, r15, rip, rflags, .. } = *frame;
    [rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8, r9, r10, r11, r12, r13, r14, r15, rip, rflags]
}

/// A little-endian word of 4 or 8 bytes.
fn read_word(process: &Process, address: u64, len: u64) -> Option<u64> {
    let mut bytes = [0; 8];
    let part = bytes.get_mut(..usize::try_from(len).ok()?)?;
    process.read_memory(address, part).ok()?;
    Some(u64::from_le_bytes(bytes))
}
