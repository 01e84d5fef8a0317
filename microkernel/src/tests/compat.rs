//! Calls of 32-bit code. Tests that carry a number belong to a property of the same number
//! in the list of what a faithful exit-to-user core must do.

use super::kit::{BYTES, CPU, boot};
use crate::exit::Next;
use crate::hosted::{Driver, HostedFrame};
use crate::machine::Frame;
use crate::object::{State, ThreadId};
use crate::work::Work;
use abi::{
    CompatCall, Error, FOREVER, FaultKind, FaultReply, SavedFrame, Syscall, ThreadMode, TraceFlags,
};
use zerocopy::{FromBytes, IntoBytes};

const WAIT: u64 = Syscall::Wait as u64;
const BLOCK: u64 = BYTES;
const STACK: u64 = BYTES + 0x2000;
const HANDLER: u64 = 0x40_0100;
/// What the thread has in the registers whose place the block's values take.
const OWN: [u64; 3] = [0x11, 0x22, 0x33];

/// Nothing of a call is left in registers that 32-bit code does not have.
fn own_registers_are_back(frame: &HostedFrame) {
    assert_eq!([frame.value0, frame.value1, frame.words[0]], OWN);
    assert_eq!((&frame.words[1..], frame.envelope_token), (&[0; 6][..], 0));
    assert_eq!(frame.kept, None);
}

impl Driver {
    fn put_block(&mut self, values: [u64; 2], words: &[u64], envelope: u64) {
        let mut call = CompatCall { values, envelope, ..CompatCall::default() };
        call.words[..words.len()].copy_from_slice(words);
        self.poke(BLOCK, call.as_bytes());
        let frame = self.frame();
        (frame.value0, frame.value1) = (OWN[0], OWN[1]);
        frame.words = [OWN[2], 0, 0, 0, 0, 0, 0];
        frame.envelope_token = 0;
    }

    fn block(&self) -> CompatCall {
        let bytes = self.peek(BLOCK, CompatCall::SIZE);
        CompatCall::read_from_bytes(&bytes).expect("its size")
    }

    /// A 32-bit call that waits or is over, with its values at [`BLOCK`].
    fn compat(&mut self, call: Syscall, values: [u64; 2], words: &[u64]) -> ThreadId {
        self.put_block(values, words, 0);
        self.raw_compat(call as u64, BLOCK)
    }

    fn status(&self, thread: ThreadId) -> u64 {
        self.kernel.objects.threads[thread].frame.number_status
    }
}

#[test]
fn exit_41_a_call_of_32_bit_code_is_the_same_call() {
    let mut driver = boot();
    let notification = driver.make(Syscall::NotificationCreate, &[]);
    let me = driver.compat(Syscall::Signal, [notification, 5 << 40], &[]);
    assert_eq!(driver.next, Next::User(me));
    assert_eq!(driver.status(me), 0);
    own_registers_are_back(driver.frame());
    driver.compat(Syscall::Wait, [notification, 0], &[]);
    assert_eq!(driver.block().values, [5 << 40, 0], "64 bits wide");
    let before = driver.kernel.stats.syscalls;
    driver.compat(Syscall::Wait, [notification, 0], &[]);
    assert_eq!(driver.status(me), Error::WouldBlock as u64);
    assert_eq!(driver.kernel.stats.syscalls, before + 1);
}

#[test]
fn exit_41_results_of_a_call_that_waits_are_written_when_it_runs_again() {
    let mut driver = boot();
    let notification = driver.make(Syscall::NotificationCreate, &[]);
    let waiter = driver.start_urgent(0);
    driver.compat(Syscall::Wait, [notification, FOREVER], &[]);
    assert_ne!(driver.next, Next::User(waiter));
    assert_eq!(driver.block().values, [notification, FOREVER], "nothing yet");
    driver.raw(Syscall::Signal as u64, &[notification, 9], 0);
    assert_eq!(driver.next, Next::User(waiter));
    assert_eq!((driver.status(waiter), driver.block().values[0]), (0, 9));
    own_registers_are_back(driver.frame());
}

