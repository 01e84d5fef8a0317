//! Notifications, timers, interrupts, upcalls.

use super::kit::{BYTES, boot};
use crate::exit::Next;
use crate::machine::Interrupt;
use crate::object::State;
use abi::{Error, FOREVER, FaultKind, Rights, SavedFrame, Syscall, UPCALL_REDZONE};

const WAIT: u64 = Syscall::Wait as u64;
const STACK: u64 = BYTES + 0x2000;

#[test]
fn bits_coalesce_and_are_taken_together() {
    let mut driver = boot();
    let notification = driver.make(Syscall::NotificationCreate, &[]);
    assert_eq!(driver.call(Syscall::Wait, &[notification, 0]), Err(Error::WouldBlock));
    for bits in [1, 4, 4] {
        driver.call(Syscall::Signal, &[notification, bits]).unwrap();
    }
    assert_eq!(driver.call(Syscall::Wait, &[notification, 0]).unwrap().values.0, 5);
    assert_eq!(driver.call(Syscall::Wait, &[notification, 0]), Err(Error::WouldBlock));
    driver.call(Syscall::Signal, &[notification, 0]).unwrap();
    assert_eq!(driver.call(Syscall::Wait, &[notification, 0]), Err(Error::WouldBlock));
}

#[test]
fn a_signal_wakes_the_first_waiter_only() {
    let mut driver = boot();
    let notification = driver.make(Syscall::NotificationCreate, &[]);
    let first = driver.start_urgent(0);
    driver.raw(WAIT, &[notification, FOREVER], 0);
    let second = driver.start_urgent(0);
    driver.raw(WAIT, &[notification, FOREVER], 0);
    driver.raw(Syscall::Signal as u64, &[notification, 2], 0);
    assert_eq!(driver.next, Next::User(first));
    assert_eq!(driver.result(first).unwrap().values.0, 2);
    assert!(matches!(driver.state(second), State::Waiting(_)));
}

#[test]
fn a_wait_times_out() {
    let mut driver = boot();
    let notification = driver.make(Syscall::NotificationCreate, &[]);
    let me = driver.raw(WAIT, &[notification, 100], 0);
    driver.advance(100);
    assert_eq!(driver.next, Next::User(me));
    assert_eq!(driver.result(me), Err(Error::TimedOut));
}

#[test]
fn timers_signal_once_and_can_be_disarmed() {
    let mut driver = boot();
    let notification = driver.make(Syscall::NotificationCreate, &[]);
    let timer = driver.make(Syscall::TimerCreate, &[notification, 8]);
    driver.call(Syscall::TimerArm, &[timer, 1000]).unwrap();
    driver.advance(999);
    assert_eq!(driver.call(Syscall::Wait, &[notification, 0]), Err(Error::WouldBlock));
    driver.advance(1);
    assert_eq!(driver.call(Syscall::Wait, &[notification, 0]).unwrap().values.0, 8);
    driver.advance(5000);
    assert_eq!(driver.call(Syscall::Wait, &[notification, 0]), Err(Error::WouldBlock));
    driver.call(Syscall::TimerArm, &[timer, 9000]).unwrap();
    driver.call(Syscall::TimerArm, &[timer, FOREVER]).unwrap();
    driver.advance(9000);
    assert_eq!(driver.call(Syscall::Wait, &[notification, 0]), Err(Error::WouldBlock));
    assert_eq!(driver.kernel.machine.timer_ns, None, "no deadline, no timer interrupt");
}

#[test]
fn closing_a_timer_disarms_it() {
    let mut driver = boot();
    let notification = driver.make(Syscall::NotificationCreate, &[]);
    let timer = driver.make(Syscall::TimerCreate, &[notification, 8]);
    driver.call(Syscall::TimerArm, &[timer, 1000]).unwrap();
    driver.call(Syscall::HandleClose, &[timer]).unwrap();
    driver.advance(2000);
    assert_eq!(driver.call(Syscall::Wait, &[notification, 0]), Err(Error::WouldBlock));
}

/// The first handle of the first program is the resource.
const RESOURCE: u64 = 1;

#[test]
fn an_interrupt_becomes_a_signal_and_the_line_waits_for_its_ack() {
    let mut driver = boot();
    let notification = driver.make(Syscall::NotificationCreate, &[]);
    let irq = driver.make(Syscall::IrqCreate, &[RESOURCE, 4, notification, 1]);
    assert!(driver.kernel.machine.unmasked.contains(&4));
    let driver_thread = driver.start_urgent(0);
    driver.raw(WAIT, &[notification, FOREVER], 0);
    driver.kernel.machine.unmasked.remove(&4);
    driver.interrupt(Interrupt::Line(4));
    assert_eq!(driver.next, Next::User(driver_thread));
    driver.call(Syscall::IrqAck, &[irq]).unwrap();
    assert!(driver.kernel.machine.unmasked.contains(&4));
    assert_eq!(driver.kernel.system_info().irqs[4], 1);
    let again = driver.call(Syscall::IrqCreate, &[RESOURCE, 4, notification, 1]);
    assert_eq!(again, Err(Error::BadState), "a line has one owner");
    driver.call(Syscall::HandleClose, &[irq]).unwrap();
    assert!(!driver.kernel.machine.unmasked.contains(&4));
    assert!(driver.call(Syscall::IrqCreate, &[RESOURCE, 4, notification, 1]).is_ok());
}

