//! Looking at what a process holds: its memory, its handles, its signs of life.

use super::kit::{BYTES, ENVELOPE, boot};
use crate::hosted::Driver;
use crate::mem::UserSlice;
use crate::object::ObjectRef;
use abi::{Error, HandleRecord, ObjectKind, ProcessInfo, Rights, Syscall};

const RESOURCE: u64 = 1;
const MEMORY: Syscall = Syscall::ProcessMemory;
const HANDLES: Syscall = Syscall::ProcessHandles;

#[test]
fn memory_of_a_child_is_read_and_written_across_pages() {
    let mut driver = boot();
    let (child, id) = driver.child(0);
    driver.give_page(child);
    let at = ENVELOPE + 4090;
    driver.poke_in(id, at, b"over the edge");
    driver.call(MEMORY, &[child, at, BYTES, 13, 0]).unwrap();
    assert_eq!(driver.peek(BYTES, 13), b"over the edge");
    driver.poke(BYTES, b"changed");
    driver.call(MEMORY, &[child, at, BYTES, 7, 1]).unwrap();
    let mut bytes = [0; 13];
    let slice = UserSlice::new(at, 13).unwrap();
    driver.kernel.memory().read_user(id, slice, &mut bytes).unwrap();
    assert_eq!(&bytes, b"changede edge");
}

#[test]
fn what_it_may_only_read_can_be_written_and_what_is_shared_read_only_cannot() {
    let mut driver = boot();
    let (child, _) = driver.child(0);
    let code = driver.make(Syscall::MemoryCreate, &[1]);
    driver.call(Syscall::Map, &[child, code, 0x40_0000, 0, 1, 5]).unwrap();
    driver.call(MEMORY, &[child, 0x40_0010, BYTES, 4, 1]).unwrap();
    let constant = driver.make(Syscall::HandleCopy, &[code, Rights::READ.bits().into(), 0]);
    driver.call(Syscall::Map, &[child, constant, 0x60_0000, 0, 1, 1]).unwrap();
    driver.call(MEMORY, &[child, 0x60_0000, BYTES, 4, 0]).unwrap();
    assert_eq!(driver.call(MEMORY, &[child, 0x60_0000, BYTES, 4, 1]), Err(Error::NoRight));
}

#[test]
fn wrong_addresses_are_errors_and_write_nothing() {
    let mut driver = boot();
    let (child, id) = driver.child(0);
    driver.give_page(child);
    let end = ENVELOPE + 8192;
    driver.poke_in(id, end - 4, b"same");
    for (at, buffer, len) in [
        (end - 4, BYTES, 8),
        (0, BYTES, 1),
        (u64::MAX, BYTES, 2),
        (end - 4, 0x7777_0000, 4),
        (end - 4, u64::MAX, 4),
    ] {
        let refused = driver.call(MEMORY, &[child, at, buffer, len, 1]);
        assert_eq!(refused, Err(Error::BadAddress), "{at:#x} {buffer:#x} {len}");
    }
    assert_eq!(driver.call(MEMORY, &[child, ENVELOPE, BYTES, 4097, 0]), Err(Error::TooLong));
    assert_eq!(driver.call(MEMORY, &[child, ENVELOPE, BYTES, 4, 2]), Err(Error::BadArgument));
    assert_eq!(driver.call(MEMORY, &[0, ENVELOPE, BYTES, 4, 0]), Err(Error::BadHandle));
    driver.call(MEMORY, &[child, end - 4, BYTES, 4, 0]).unwrap();
    assert_eq!(driver.peek(BYTES, 4), b"same");
    driver.call(Syscall::ProcessKill, &[child, 1]).unwrap();
    assert_eq!(driver.call(MEMORY, &[child, end - 4, BYTES, 4, 0]), Err(Error::PeerDied));
}

#[test]
fn a_handle_to_the_own_process_reaches_none_of_its_memory_and_threads() {
    let mut driver = boot();
    let process = driver.kernel.objects.threads[driver.running()].process;
    let own = ObjectRef::Process(process);
    let own = u64::from(driver.kernel.memory().grant(process, own, Rights::ALL, 0).unwrap().0);
    let memory = driver.make(Syscall::MemoryCreate, &[1]);
    driver.poke(BYTES, b"same");
    let at = 0x7000_0000;
    for (call, arguments) in [
        (MEMORY, [own, BYTES, ENVELOPE, 4, 0, 0]),
        (MEMORY, [own, BYTES, ENVELOPE, 4, 1, 0]),
        (HANDLES, [own, 1, BYTES, 1, 0, 0]),
        (Syscall::Map, [own, memory, at, 0, 1, 3]),
        (Syscall::Unmap, [own, BYTES & !4095, 1, 0, 0, 0]),
        (Syscall::Protect, [own, BYTES & !4095, 1, 1, 0, 0]),
        (Syscall::ThreadCreate, [own, at, at, 0, 1, 0]),
        (Syscall::ProcessThread, [own, 0, 0, 0, 0, 0]),
        (Syscall::ProcessTrace, [own, 0, 0, 0, 0, 0]),
        (Syscall::ProcessDispatch, [own, 0, 0, 0, 0, 0]),
    ] {
        assert_eq!(driver.call(call, &arguments), Err(Error::BadArgument), "{call:?}");
    }
    assert_eq!(driver.peek(BYTES, 4), b"same");
    driver.call(Syscall::Map, &[0, memory, at, 0, 1, 3]).unwrap();
}