#[test]
fn exit_41_messages_travel_between_both_kinds_of_callers() {
    let mut driver = boot();
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let server = driver.start_urgent(0);
    driver.compat(Syscall::Recv, [endpoint, 0], &[]);
    let client = driver.raw(Syscall::Call as u64, &[endpoint, 7, 1, 2, 3, 4, 5, 6, 1 << 63], 0);
    assert_eq!(driver.next, Next::User(server));
    let came = driver.block();
    assert_eq!((came.values, came.words), ([0, 7], [1, 2, 3, 4, 5, 6, 1 << 63]));
    let label = 8 | endpoint << 32;
    driver.compat(Syscall::ReplyRecv, [came.envelope, label], &[9, 8, 7, 6, 5, 4, 3]);
    assert_eq!(driver.next, Next::User(client));
    let answer = driver.result(client).unwrap();
    assert_eq!((answer.values.1, answer.words), (8, [9, 8, 7, 6, 5, 4, 3]));
}

#[test]
fn exit_41_an_interrupted_call_is_over_before_the_handler_and_can_be_made_again() {
    let mut driver = boot();
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let other = driver.make(Syscall::NotificationCreate, &[]);
    let waiter = driver.start_urgent(0);
    driver.call(Syscall::UpcallRegister, &[bell, HANDLER, STACK, 0]).unwrap();
    driver.compat(Syscall::Wait, [other, FOREVER], &[]);
    driver.raw(Syscall::Signal as u64, &[bell, 1], 0);
    assert_eq!(driver.next, Next::User(waiter));
    assert_eq!(driver.frame().instruction, HANDLER);
    let saved = driver.frame().value1;
    let at = |offset: usize| saved + offset as u64;
    let read = |driver: &Driver, offset| {
        u64::from_le_bytes(driver.peek(at(offset), 8).try_into().expect("8"))
    };
    let status = read(&driver, core::mem::offset_of!(SavedFrame, rax));
    assert_eq!(status, Error::Interrupted as u64);
    let own = [
        core::mem::offset_of!(SavedFrame, rdi),
        core::mem::offset_of!(SavedFrame, rsi),
        core::mem::offset_of!(SavedFrame, rdx),
    ];
    assert_eq!(own.map(|offset| read(&driver, offset)), OWN);
    assert_eq!(driver.block().values, [other, FOREVER], "good for another try");
    // The handler's own call overwrites another block; the return is a 32-bit call too.
    let second = BLOCK + 128;
    let call = CompatCall { values: [saved, 0], ..CompatCall::default() };
    driver.poke(second, call.as_bytes());
    driver.raw_compat(Syscall::UpcallReturn as u64, second);
    assert_eq!(driver.frame().instruction, abi::IMAGE_BASE);
    own_registers_are_back(driver.frame());
    assert_eq!(driver.frame().block, BLOCK);
    assert_eq!(driver.block().values, [other, FOREVER], "the return owes it no results");
    // Again, with the same block.
    driver.raw_compat(WAIT, BLOCK);
    assert!(matches!(driver.state(waiter), State::Waiting(_)));
    driver.raw(Syscall::Signal as u64, &[other, 6], 0);
    assert_eq!((driver.status(waiter), driver.block().values[0]), (0, 6));
}

#[test]
fn exit_41_an_upcall_waits_for_the_results() {
    let mut driver = boot();
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    driver.call(Syscall::UpcallRegister, &[bell, HANDLER, STACK, 0]).unwrap();
    let me = driver.compat(Syscall::Signal, [bell, 4], &[]);
    assert_eq!(driver.next, Next::User(me));
    assert_eq!((driver.frame().instruction, driver.frame().value0), (HANDLER, 4));
    assert_eq!(driver.frame().kept, None, "no call is in progress in the handler");
    assert_eq!(driver.kernel.objects.threads[me].work.0 & Work::CompatResults.flag(), 0);
}