#[test]
fn an_upcall_diverts_once_and_returns() {
    let mut driver = boot();
    let notification = driver.make(Syscall::NotificationCreate, &[]);
    driver.call(Syscall::UpcallRegister, &[notification, 0x40_0100, STACK, 0]).unwrap();
    let me = driver.raw(Syscall::Signal as u64, &[notification, 3], 0);
    assert_eq!(driver.next, Next::User(me));
    let frame_address = (STACK - 160) & !15;
    let frame = driver.frame().clone();
    assert_eq!((frame.instruction, frame.stack), (0x40_0100, frame_address - 8));
    assert_eq!((frame.value0, frame.value1), (3, frame_address));
    // All masked until the return: more bits wait.
    driver.call(Syscall::Signal, &[notification, 4]).unwrap();
    assert_ne!(driver.frame().value0, 4);
    driver.raw(Syscall::UpcallReturn as u64, &[frame_address], 0);
    assert_eq!(driver.frame().value0, 4, "the second diversion follows at once");
    driver.raw(Syscall::UpcallReturn as u64, &[frame_address], 0);
    let back = driver.frame().clone();
    assert_eq!(back.instruction, abi::IMAGE_BASE);
}

#[test]
fn an_upcall_cuts_every_wait_short() {
    for number in [Syscall::Call, Syscall::Send, Syscall::Recv, Syscall::Wait, Syscall::Sleep] {
        let mut driver = boot();
        let notification = driver.make(Syscall::NotificationCreate, &[]);
        let other = driver.make(Syscall::NotificationCreate, &[]);
        let endpoint = driver.make(Syscall::EndpointCreate, &[]);
        let sleeper = driver.start_urgent(0);
        driver.call(Syscall::UpcallRegister, &[notification, 0x40_0100, STACK, 0]).unwrap();
        let arguments = match number {
            Syscall::Wait => [other, FOREVER],
            Syscall::Sleep => [FOREVER, 0],
            _ => [endpoint, 0],
        };
        driver.raw(number as u64, &arguments, 0);
        assert_ne!(driver.next, Next::User(sleeper));
        driver.raw(Syscall::Signal as u64, &[notification, 1], 0);
        assert_eq!(driver.next, Next::User(sleeper), "{number:?}");
        assert_eq!(driver.frame().instruction, 0x40_0100);
        let status = driver.peek((STACK - 160) & !15, 8);
        assert_eq!(status, (Error::Interrupted as u64).to_le_bytes());
    }
}

#[test]
fn a_masked_bit_waits_for_its_unmasking() {
    let mut driver = boot();
    let notification = driver.make(Syscall::NotificationCreate, &[]);
    driver.call(Syscall::UpcallRegister, &[notification, 0x40_0100, STACK, 2]).unwrap();
    driver.call(Syscall::Signal, &[notification, 2]).unwrap();
    assert_eq!(driver.frame().instruction, abi::IMAGE_BASE);
    driver.raw(Syscall::UpcallMask as u64, &[0], 0);
    assert_eq!(driver.frame().instruction, 0x40_0100);
}

#[test]
fn an_upcall_onto_the_threads_own_stack_leaves_the_red_zone() {
    let mut driver = boot();
    let notification = driver.make(Syscall::NotificationCreate, &[]);
    driver.call(Syscall::UpcallRegister, &[notification, 0x40_0100, 0, 0]).unwrap();
    let stack = driver.frame().stack;
    driver.raw(Syscall::Signal as u64, &[notification, 1], 0);
    let frame_end = driver.frame().value1 + size_of::<SavedFrame>() as u64;
    assert!(frame_end <= stack - UPCALL_REDZONE);
    assert!(driver.frame().value1.is_multiple_of(16));
}

