//! I/O spaces: what stays in place, how long, and who may end it.

use super::invariants::{check, check_running};
use super::kit::{ALL, balance, boot};
use crate::hosted::Driver;
use crate::machine::{Interrupt, Machine};
use crate::object::{MemoryId, ObjectRef, Operation, ProcessId};
use abi::{Error, IO_MAPPINGS, IO_SPACES, PAGE_SIZE, Rights, Syscall};

const RESOURCE: u64 = 1;
const FUNCTION: u64 = 0x0110;
const TRUSTED: u64 = 1;
const TO_DEVICE: u64 = 1;
const FROM_DEVICE: u64 = 2;
const BOTH: u64 = 3;
const CONTIGUOUS: u64 = 1;

/// A new space of the function.
fn space(driver: &mut Driver, limit: u64) -> u64 {
    let made = driver.call(Syscall::IoSpaceCreate, &[RESOURCE, FUNCTION, limit, TRUSTED]).unwrap();
    assert_eq!(made.values.1, 0, "it is new");
    made.values.0
}

fn contiguous(driver: &mut Driver, pages: u64) -> u64 {
    driver.make(Syscall::MemoryCreate, &[pages, 0, CONTIGUOUS])
}

/// Maps pages: the address and their number.
fn map(driver: &mut Driver, arguments: &[u64; 5]) -> Result<(u64, u64), Error> {
    driver.call(Syscall::IoMap, arguments).map(|outcome| outcome.values)
}

fn clear(driver: &mut Driver, space: u64) -> u64 {
    driver.call(Syscall::IoSpaceClear, &[space]).unwrap().values.0
}

fn close(driver: &mut Driver, handle: u64) {
    driver.call(Syscall::HandleClose, &[handle]).unwrap();
}

fn free(driver: &Driver) -> u64 {
    driver.kernel.system_info().frames_free
}

/// The object that the handle names.
fn object(driver: &Driver, handle: u64) -> MemoryId {
    let process = driver.kernel.objects.threads[driver.running()].process;
    let handle = abi::Handle(u32::try_from(handle).unwrap());
    match driver.kernel.objects.lookup(process, handle).unwrap().object {
        ObjectRef::Memory(id) => id,
        other => panic!("{other:?} is no memory"),
    }
}

/// Takes each second frame away: each block of free memory has one frame. The invariants of
/// memory do not know of that.
fn fragment(driver: &mut Driver) {
    let blocks: Vec<_> = core::iter::from_fn(|| driver.kernel.frames.take(0)).collect();
    for block in blocks {
        if block.phys().frame().is_multiple_of(2) {
            driver.kernel.frames.release_block(block);
        }
    }
}

/// Kills a child and lets the reaper finish: as much is done as can be.
fn kill(driver: &mut Driver, child: u64) {
    driver.call(Syscall::ProcessKill, &[child, 1]).unwrap();
    driver.call(Syscall::Yield, &[]).unwrap();
    assert!(driver.kernel.objects.dying.is_empty(), "it is taken apart");
}

#[test]
fn contiguous_memory_lies_in_one_piece_and_is_mapped_at_once() {
    let mut driver = Driver::boot(4096);
    let before = balance(&driver);
    let space = space(&mut driver, 2000);
    for pages in [1, 3, 64, 777, 1024] {
        let memory = contiguous(&mut driver, pages);
        let id = object(&driver, memory);
        let (address, mapped) = map(&mut driver, &[space, memory, 0, pages, BOTH]).unwrap();
        assert_eq!(mapped, pages);
        for page in 0..pages {
            let place = driver.kernel.objects.memory_page(&driver.kernel.frames, id, page).unwrap();
            assert!(pages < 64 || place.address() == address + page * PAGE_SIZE);
        }
        let (inner, _) = map(&mut driver, &[space, memory, pages - 1, 1, BOTH]).unwrap();
        assert_eq!(inner, address + (pages - 1) * PAGE_SIZE);
        driver.call(Syscall::IoUnmap, &[space, inner, 1]).unwrap();
        driver.call(Syscall::IoUnmap, &[space, address, pages]).unwrap();
        close(&mut driver, memory);
        check(&driver.kernel);
    }
    close(&mut driver, space);
    assert_eq!(balance(&driver), before);
}