#[test]
fn exit_42_a_bad_block_is_an_error_through_the_full_path() {
    let mut driver = boot();
    for address in [0, 0x6666_0000, BLOCK + 4, u64::MAX - 7, abi::USER_END - 8] {
        let before = (driver.kernel.stats.syscalls, driver.kernel.stats.exits);
        driver.put_block([0, 0], &[], 0);
        let me = driver.raw_compat(Syscall::Clock as u64, address);
        assert_eq!(driver.next, Next::User(me));
        assert_eq!(driver.status(me), Error::BadAddress as u64, "{address:#x}");
        own_registers_are_back(driver.frame());
        let after = (driver.kernel.stats.syscalls, driver.kernel.stats.exits);
        assert_eq!(after, (before.0 + 1, before.1 + 1));
    }
}

#[test]
fn exit_42_a_block_in_read_only_memory_is_a_fault_and_its_results_are_not_lost() {
    let mut driver = boot();
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let handler = driver.start_urgent(0);
    driver.raw(Syscall::Recv as u64, &[endpoint], 0);
    driver.call(Syscall::ProcessFaults, &[0, endpoint, 9]).unwrap();
    driver.call(Syscall::UpcallRegister, &[bell, HANDLER, STACK, 0]).unwrap();
    // The page of the block cannot be written any more when the call is over; and bits
    // for an upcall are there at the same time.
    let page = BLOCK & !4095;
    let me = driver.running();
    driver.put_block([0, page], &[1, 1], 0);
    driver
        .kernel
        .signal(driver.kernel.objects.threads[me].upcall.expect("registered").notification, 1);
    driver.raw_compat(Syscall::Protect as u64, BLOCK);
    assert_eq!(driver.next, Next::User(handler));
    let told = driver.result(handler).unwrap();
    assert_eq!(told.words[..3], [FaultKind::Page as u64, 1, BLOCK]);
    driver.call(Syscall::Protect, &[0, page, 1, 3]).unwrap();
    let resume = FaultReply::Resume as u64 | endpoint << 32;
    driver.raw(Syscall::ReplyRecv as u64, &[told.token, resume], 0);
    assert_eq!(driver.next, Next::User(me));
    assert_eq!(driver.frame().instruction, HANDLER, "the upcall came after the results");
    assert_eq!(driver.frame().kept, None);
    let saved = driver.frame().value1;
    assert_eq!(driver.peek(saved, 8), [0; 8], "the status of the call, in the saved eax");
}

#[test]
fn exit_42_without_a_fault_handler_an_unwritable_block_kills() {
    let mut driver = boot();
    let (child, process) = driver.child(0);
    driver.give_page(child);
    let (thread, id) = driver.thread(child, 31);
    driver.raw(Syscall::ThreadResume as u64, &[thread], 0);
    assert_eq!(driver.next, Next::User(id));
    let page = super::kit::ENVELOPE;
    let call = CompatCall { values: [0, page], words: [1, 1, 0, 0, 0, 0, 0], envelope: 0 };
    driver.poke(page, call.as_bytes());
    driver.raw_compat(Syscall::Protect as u64, page);
    assert_eq!(driver.kernel.objects.processes[process].status, FaultKind::Page.exit_status());
}

#[test]
fn exit_42_a_thread_of_32_bits_has_no_longer_addresses() {
    let high = 0xdead_0000_0000_0000;
    let mut frame = HostedFrame::start(ThreadMode::Bits32, high | 1, high | 2, high | 3);
    assert_eq!((frame.instruction, frame.stack, frame.value0), (1, 2, 3));
    frame.set_instruction_pointer(high | 4);
    frame.divert(high | 5, high | 6, high | 7, high | 8);
    assert_eq!((frame.instruction, frame.stack), (5, 6));
    frame.restore(&SavedFrame { rip: high | 9, rsp: high | 10, ..SavedFrame::default() });
    assert_eq!((frame.instruction, frame.stack, frame.mode), (9, 10, ThreadMode::Bits32));
}