#[test]
fn handles_are_listed_with_what_they_name_and_allow() {
    let mut driver = boot();
    let (child, _) = driver.child(0);
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    for badge in 1..=5 {
        driver.give(child, endpoint, Rights::SEND, badge);
    }
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    driver.give(child, bell, Rights::WAIT, 0);
    let listed = |driver: &mut crate::hosted::Driver, first, room| {
        let values = driver.call(HANDLES, &[child, first, BYTES, room]).unwrap().values;
        let size = size_of::<HandleRecord>();
        let bytes = driver.peek(BYTES, usize::try_from(values.0).unwrap() * size);
        let records: Vec<Vec<u8>> = bytes.chunks(size).map(<[u8]>::to_vec).collect();
        (records, values.1)
    };
    let (some, next) = listed(&mut driver, 1, 4);
    assert_eq!(some.len(), 4);
    let (rest, mut next) = listed(&mut driver, next, 32);
    assert_eq!(rest.len(), 2);
    let mut calls = 0;
    while next != 0 {
        let (none, end) = listed(&mut driver, next, 32);
        assert!(none.is_empty() && (end == 0 || end == next + 256), "a piece of the table");
        (next, calls) = (end, calls + 1);
    }
    assert_eq!(calls, 3, "the table has 1024 slots, and a call looks at 256");
    let half =
        |record: &[u8], at: usize| u32::from_le_bytes(record[at..at + 4].try_into().unwrap());
    let word =
        |record: &[u8], at: usize| u64::from_le_bytes(record[at..at + 8].try_into().unwrap());
    let all: Vec<_> = some.iter().chain(&rest).collect();
    let badges: Vec<_> = all.iter().map(|record| word(record, 16)).collect();
    assert_eq!(badges, [1, 2, 3, 4, 5, 0]);
    assert!(all[..5].iter().all(|record| half(record, 4) == ObjectKind::Endpoint as u32));
    assert!(all[..5].iter().all(|record| word(record, 24) == word(all[0], 24)), "the same object");
    assert_ne!(word(all[5], 24), word(all[0], 24));
    assert_eq!(half(all[5], 8), u32::from(Rights::WAIT.bits()));
    assert_eq!(listed(&mut driver, 1, 0), (vec![], 1), "no room, nothing lost");
}

#[test]
fn asking_for_messages_is_a_sign_of_life() {
    let mut driver = boot();
    let offset = core::mem::offset_of!(ProcessInfo, receives);
    let signs = |driver: &mut crate::hosted::Driver| {
        driver.call(Syscall::ProcessInfo, &[0, BYTES]).unwrap();
        let bytes = driver.peek(BYTES + offset as u64, 12);
        (bytes[0], bytes[8])
    };
    assert_eq!(signs(&mut driver), (0, 0));
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let me = driver.running();
    driver.start_urgent(0);
    driver.raw(Syscall::Recv as u64, &[endpoint], 0);
    assert_eq!(driver.running(), me);
    assert_eq!(signs(&mut driver), (1, 1));
    driver.raw(Syscall::Send as u64, &[endpoint], 0);
    driver.raw(Syscall::Recv as u64, &[endpoint], 0);
    assert_eq!(signs(&mut driver), (2, 1));
}

#[test]
fn every_living_process_is_found_also_one_that_nobody_names() {
    let mut driver = Driver::boot(8192);
    let children: Vec<_> = (0..70).map(|_| driver.child(0)).collect();
    for (handle, _) in children.iter().take(65) {
        driver.call(Syscall::ProcessKill, &[*handle, 0]).unwrap();
    }
    let pids = |driver: &Driver, from: usize| -> Vec<u32> {
        children[from..].iter().map(|(_, id)| driver.kernel.objects.processes[*id].pid).collect()
    };
    let wanted = pids(&driver, 65);
    let (mut slot, mut found, mut calls) = (0, Vec::new(), 0);
    loop {
        let (handle, next) = driver.call(Syscall::ProcessFind, &[RESOURCE, slot]).unwrap().values;
        if handle != 0 {
            driver.call(Syscall::ProcessInfo, &[handle, BYTES]).unwrap();
            found.push(u32::from_le_bytes(driver.peek(BYTES, 4).try_into().unwrap()));
            driver.call(Syscall::HandleClose, &[handle]).unwrap();
        }
        calls += 1;
        slot = next;
        if next == 0 {
            break;
        }
    }
    assert_eq!(found, wanted, "all of them, and not the caller itself");
    assert!(calls <= 7 + 1, "64 slots in a call, not {calls} calls");
    let behind = driver.call(Syscall::ProcessFind, &[RESOURCE, 1 << 40]).unwrap();
    assert_eq!(behind.values, (0, 0));
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    assert_eq!(driver.call(Syscall::ProcessFind, &[bell, 0]), Err(Error::WrongKind));
}