#[test]
fn contiguous_memory_is_zeroed_and_refused_when_memory_is_fragmented() {
    let mut driver = Driver::boot(4096);
    let mut blocks = Vec::new();
    while let Some(block) = driver.kernel.frames.take(0) {
        driver.kernel.machine.write(block.phys(), &[0xee; 64]);
        blocks.push(block);
    }
    for block in blocks {
        if block.phys().frame() % 8 < 5 {
            driver.kernel.frames.release_block(block);
        }
    }
    let before = balance(&driver);
    for pages in [5, 8, 1024] {
        let made = driver.call(Syscall::MemoryCreate, &[pages, 0, CONTIGUOUS]);
        assert_eq!(made, Err(Error::OutOfMemory));
    }
    for (pages, flags) in [(0, CONTIGUOUS), (1025, CONTIGUOUS), (u64::MAX, CONTIGUOUS), (1, 2)] {
        let made = driver.call(Syscall::MemoryCreate, &[pages, 0, flags]);
        assert_eq!(made, Err(Error::BadArgument), "{pages} pages, flags {flags}");
    }
    assert_eq!(balance(&driver), before, "what is refused costs nothing");
    let memory = contiguous(&mut driver, 3);
    assert_eq!(free(&driver), before[0] - 3, "what is left of the block is free");
    driver.call(Syscall::Map, &[0, memory, 0x1000_0000, 0, 3, 3]).unwrap();
    assert!(driver.peek(0x1000_0000, 3 * 4096).iter().all(|byte| *byte == 0));
}

#[test]
fn memory_in_pieces_is_mapped_run_by_run() {
    let mut driver = Driver::boot(4096);
    let mut blocks: Vec<_> = core::iter::from_fn(|| driver.kernel.frames.take(0)).collect();
    blocks.sort_by_key(|block| block.phys());
    // Pairs of frames, with two between them.
    for block in blocks {
        if block.phys().frame() % 4 < 2 {
            driver.kernel.frames.release_block(block);
        }
    }
    let space = space(&mut driver, 100);
    let memory = driver.make(Syscall::MemoryCreate, &[6]);
    let id = object(&driver, memory);
    let mut page = 0;
    while page < 6 {
        let (address, pages) = map(&mut driver, &[space, memory, page, 6 - page, BOTH]).unwrap();
        assert!((1..=2).contains(&pages), "{pages}");
        assert_eq!(
            driver.kernel.objects.memory_page(&driver.kernel.frames, id, page).unwrap().address(),
            address
        );
        page += pages;
    }
    check_running(&driver.kernel);
}

#[test]
fn frames_of_a_dead_driver_are_in_quarantine_until_the_space_is_cleared() {
    let mut driver = boot();
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let space = space(&mut driver, 100);
    let before = balance(&driver);
    let (child, process) = driver.child(bell);
    let memory = driver.make(Syscall::MemoryCreate, &[16, child]);
    let (address, pages) = map(&mut driver, &[space, memory, 0, 16, BOTH]).unwrap();
    driver.give(child, memory, Rights::ALL, 0);
    driver.give(child, space, Rights::WRITE, 0);
    close(&mut driver, memory);
    kill(&mut driver, child);
    assert_eq!(driver.call(Syscall::Wait, &[bell, 0]).unwrap().values.0, 1, "it is dead");
    close(&mut driver, child);
    check(&driver.kernel);
    assert!(driver.kernel.objects.processes.get(process).is_none());
    assert_eq!(free(&driver), before[0] - 16, "its frames are not free");
    // No new object gets one of them.
    let frames = address..address + pages * PAGE_SIZE;
    let rest: Vec<_> = core::iter::from_fn(|| driver.kernel.frames.take(0)).collect();
    assert!(rest.iter().all(|block| !frames.contains(&block.phys().address())));
    rest.into_iter().for_each(|block| driver.kernel.frames.release_block(block));
    assert_eq!(clear(&mut driver, space), 0);
    assert_eq!(balance(&driver), before, "frames, object and account are back");
    check(&driver.kernel);
}

