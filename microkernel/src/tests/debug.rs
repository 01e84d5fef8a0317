//! Registers, debug registers and affinity of other threads.

use super::kit::{BYTES, CPU, boot};
use crate::exit::Next;
use crate::hosted::Driver;
use crate::machine::PortSpans;
use crate::work::Work;
use abi::{DebugRegisters, Error, Rights, SavedFrame, Syscall, USER_END};

const FRAME: u64 = BYTES;
const FRAME_LEN: usize = size_of::<SavedFrame>();
const DEBUG_LEN: usize = size_of::<DebugRegisters>();

fn debug_bytes(address: u64, control: u64) -> Vec<u8> {
    let words = [address, 0, 0, 0, control];
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// Sets a stopped thread's debug registers: the answer.
fn watch(driver: &mut Driver, thread: u64, address: u64, control: u64) -> Result<(), Error> {
    driver.poke(FRAME, &debug_bytes(address, control));
    driver.call(Syscall::ThreadDebug, &[thread, FRAME, 1]).map(|_| ())
}

#[test]
fn registers_of_a_stopped_thread_are_read_and_written() {
    let mut driver = boot();
    let (handle, id) = driver.thread(0, 20);
    driver.call(Syscall::ThreadRegisters, &[handle, FRAME, 0]).unwrap();
    let mut bytes = driver.peek(FRAME, FRAME_LEN);
    let rip = core::mem::offset_of!(SavedFrame, rip);
    assert_eq!(bytes[rip..rip + 8], 0x40_0000_u64.to_le_bytes());
    bytes[rip..rip + 8].copy_from_slice(&0x40_0080_u64.to_le_bytes());
    driver.poke(FRAME, &bytes);
    driver.call(Syscall::ThreadRegisters, &[handle, FRAME, 1]).unwrap();
    assert_eq!(driver.kernel.objects.threads[id].frame.instruction, 0x40_0080);
}

#[test]
fn registers_of_a_running_thread_are_nobodys_business() {
    let mut driver = boot();
    let refused = driver.call(Syscall::ThreadRegisters, &[0, FRAME, 0]);
    assert_eq!(refused, Err(Error::BadState), "its own");
    let (handle, _) = driver.thread(0, 20);
    driver.call(Syscall::ThreadResume, &[handle]).unwrap();
    let refused = driver.call(Syscall::ThreadRegisters, &[handle, FRAME, 0]);
    assert_eq!(refused, Err(Error::BadState), "a ready one");
    driver.call(Syscall::ThreadSuspend, &[handle]).unwrap();
    driver.call(Syscall::ThreadRegisters, &[handle, FRAME, 0]).unwrap();
    let refused = driver.call(Syscall::ThreadRegisters, &[handle, FRAME, 2]);
    assert_eq!(refused, Err(Error::BadArgument));
    let refused = driver.call(Syscall::ThreadRegisters, &[handle, USER_END, 0]);
    assert_eq!(refused, Err(Error::BadAddress));
}

#[test]
fn threads_of_a_process_are_found_by_their_place() {
    let mut driver = boot();
    let (child, _) = driver.child(0);
    driver.thread(child, 20);
    let found = driver.make(Syscall::ProcessThread, &[child, 0]);
    driver.call(Syscall::ThreadRegisters, &[found, FRAME, 0]).unwrap();
    assert_eq!(driver.call(Syscall::ProcessThread, &[child, 1]), Err(Error::BadArgument));
}

#[test]
fn debug_registers_watch_user_space_alone() {
    let mut driver = boot();
    let (handle, id) = driver.thread(0, 20);
    assert_eq!(watch(&mut driver, handle, USER_END, 1), Err(Error::BadArgument));
    assert_eq!(watch(&mut driver, handle, u64::MAX, 1), Err(Error::BadArgument));
    let general_detect = 1 << 13;
    assert_eq!(watch(&mut driver, handle, 0x1000, 1 | general_detect), Err(Error::BadArgument));
    let ports = 2 << 16;
    assert_eq!(watch(&mut driver, handle, 0x1000, 1 | ports), Err(Error::BadArgument));
    watch(&mut driver, handle, 0x1000, 1).unwrap();
    assert_eq!(driver.kernel.objects.threads[id].registers.debug.unwrap().address[0], 0x1000);
    driver.call(Syscall::ThreadDebug, &[handle, FRAME, 0]).unwrap();
    assert_eq!(driver.peek(FRAME, DEBUG_LEN), debug_bytes(0x1000, 1));
}

#[test]
fn exit_39_debug_registers_are_in_the_cpu_while_their_thread_is() {
    let mut driver = boot();
    let me = driver.running();
    let (handle, id) = driver.thread(0, 31);
    watch(&mut driver, handle, 0x1000, 1).unwrap();
    assert_eq!(driver.kernel.machine.debug, DebugRegisters::default());
    driver.raw(Syscall::ThreadResume as u64, &[handle], 0);
    assert_eq!((driver.next, driver.kernel.machine.debug.control), (Next::User(id), 1));
    driver.raw(Syscall::Sleep as u64, &[100], 0);
    assert_eq!((driver.next, driver.kernel.machine.debug.control), (Next::User(me), 0));
    let flag = driver.kernel.cpu(CPU).work.load(core::sync::atomic::Ordering::Acquire);
    assert_eq!(flag & Work::Debug.flag(), 0, "others pay nothing");
    driver.advance(200);
    assert_eq!((driver.next, driver.kernel.machine.debug.control), (Next::User(id), 1));
    driver.raw(Syscall::ThreadKill as u64, &[0], 0);
    assert_eq!((driver.next, driver.kernel.machine.debug.control), (Next::User(me), 0));
}

#[test]
fn exit_39_allowed_ports_are_in_the_cpu_while_their_process_is() {
    let mut driver = boot();
    let ports = driver.make(Syscall::PortCreate, &[1, 0x300, 4]);
    let blind = driver.make(Syscall::HandleCopy, &[ports, u64::from(Rights::READ.bits()), 0]);
    assert_eq!(driver.call(Syscall::PortAllow, &[blind]), Err(Error::NoRight));
    assert!(driver.kernel.machine.ports.iter().all(|span| span.count == 0));
    driver.call(Syscall::PortAllow, &[ports]).unwrap();
    let span = driver.kernel.machine.ports[0];
    assert_eq!((span.first, span.count), (0x300, 4));
    // A second thread of the process has them too, a child has not.
    driver.start_urgent(0);
    assert_eq!(driver.kernel.machine.ports[0], span);
    driver.raw(Syscall::ThreadKill as u64, &[0], 0);
    let (child, _) = driver.child(0);
    let other = driver.start_urgent(child);
    assert_eq!(driver.next, Next::User(other));
    assert_eq!(driver.kernel.machine.ports, PortSpans::default());
    driver.raw(Syscall::ThreadKill as u64, &[0], 0);
    assert_eq!(driver.kernel.machine.ports[0], span);
}

#[test]
fn ports_are_allowed_in_four_ranges_at_most() {
    let mut driver = boot();
    for first in 0..4 {
        let ports = driver.make(Syscall::PortCreate, &[1, 0x300 + first, 1]);
        driver.call(Syscall::PortAllow, &[ports]).unwrap();
        driver.call(Syscall::PortAllow, &[ports]).unwrap();
    }
    let ports = driver.make(Syscall::PortCreate, &[1, 0x400, 1]);
    assert_eq!(driver.call(Syscall::PortAllow, &[ports]), Err(Error::QuotaExceeded));
}

#[test]
fn exit_39_the_clock_is_hidden_while_its_thread_runs_and_not_after() {
    let mut driver = boot();
    let me = driver.running();
    let (handle, id) = driver.thread(0, 31);
    let was = driver.call(Syscall::ThreadClock, &[handle, 0]).unwrap();
    assert_eq!(was.values.0, 1);
    assert!(!driver.kernel.machine.clock_hidden);
    driver.raw(Syscall::ThreadResume as u64, &[handle], 0);
    assert_eq!(driver.next, Next::User(id));
    assert!(driver.kernel.machine.clock_hidden);
    driver.call(Syscall::Yield, &[]).unwrap();
    assert!(driver.kernel.machine.clock_hidden, "still its own");
    driver.raw(Syscall::Sleep as u64, &[100], 0);
    assert_eq!(driver.next, Next::User(me));
    assert!(!driver.kernel.machine.clock_hidden, "restored on the way out");
    assert_eq!(driver.call(Syscall::ThreadClock, &[handle, 2]), Err(Error::BadArgument));
}

#[test]
fn a_thread_starts_with_its_thread_pointer_at_its_stack() {
    let mut driver = boot();
    for (mode, stack, pointer) in [
        (0, 0x7000, 0x7000),
        (0, USER_END - 8, USER_END - 8),
        (0, USER_END, 0),
        (0, u64::MAX, 0),
        (1, 0xdead_0000_7000, 0x7000),
    ] {
        driver.make(Syscall::ThreadCreate, &[0, 0x40_0000, stack, 0, 20, mode]);
        let id = driver.kernel.objects.threads.ids().last().unwrap();
        assert_eq!(driver.kernel.objects.threads[id].frame.thread_pointer, pointer, "{stack:#x}");
    }
}

#[test]
fn a_thread_pointer_is_set_by_its_thread_or_while_that_is_stopped() {
    let mut driver = boot();
    let me = driver.running();
    driver.call(Syscall::ThreadPointer, &[0, 0x1234]).unwrap();
    assert_eq!(driver.kernel.objects.threads[me].frame.thread_pointer, 0x1234);
    for address in [USER_END, 1 << 63, u64::MAX] {
        let refused = driver.call(Syscall::ThreadPointer, &[0, address]);
        assert_eq!(refused, Err(Error::BadAddress), "{address:#x}");
    }
    let (handle, id) = driver.thread(0, 20);
    driver.call(Syscall::ThreadPointer, &[handle, 0x5678]).unwrap();
    driver.call(Syscall::ThreadResume, &[handle]).unwrap();
    let refused = driver.call(Syscall::ThreadPointer, &[handle, 0x9999]);
    assert_eq!(refused, Err(Error::BadState), "a ready one");
    assert_eq!(driver.kernel.objects.threads[id].frame.thread_pointer, 0x5678);
    assert_eq!(driver.kernel.objects.threads[me].frame.thread_pointer, 0x1234, "each has its own");
}

#[test]
fn registers_that_a_handler_or_a_debugger_puts_back_leave_the_thread_pointer() {
    let mut driver = boot();
    let (handle, id) = driver.thread(0, 20);
    driver.call(Syscall::ThreadPointer, &[handle, 0x5678]).unwrap();
    driver.poke(FRAME, &[0xff; FRAME_LEN]);
    driver.call(Syscall::ThreadRegisters, &[handle, FRAME, 1]).unwrap();
    assert_eq!(driver.kernel.objects.threads[id].frame.thread_pointer, 0x5678);
}

#[test]
fn exit_11_a_last_row_sees_the_flag_of_the_last_turn() {
    let mut driver = boot();
    let (handle, id) = driver.thread(0, 20);
    watch(&mut driver, handle, 0x2000, 1).unwrap();
    driver.call(Syscall::ThreadResume, &[handle]).unwrap();
    // Only the reschedule of the first turn makes the watched thread current.
    driver.raw(Syscall::Sleep as u64, &[100], 0);
    assert_eq!((driver.next, driver.kernel.machine.debug.control), (Next::User(id), 1));
}

#[test]
fn exit_11_last_rows_run_once_after_all_turns() {
    let mut driver = boot();
    let (handle, _) = driver.thread(0, 31);
    watch(&mut driver, handle, 0x2000, 1).unwrap();
    driver.raw(Syscall::ThreadResume as u64, &[handle], 0);
    let counts = |driver: &Driver| driver.kernel.cpu(CPU).work_counts;
    let before = counts(&driver);
    // A call that takes many turns.
    driver.raw(Syscall::MemoryCreate as u64, &[200], 0);
    let after = counts(&driver);
    let ran = |work: Work| after[work as usize] - before[work as usize];
    assert!(ran(Work::Operation) > 1);
    assert_eq!(ran(Work::Debug), 1);
}

#[test]
fn affinity_names_cpus_that_exist() {
    let mut driver = boot();
    let asked = driver.call(Syscall::ThreadAffinity, &[0, 0]).unwrap();
    assert_eq!(asked.values.0, 1, "there is one CPU");
    assert_eq!(driver.call(Syscall::ThreadAffinity, &[0, 2]), Err(Error::BadArgument));
    driver.call(Syscall::ThreadAffinity, &[0, u64::MAX]).unwrap();
}

#[test]
fn a_cpus_times_add_up() {
    let mut driver = boot();
    driver.raw(Syscall::Sleep as u64, &[5_000], 0);
    driver.advance(7_000);
    driver.kernel.machine.now_ns += 1_000;
    driver.call(Syscall::Clock, &[]).unwrap();
    let info = driver.kernel.cpu_info(CPU);
    driver.kernel.machine.now_ns += 300;
    let later = driver.kernel.cpu_info(CPU);
    assert_eq!(later.user_ns, info.user_ns + 300, "what was not booked yet counts");
    driver.kernel.machine.now_ns -= 300;
    let all = info.user_ns + info.kernel_ns + info.idle_ns;
    assert_eq!(all, driver.kernel.machine.now_ns);
    assert_eq!((info.user_ns, info.idle_ns), (1_000, 7_000));
}
