//! What a program may say in the name of others: badges, labels of the kernel, filters.

use super::kit::{ALL, BYTES, ENVELOPE, boot, envelope_bytes};
use crate::exit::Next;
use crate::hosted::Driver;
use crate::object::{State, Watch};
use abi::{Envelope, Error, FAULT_LABEL, NOTIFIED_LABEL, Rights, Syscall, TRACE_LABEL, TraceFlags};

const TRACED: u64 = TraceFlags::ENTER.bits();

/// An endpoint, and handles to it without the right to mint: one unbadged, one with badge 5.
fn endpoints(driver: &mut Driver) -> (u64, u64, u64) {
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let rights = u64::from(Rights::SEND.union(Rights::TRANSFER).bits());
    let plain = driver.make(Syscall::HandleCopy, &[endpoint, rights, 0]);
    let badged = driver.make(Syscall::HandleCopy, &[endpoint, rights, 5]);
    (endpoint, plain, badged)
}

#[test]
fn faults_come_with_a_badge_that_their_sender_could_have_given() {
    let mut driver = boot();
    let (child, _) = driver.child(0);
    let (endpoint, plain, badged) = endpoints(&mut driver);
    let minted = driver.make(Syscall::HandleCopy, &[endpoint, ALL, 5]);
    let mut set = |handle, badge| driver.call(Syscall::ProcessFaults, &[child, handle, badge]);
    for (handle, badge) in [(plain, 1), (badged, 1), (badged, 6), (minted, 6)] {
        assert_eq!(set(handle, badge), Err(Error::NoRight), "{handle:#x} {badge}");
    }
    for (handle, badge) in [(plain, 0), (badged, 0), (badged, 5), (endpoint, 1), (endpoint, 0)] {
        assert!(set(handle, badge).is_ok(), "{handle:#x} {badge}");
    }
}

#[test]
fn a_fault_without_a_badge_of_its_own_has_that_of_the_handle() {
    let mut driver = boot();
    let (child, _) = driver.child(0);
    let (endpoint, _, badged) = endpoints(&mut driver);
    driver.call(Syscall::ProcessFaults, &[child, badged, 0]).unwrap();
    driver.start_urgent(child);
    driver.fault(&crate::Fault { kind: abi::FaultKind::Page, code: 0, address: 0 });
    let me = driver.raw(Syscall::Recv as u64, &[endpoint], 0);
    assert_eq!(driver.result(me).unwrap().values, (5, u64::from(FAULT_LABEL)));
}

#[test]
fn stops_need_the_right_to_mint_their_badges() {
    let mut driver = boot();
    let (child, _) = driver.child(0);
    let (endpoint, plain, badged) = endpoints(&mut driver);
    for handle in [plain, badged] {
        for badge in [0, 1, 5] {
            let trace = driver.call(Syscall::ProcessTrace, &[child, handle, badge, TRACED]);
            assert_eq!(trace, Err(Error::NoRight));
            let dispatch = driver.call(Syscall::ProcessDispatch, &[child, handle, badge]);
            assert_eq!(dispatch, Err(Error::NoRight));
        }
    }
    driver.call(Syscall::ProcessTrace, &[child, endpoint, 1, TRACED]).unwrap();
    driver.call(Syscall::ProcessDispatch, &[child, endpoint, 1]).unwrap();
    driver.call(Syscall::ProcessDispatch, &[child, 0, 0]).unwrap();
}