#[test]
fn a_cleared_space_maps_and_unmaps_nothing_any_more() {
    let mut driver = boot();
    let space = space(&mut driver, 100);
    let memory = contiguous(&mut driver, 2);
    let (first, _) = map(&mut driver, &[space, memory, 0, 1, BOTH]).unwrap();
    map(&mut driver, &[space, memory, 1, 1, BOTH]).unwrap();
    let left = clear(&mut driver, space);
    assert_eq!(left, 1);
    assert_eq!(map(&mut driver, &[space, memory, 0, 1, BOTH]), Err(Error::BadState));
    assert_eq!(driver.call(Syscall::IoUnmap, &[space, first, 1]), Err(Error::BadState));
    assert_eq!((clear(&mut driver, space), clear(&mut driver, space)), (0, 0));
    assert_eq!(map(&mut driver, &[space, memory, 0, 1, BOTH]), Err(Error::BadState));
    close(&mut driver, space);
    // The function can have another one.
    self::space(&mut driver, 100);
    check(&driver.kernel);
}

/// A child that makes a space, maps two pages of its own memory and dies: what a bus server leaves.
fn orphan(driver: &mut Driver) -> ProcessId {
    let (child, process) = driver.child(0);
    let space = space(driver, 100);
    let memory = driver.make(Syscall::MemoryCreate, &[2, child]);
    for page in 0..2 {
        map(driver, &[space, memory, page, 1, BOTH]).unwrap();
    }
    driver.give(child, space, Rights::ALL, 0);
    close(driver, space);
    close(driver, memory);
    kill(driver, child);
    process
}

#[test]
fn an_orphan_is_adopted_cleared_and_replaced() {
    let mut driver = boot();
    let before = balance(&driver);
    orphan(&mut driver);
    check(&driver.kernel);
    assert!(free(&driver) <= before[0] - 2, "its frames stay");
    let create = [RESOURCE, FUNCTION, 7, TRUSTED];
    let (handle, mappings) = driver.call(Syscall::IoSpaceCreate, &create).unwrap().values;
    assert_eq!(mappings, 2);
    let memory = contiguous(&mut driver, 1);
    assert_eq!(map(&mut driver, &[handle, memory, 0, 1, BOTH]), Err(Error::BadState));
    assert_eq!(
        driver.call(Syscall::IoSpaceCreate, &create),
        Err(Error::BadState),
        "one manager at a time"
    );
    assert_eq!((clear(&mut driver, handle), clear(&mut driver, handle)), (1, 0));
    close(&mut driver, handle);
    assert!(driver.kernel.objects.io_spaces.is_empty());
    let (new, mappings) = driver.call(Syscall::IoSpaceCreate, &create).unwrap().values;
    assert_eq!(mappings, 0);
    map(&mut driver, &[new, memory, 0, 1, BOTH]).unwrap();
    check(&driver.kernel);
}

#[test]
fn a_driver_that_outlives_its_bus_server_keeps_nothing_from_the_next() {
    let mut driver = boot();
    let (child, _) = driver.child(0);
    let space = space(&mut driver, 100);
    driver.give(child, space, Rights::WRITE, 0);
    close(&mut driver, space);
    // No mapping was left: the function is free at once.
    let space = self::space(&mut driver, 100);
    let weak = driver.make(Syscall::HandleCopy, &[space, Rights::WRITE.bits().into(), 0]);
    let memory = contiguous(&mut driver, 1);
    let (address, _) = map(&mut driver, &[weak, memory, 0, 1, BOTH]).unwrap();
    close(&mut driver, space);
    assert_eq!(map(&mut driver, &[weak, memory, 0, 1, BOTH]), Err(Error::BadState));
    assert_eq!(driver.call(Syscall::IoUnmap, &[weak, address, 1]), Err(Error::BadState));
    assert_eq!(driver.call(Syscall::IoSpaceClear, &[weak]), Err(Error::NoRight));
    let create = [RESOURCE, FUNCTION, 7, TRUSTED];
    let (next, mappings) = driver.call(Syscall::IoSpaceCreate, &create).unwrap().values;
    assert_eq!((mappings, clear(&mut driver, next)), (1, 0));
    close(&mut driver, next);
    check(&driver.kernel);
    // The old driver's handle names a space of no function.
    self::space(&mut driver, 100);
    close(&mut driver, weak);
    check(&driver.kernel);
}