#[test]
fn an_alternate_stack_is_for_its_bits_and_begins_once() {
    let mut driver = boot();
    let notification = driver.make(Syscall::NotificationCreate, &[]);
    let register = [notification, 0x40_0100, STACK, 0, 0x1000, 2];
    driver.call(Syscall::UpcallRegister, &register).unwrap();
    let own = driver.frame().stack;
    driver.raw(Syscall::Signal as u64, &[notification, 1], 0);
    let frame = driver.frame().value1;
    assert_eq!(frame, (own - UPCALL_REDZONE - 160) & !15, "bit 0 is not for that stack");
    driver.raw(Syscall::UpcallReturn as u64, &[frame], 0);
    driver.raw(Syscall::Signal as u64, &[notification, 2], 0);
    let first = driver.frame().value1;
    assert_eq!(first, (STACK - 160) & !15);
    let pointer = driver.frame().stack;
    driver.call(Syscall::Signal, &[notification, 2]).unwrap();
    driver.raw(Syscall::UpcallMask as u64, &[0], 0);
    let second = driver.frame().value1;
    assert_eq!(second, (pointer - UPCALL_REDZONE - 160) & !15, "below the first one's frame");
}

#[test]
fn exit_12_an_unwritable_upcall_stack_is_a_fault_and_loses_no_bits() {
    let mut driver = boot();
    let notification = driver.make(Syscall::NotificationCreate, &[]);
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let handler = driver.start_urgent(0);
    driver.raw(Syscall::Recv as u64, &[endpoint], 0);
    driver.call(Syscall::ProcessFaults, &[0, endpoint, 9]).unwrap();
    driver.call(Syscall::UpcallRegister, &[notification, 0x40_0100, 0x6666_0000, 0]).unwrap();
    driver.raw(Syscall::Signal as u64, &[notification, 1], 0);
    assert_eq!(driver.next, Next::User(handler));
    let told = driver.result(handler).unwrap();
    assert_eq!(told.values.0, 9);
    assert_eq!(told.words[0], FaultKind::Page as u64);
    let memory = driver.make(Syscall::MemoryCreate, &[1]);
    driver.call(Syscall::Map, &[0, memory, 0x6665_f000, 0, 1, 3]).unwrap();
    driver.raw(Syscall::ReplyRecv as u64, &[told.token, endpoint << 32], 0);
    assert_eq!(driver.frame().instruction, 0x40_0100, "delivered after the repair");
    assert_eq!(driver.frame().value0, 1);
}

#[test]
fn a_notification_serves_one_thread() {
    let mut driver = boot();
    let notification = driver.make(Syscall::NotificationCreate, &[]);
    driver.call(Syscall::Bind, &[notification]).unwrap();
    driver.start_urgent(0);
    assert_eq!(driver.call(Syscall::Bind, &[notification]), Err(Error::BadState));
    let register = [notification, 0x40_0100, 0, 0];
    assert_eq!(driver.call(Syscall::UpcallRegister, &register), Err(Error::BadState));
    let weak =
        driver.make(Syscall::HandleCopy, &[notification, u64::from(Rights::SIGNAL.bits()), 0]);
    assert_eq!(driver.call(Syscall::Wait, &[weak, 0]), Err(Error::NoRight));
}

#[test]
fn a_timer_armed_again_for_a_moment_that_has_passed_fires_again() {
    let mut driver = boot();
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let timer = driver.make(Syscall::TimerCreate, &[bell, 1]);
    for _ in 0..3 {
        driver.call(Syscall::TimerArm, &[timer, 500]).unwrap();
        driver.advance(500);
        assert_eq!(driver.call(Syscall::Wait, &[bell, 0]).unwrap().values.0, 1);
    }
}

#[test]
fn an_upcall_waits_for_the_end_of_a_long_operation() {
    let mut driver = boot();
    let notification = driver.make(Syscall::NotificationCreate, &[]);
    driver.make(Syscall::IrqCreate, &[1, 7, notification, 2]);
    driver.call(Syscall::UpcallRegister, &[notification, 0x40_0100, STACK, 0]).unwrap();
    // The interrupt comes after the first of its pieces.
    driver.kernel.machine.arriving.push_back(Interrupt::Line(7));
    driver.raw(Syscall::MemoryCreate as u64, &[200], 0);
    let frame = driver.frame().clone();
    assert_eq!((frame.instruction, frame.value0), (0x40_0100, 2), "the handler has its bits");
    driver.raw(Syscall::UpcallReturn as u64, &[(STACK - 160) & !15], 0);
    let memory = driver.frame().value0;
    assert_eq!(driver.call(Syscall::MemoryInfo, &[memory]).unwrap().values.0, 200);
}

#[test]
fn a_wait_that_ended_leaves_no_deadline_to_the_next_one() {
    let mut driver = boot();
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let waiter = driver.start_urgent(0);
    driver.raw(Syscall::Wait as u64, &[bell, 1_000], 0);
    driver.raw(Syscall::Signal as u64, &[bell, 1], 0);
    assert_eq!(driver.running(), waiter);
    driver.raw(Syscall::Wait as u64, &[bell, u64::MAX], 0);
    driver.advance(2_000);
    assert_eq!(
        driver.state(waiter),
        State::Waiting(driver.kernel.objects.notifications.id_at(0).unwrap())
    );
}