#[test]
fn a_debugger_sees_and_changes_the_threads_own_registers() {
    let mut driver = boot();
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let waiter = driver.start_urgent(0);
    driver.compat(Syscall::Wait, [bell, FOREVER], &[]);
    let frame = &mut driver.kernel.objects.threads[waiter].frame;
    let mut seen = frame.save();
    assert_eq!([seen.rdi, seen.rsi, seen.rdx, seen.r8], [OWN[0], OWN[1], OWN[2], 0]);
    seen.rdi = 0x77;
    frame.restore(&seen);
    driver.raw(Syscall::Signal as u64, &[bell, 2], 0);
    assert_eq!(driver.next, Next::User(waiter));
    assert_eq!((driver.frame().value0, driver.block().values[0]), (0x77, 2));
}

#[test]
fn the_mode_of_a_thread_is_one_of_two() {
    let mut driver = boot();
    let create = |mode| [0, 0x40_0000, 0, 0, 10, mode];
    assert_eq!(driver.call(Syscall::ThreadCreate, &create(2)), Err(Error::BadArgument));
    let wide = driver.call(Syscall::ThreadCreate, &create(1 << 32));
    assert_eq!(wide, Err(Error::BadArgument));
    driver.call(Syscall::ThreadCreate, &create(1)).unwrap();
    let newest = driver.kernel.objects.threads.ids().last().unwrap();
    assert_eq!(driver.kernel.objects.threads[newest].frame.mode, ThreadMode::Bits32);
}

#[test]
fn exit_41_whoever_watches_sees_the_same_call() {
    let mut driver = boot();
    let (child, _) = driver.child(0);
    driver.give_page(child);
    let flags = TraceFlags::POINT.bits();
    driver.call(Syscall::ProcessTrace, &[child, 0, 0, flags]).unwrap();
    let me = driver.start_urgent(child);
    let page = super::kit::ENVELOPE;
    let exits = |driver: &Driver| driver.kernel.cpu(CPU).work_counts[Work::CallExit as usize];
    let before = exits(&driver);
    driver.poke(page, CompatCall::default().as_bytes());
    driver.raw_compat(Syscall::Clock as u64, page);
    assert_eq!((exits(&driver) - before, driver.status(me)), (1, 0));
    driver.raw_compat(Syscall::Clock as u64, page + 1);
    assert_eq!(driver.status(me), Error::BadAddress as u64);
    assert_eq!(exits(&driver) - before, 2, "its end is told too");
    assert_eq!(driver.kernel.objects.threads[me].calls.watched, Syscall::Clock as u64);
}

#[test]
fn both_values_of_calls_on_devices_are_in_the_block() {
    let mut driver = boot();
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let me = driver.compat(Syscall::MsiCreate, [1, 0], &[bell, 1]);
    let [irq, message] = driver.block().values;
    assert_eq!((driver.status(me), message & 0xffff_ffff), (0, 0xfee0_0000));
    driver.call(Syscall::IrqAck, &[irq]).unwrap();
    driver.compat(Syscall::IoSpaceCreate, [1, 0x10], &[100, 1]);
    let [space, mappings] = driver.block().values;
    assert_eq!((driver.status(me), mappings), (0, 0));
    let memory = driver.make(Syscall::MemoryCreate, &[4, 0, 1]);
    for _ in 0..2 {
        driver.compat(Syscall::IoMap, [space, memory], &[0, 4, 3]);
        assert_eq!((driver.status(me), driver.block().values[1]), (0, 4));
    }
    let [address, _] = driver.block().values;
    driver.compat(Syscall::IoUnmap, [space, address], &[4]);
    assert_eq!(driver.status(me), 0);
    driver.compat(Syscall::IoMap, [space, memory], &[3, 1, 3]);
    driver.compat(Syscall::IoSpaceClear, [space, 77], &[]);
    assert_eq!((driver.status(me), driver.block().values), (0, [1, 0]));
}