#[test]
fn a_loan_that_is_taken_back_leaves_its_frames_to_the_device() {
    let mut driver = boot();
    let space = space(&mut driver, 100);
    let before = balance(&driver);
    let memory = contiguous(&mut driver, 8);
    let id = object(&driver, memory);
    let place = driver.kernel.objects.memory_page(&driver.kernel.frames, id, 3).unwrap().address();
    let loan = driver.make(Syscall::MemoryLend, &[memory, 2, 4, 3]);
    let borrowed = driver.make(Syscall::HandleCopy, &[loan, ALL, 0]);
    assert_eq!(map(&mut driver, &[space, borrowed, 1, 2, BOTH]), Ok((place, 2)));
    close(&mut driver, loan);
    check(&driver.kernel);
    assert_eq!(map(&mut driver, &[space, borrowed, 1, 2, BOTH]), Err(Error::PeerDied));
    close(&mut driver, memory);
    assert!(driver.kernel.objects.memories.get(id).is_some(), "the mapping names it");
    assert_eq!(free(&driver), before[0] - 8 - 1, "the frames, and the loan's blank page");
    driver.call(Syscall::IoUnmap, &[space, place, 2]).unwrap();
    assert_eq!(driver.kernel.objects.memories.get(id).map(|memory| memory.refs), None);
    close(&mut driver, borrowed);
    assert_eq!(balance(&driver), before);
    check(&driver.kernel);
}

#[test]
fn a_loan_that_is_being_taken_back_is_not_mapped_for_a_device() {
    let mut driver = Driver::boot(4096);
    let space = space(&mut driver, 500);
    let memory = driver.make(Syscall::MemoryCreate, &[200]);
    let loan = driver.make(Syscall::MemoryLend, &[memory, 0, 200, 3]);
    let borrowed = driver.make(Syscall::HandleCopy, &[loan, ALL, 0]);
    driver.call(Syscall::Map, &[0, loan, 0x1000_0000, 0, 200, 3]).unwrap();
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    driver.make(Syscall::IrqCreate, &[RESOURCE, 5, bell, 1]);
    let urgent = driver.start_urgent(0);
    driver.raw(Syscall::Wait as u64, &[bell, u64::MAX], 0);
    driver.kernel.machine.arriving.push_back(Interrupt::Line(5));
    let me = driver.raw(Syscall::HandleClose as u64, &[loan], 0);
    assert_eq!(driver.running(), urgent);
    let left = driver.kernel.objects.threads[me].operation;
    assert!(matches!(left, Some(Operation::Revoke { .. })), "{left:?}");
    assert_eq!(map(&mut driver, &[space, borrowed, 199, 1, BOTH]), Err(Error::PeerDied));
    check(&driver.kernel);
}

#[test]
fn rights_of_space_and_memory_are_checked_for_each_direction() {
    let mut driver = boot();
    let space = space(&mut driver, 100);
    let memory = contiguous(&mut driver, 1);
    let mut narrow =
        |rights: Rights, of: u64| driver.make(Syscall::HandleCopy, &[of, rights.bits().into(), 0]);
    let read = narrow(Rights::READ, memory);
    let write = narrow(Rights::WRITE, memory);
    let manage = narrow(Rights::ALL - Rights::WRITE, space);
    let weak = narrow(Rights::WRITE, space);
    for (handle, direction, wanted) in [
        (read, TO_DEVICE, true),
        (read, FROM_DEVICE, false),
        (read, BOTH, false),
        (write, FROM_DEVICE, true),
        (write, TO_DEVICE, false),
        (write, BOTH, false),
        (memory, BOTH, true),
    ] {
        let mapped = map(&mut driver, &[weak, handle, 0, 1, direction]).map(|_| ());
        let wanted = if wanted { Ok(()) } else { Err(Error::NoRight) };
        assert_eq!(mapped, wanted, "{handle} {direction}");
    }
    assert_eq!(map(&mut driver, &[manage, memory, 0, 1, BOTH]), Err(Error::NoRight));
    assert_eq!(driver.call(Syscall::IoUnmap, &[manage, 0, 1]), Err(Error::NoRight));
    assert_eq!(driver.call(Syscall::IoSpaceClear, &[weak]), Err(Error::NoRight));
}