/// Every way of a message, with a receiver that waits and without one.
#[test]
fn labels_of_the_kernel_are_refused_from_programs() {
    for waits in [false, true] {
        let mut driver = boot();
        let endpoint = driver.make(Syscall::EndpointCreate, &[]);
        let client = driver.running();
        if waits {
            driver.start_urgent(0);
            driver.raw(Syscall::Recv as u64, &[endpoint], 0);
        }
        driver.poke(BYTES, &envelope_bytes(&Envelope { deadline_ns: 0, ..Envelope::EMPTY }));
        driver.put_envelope(&Envelope { send_address: BYTES, send_len: 8, ..Envelope::EMPTY });
        let labels = [NOTIFIED_LABEL, FAULT_LABEL, TRACE_LABEL, TRACE_LABEL + 3, 0xffff_0000];
        for label in labels.map(u64::from) {
            for number in [Syscall::Call, Syscall::Send] {
                for envelope in [0, BYTES, ENVELOPE + abi::SENDS_BYTES, BYTES + abi::RECEIVES_ONLY]
                {
                    let upper = label | 0xffff_ffff << 32;
                    for label in [label, upper] {
                        driver.raw(number as u64, &[endpoint, label], envelope);
                        assert_eq!(driver.next, Next::User(client));
                        assert_eq!(driver.result(client), Err(Error::BadArgument));
                    }
                }
            }
        }
        driver.raw(Syscall::Send as u64, &[endpoint, 0xfffe_ffff], 0);
        let taken = !matches!(driver.state(client), State::Sending(_));
        assert_eq!(taken, waits, "the last label of programs");
    }
}

fn newest_watch(driver: &Driver) -> Watch {
    let id = driver.kernel.objects.processes.ids().last().unwrap();
    driver.kernel.objects.processes[id].supervision.watch
}

#[test]
fn a_child_of_a_filtered_process_is_filtered() {
    let mut driver = boot();
    let clock = 1 << Syscall::Clock as u64;
    let (child, _) = driver.child(0);
    driver.give_page(child);
    driver.call(Syscall::ProcessFilter, &[child, !clock, u64::MAX]).unwrap();
    driver.start_urgent(child);
    // It makes one of its own, and lets that do all.
    driver.poke(BYTES, b"child");
    let quota: Vec<u8> =
        [16_u32, 4, 2, 4, 40, 0].iter().flat_map(|half| half.to_le_bytes()).collect();
    driver.poke(BYTES + 64, &quota);
    let made = driver.make(Syscall::ProcessCreate, &[BYTES, 5, BYTES + 64, 0, 0]);
    assert_eq!(newest_watch(&driver).allowed, !u128::from(clock), "without another word");
    driver.call(Syscall::ProcessFilter, &[made, u64::MAX, u64::MAX]).unwrap();
    let (thread, id) = driver.thread(made, 40);
    driver.raw(Syscall::ThreadResume as u64, &[thread], 0);
    assert_eq!(driver.next, Next::User(id));
    assert_eq!(driver.call(Syscall::Clock, &[]), Err(Error::NoRight));
    assert!(driver.call(Syscall::NotificationCreate, &[]).is_ok());
    driver.call(Syscall::ProcessFilter, &[0, u64::MAX, u64::MAX]).unwrap();
    assert_eq!(driver.call(Syscall::Clock, &[]), Err(Error::NoRight));
}

#[test]
fn records_of_a_process_go_on_in_its_children() {
    let mut driver = boot();
    let records = TraceFlags::AUDIT.union(TraceFlags::POINT).bits();
    let (child, _) = driver.child(0);
    driver.give_page(child);
    driver.call(Syscall::ProcessTrace, &[child, 0, 0, records]).unwrap();
    driver.start_urgent(child);
    driver.poke(BYTES, b"child");
    let quota: Vec<u8> =
        [16_u32, 4, 2, 4, 40, 0].iter().flat_map(|half| half.to_le_bytes()).collect();
    driver.poke(BYTES + 64, &quota);
    let made = driver.make(Syscall::ProcessCreate, &[BYTES, 5, BYTES + 64, 0, 0]);
    assert_eq!(newest_watch(&driver).flags.bits(), records, "without another word");
    driver.call(Syscall::ProcessTrace, &[made, 0, 0, 0]).unwrap();
    assert_eq!(newest_watch(&driver).flags.bits(), records);
}