#[test]
fn what_is_no_ram_of_the_caller_is_not_mapped() {
    let mut driver = boot();
    let space = space(&mut driver, 100);
    let memory = contiguous(&mut driver, 2);
    let device = driver.make(Syscall::MemoryDevice, &[RESOURCE, 1 << 40, 4]);
    for (arguments, error) in [
        ([space, device, 0, 1, BOTH], Error::BadArgument),
        ([space, memory, 0, 0, BOTH], Error::BadArgument),
        ([space, memory, 0, 3, BOTH], Error::BadArgument),
        ([space, memory, 2, 1, BOTH], Error::BadArgument),
        ([space, memory, u64::MAX, 2, BOTH], Error::BadArgument),
        ([space, memory, 0, u64::MAX, BOTH], Error::BadArgument),
        ([space, memory, 0, 1, 0], Error::BadArgument),
        ([space, memory, 0, 1, 4], Error::BadArgument),
        ([memory, memory, 0, 1, BOTH], Error::WrongKind),
        ([space, space, 0, 1, BOTH], Error::WrongKind),
        ([0, memory, 0, 1, BOTH], Error::BadHandle),
    ] {
        assert_eq!(map(&mut driver, &arguments), Err(error), "{arguments:?}");
    }
    let (address, _) = map(&mut driver, &[space, memory, 0, 2, BOTH]).unwrap();
    for (address, pages) in [(address, 1), (address + PAGE_SIZE, 1), (0, 0), (u64::MAX, 2)] {
        let unmapped = driver.call(Syscall::IoUnmap, &[space, address, pages]);
        assert_eq!(unmapped, Err(Error::Overlap), "{address:#x}, {pages}");
    }
    driver.call(Syscall::IoUnmap, &[space, address, 2]).unwrap();
    assert_eq!(driver.call(Syscall::IoUnmap, &[space, address, 2]), Err(Error::Overlap));
}

#[test]
fn pages_and_mappings_of_a_space_are_limited() {
    let mut driver = boot();
    let space = space(&mut driver, 70);
    let memory = contiguous(&mut driver, 80);
    let (address, pages) = map(&mut driver, &[space, memory, 0, 80, BOTH]).unwrap();
    assert_eq!(pages, 70, "the limit");
    assert_eq!(map(&mut driver, &[space, memory, 0, 1, BOTH]), Err(Error::QuotaExceeded));
    driver.call(Syscall::IoUnmap, &[space, address, 70]).unwrap();
    for _ in 0..IO_MAPPINGS {
        assert_eq!(map(&mut driver, &[space, memory, 0, 1, BOTH]), Ok((address, 1)));
    }
    assert_eq!(map(&mut driver, &[space, memory, 0, 1, BOTH]), Err(Error::QuotaExceeded));
    driver.call(Syscall::IoUnmap, &[space, address, 1]).unwrap();
    map(&mut driver, &[space, memory, 0, 1, BOTH]).unwrap();
    check(&driver.kernel);
    for left in (0..IO_MAPPINGS as u64).rev() {
        assert_eq!(clear(&mut driver, space), left);
    }
}

#[test]
fn spaces_are_limited_and_bad_ones_refused() {
    let mut driver = boot();
    let before = balance(&driver);
    let mut made = Vec::new();
    for function in 0..IO_SPACES as u64 {
        made.push(driver.make(Syscall::IoSpaceCreate, &[RESOURCE, function, 1, TRUSTED]));
    }
    let mut refused = |arguments: [u64; 4]| {
        driver.call(Syscall::IoSpaceCreate, &arguments).expect_err("it is refused")
    };
    assert_eq!(refused([RESOURCE, 0xffff, 1, TRUSTED]), Error::OutOfMemory);
    assert_eq!(refused([RESOURCE, 1, 1, TRUSTED]), Error::BadState);
    assert_eq!(refused([RESOURCE, 0xffff, 1, 0]), Error::NoRight, "there is no IOMMU");
    assert_eq!(refused([RESOURCE, 0xffff, 1, 3]), Error::BadArgument);
    assert_eq!(refused([RESOURCE, 0x1_0000, 1, TRUSTED]), Error::BadArgument);
    assert_eq!(refused([RESOURCE, 0xffff, 0, TRUSTED]), Error::BadArgument);
    assert_eq!(refused([RESOURCE, 0xffff, 1 << 32, TRUSTED]), Error::BadArgument);
    assert_eq!(refused([made[0], 0xffff, 1, TRUSTED]), Error::WrongKind);
    check(&driver.kernel);
    let grown = driver.kernel.machine.grown;
    for handle in made {
        close(&mut driver, handle);
    }
    let mut now = balance(&driver);
    now[0] += grown;
    assert_eq!(now, before, "but for the frames of the arena");
}

#[test]
fn a_large_object_whose_last_name_is_a_mapping_ends_in_pieces() {
    for cleared in [false, true] {
        let mut driver = Driver::boot(4096);
        fragment(&mut driver);
        let space = space(&mut driver, 100);
        let before = balance(&driver);
        let memory = driver.make(Syscall::MemoryCreate, &[40]);
        let (address, pages) = map(&mut driver, &[space, memory, 0, 40, BOTH]).unwrap();
        assert_eq!(pages, 1);
        close(&mut driver, memory);
        assert_eq!(free(&driver), before[0] - 40);
        // An urgent thread that a device wakes in the middle.
        let bell = driver.make(Syscall::NotificationCreate, &[]);
        driver.make(Syscall::IrqCreate, &[RESOURCE, 5, bell, 1]);
        let urgent = driver.start_urgent(0);
        driver.raw(Syscall::Wait as u64, &[bell, u64::MAX], 0);
        driver.kernel.machine.arriving.push_back(Interrupt::Line(5));
        let me = match cleared {
            false => driver.raw(Syscall::IoUnmap as u64, &[space, address, 1], 0),
            true => driver.raw(Syscall::IoSpaceClear as u64, &[space], 0),
        };
        assert_eq!(driver.running(), urgent);
        let left = driver.kernel.objects.threads[me].operation;
        assert!(matches!(left, Some(Operation::Release { .. })), "{left:?}");
        check_running(&driver.kernel);
        driver.raw(Syscall::Wait as u64, &[bell, u64::MAX], 0);
        assert_eq!(driver.running(), me);
        assert_eq!(driver.result(me).unwrap().values.0, 0);
        assert_eq!(free(&driver), before[0]);
        check_running(&driver.kernel);
    }
}

#[test]
fn a_killed_caller_leaves_the_end_of_a_mapping_to_its_reaper() {
    let mut driver = Driver::boot(4096);
    fragment(&mut driver);
    let space = space(&mut driver, 100);
    let before = free(&driver);
    let memory = driver.make(Syscall::MemoryCreate, &[40]);
    map(&mut driver, &[space, memory, 0, 40, BOTH]).unwrap();
    close(&mut driver, memory);
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    driver.make(Syscall::IrqCreate, &[RESOURCE, 5, bell, 1]);
    driver.start_urgent(0);
    // The other thread clears the space, is interrupted, and killed by the urgent one.
    driver.raw(Syscall::Wait as u64, &[bell, u64::MAX], 0);
    driver.kernel.machine.arriving.push_back(Interrupt::Line(5));
    let me = driver.raw(Syscall::IoSpaceClear as u64, &[space], 0);
    let handle = thread_handle(&mut driver, me);
    driver.raw(Syscall::ThreadKill as u64, &[handle], 0);
    check_running(&driver.kernel);
    assert_eq!(free(&driver), before);
}

/// A handle to a thread of the running program.
fn thread_handle(driver: &mut Driver, id: crate::object::ThreadId) -> u64 {
    let process = driver.kernel.objects.threads[driver.running()].process;
    let object = crate::object::ObjectRef::Thread(id);
    driver
        .kernel
        .memory()
        .grant(process, object, Rights::ALL, 0)
        .map(|handle| handle.0.into())
        .unwrap()
}

#[test]
fn the_place_of_the_configuration_space_is_told() {
    let mut driver = boot();
    assert_eq!(driver.kernel.system_info().ecam, 0);
    let base = crate::machine::Phys::new(0xb000_0000).unwrap();
    driver.kernel.machine.ecam = Some(crate::machine::Ecam { base, first_bus: 1, last_bus: 255 });
    let info = driver.kernel.system_info();
    assert_eq!((info.ecam, info.ecam_first_bus, info.ecam_last_bus), (0xb000_0000, 1, 255));
}
