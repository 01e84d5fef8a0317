//! Spaces: map, unmap, protect; whole, in parts, refused, undone.

use super::invariants::check;
use super::kit::{balance, boot};
use crate::hosted::Driver;
use crate::machine::{Access, Machine};
use abi::{Error, PAGE_SIZE, Rights, Syscall, USER_END, USER_START};

const AT: u64 = 0x1000_0000;
const LARGE: u64 = 0x20_0000;

fn reachable(driver: &Driver, address: u64, access: Access) -> bool {
    let process = driver.kernel.objects.threads[driver.running()].process;
    let table = driver.kernel.objects.processes[process].space.table.as_ref().unwrap();
    driver.kernel.machine.translate(table, address, access).is_some()
}

#[test]
fn memory_is_zeroed_and_shared() {
    let mut driver = boot();
    let memory = driver.make(Syscall::MemoryCreate, &[40]);
    driver.call(Syscall::Map, &[0, memory, AT, 0, 40, 3]).unwrap();
    driver.call(Syscall::Map, &[0, memory, AT + LARGE, 38, 2, 1]).unwrap();
    assert!(driver.peek(AT, 40 * 4096).iter().all(|byte| *byte == 0));
    driver.poke(AT + 39 * PAGE_SIZE, b"seen twice");
    assert_eq!(driver.peek(AT + LARGE + PAGE_SIZE, 10), b"seen twice");
    assert!(!reachable(&driver, AT + LARGE, Access::Write));
}

#[test]
fn what_overlaps_or_leaves_user_space_is_refused() {
    let mut driver = boot();
    let memory = driver.make(Syscall::MemoryCreate, &[4]);
    driver.call(Syscall::Map, &[0, memory, AT, 0, 4, 3]).unwrap();
    let before = balance(&driver);
    let attempts = [
        (AT, 0, 1, Error::Overlap),
        (AT - PAGE_SIZE, 0, 2, Error::Overlap),
        (AT + 3 * PAGE_SIZE, 0, 4, Error::Overlap),
        (AT - PAGE_SIZE, 0, 4, Error::Overlap),
        (AT + 1, 0, 1, Error::BadAddress),
        (0, 0, 1, Error::BadAddress),
        (USER_START - PAGE_SIZE, 0, 1, Error::BadAddress),
        (USER_START - PAGE_SIZE, 0, 2, Error::BadAddress),
        (USER_END, 0, 1, Error::BadAddress),
        (USER_END - PAGE_SIZE, 0, 2, Error::BadAddress),
        (!0xfff, 0, 1, Error::BadAddress),
        (AT + LARGE, 0, 0, Error::BadAddress),
        (AT + LARGE, 0, u64::MAX, Error::BadAddress),
        (AT + LARGE, 4, 1, Error::BadArgument),
        (AT + LARGE, 1, 4, Error::BadArgument),
        (AT + LARGE, u64::MAX, 1, Error::BadArgument),
    ];
    for (address, first, pages, error) in attempts {
        let made = driver.call(Syscall::Map, &[0, memory, address, first, pages, 3]);
        assert_eq!(made, Err(error), "{address:#x} {first:#x} {pages:#x}");
    }
    for protection in [0, 2, 4, 6, 7, 8] {
        let made = driver.call(Syscall::Map, &[0, memory, AT + LARGE, 0, 1, protection]);
        assert_eq!(made, Err(Error::BadArgument), "protection {protection}");
    }
    assert_eq!(balance(&driver), before);
    driver.call(Syscall::Map, &[0, memory, USER_START, 0, 4, 3]).unwrap();
}

#[test]
fn rights_limit_a_mapping_and_its_protection() {
    let mut driver = boot();
    let memory = driver.make(Syscall::MemoryCreate, &[2]);
    let read = driver.make(Syscall::HandleCopy, &[memory, u64::from(Rights::READ.bits()), 0]);
    assert_eq!(driver.call(Syscall::Map, &[0, read, AT, 0, 2, 3]), Err(Error::NoRight));
    assert_eq!(driver.call(Syscall::Map, &[0, read, AT, 0, 2, 5]), Err(Error::NoRight));
    driver.call(Syscall::Map, &[0, read, AT, 0, 2, 1]).unwrap();
    assert_eq!(driver.call(Syscall::Protect, &[0, AT, 1, 3]), Err(Error::NoRight));
    driver.call(Syscall::Map, &[0, memory, AT + LARGE, 0, 2, 3]).unwrap();
    driver.call(Syscall::Protect, &[0, AT + LARGE, 1, 1]).unwrap();
    assert!(!reachable(&driver, AT + LARGE, Access::Write));
    assert!(reachable(&driver, AT + LARGE + PAGE_SIZE, Access::Write), "only the part asked for");
    driver.call(Syscall::Protect, &[0, AT + LARGE, 2, 5]).unwrap();
    assert!(!reachable(&driver, AT + LARGE + PAGE_SIZE, Access::Write));
}

#[test]
fn a_hole_in_the_middle() {
    let mut driver = boot();
    let memory = driver.make(Syscall::MemoryCreate, &[9]);
    driver.call(Syscall::Map, &[0, memory, AT, 0, 9, 3]).unwrap();
    driver.call(Syscall::Unmap, &[0, AT + 3 * PAGE_SIZE, 3]).unwrap();
    let seen: Vec<bool> =
        (0..9).map(|page| reachable(&driver, AT + page * PAGE_SIZE, Access::Read)).collect();
    assert_eq!(seen, [true, true, true, false, false, false, true, true, true]);
    assert_eq!(driver.call(Syscall::Unmap, &[0, AT + 3 * PAGE_SIZE, 3]), Err(Error::Overlap));
    let over = driver.call(Syscall::Map, &[0, memory, AT + 3 * PAGE_SIZE, 3, 3, 1]);
    assert!(over.is_ok(), "the hole can be filled");
    driver.call(Syscall::Unmap, &[0, AT, 9]).unwrap();
    assert!(!reachable(&driver, AT, Access::Read));
}

#[test]
fn a_range_from_within_one_mapping_into_the_next() {
    let mut driver = boot();
    let memory = driver.make(Syscall::MemoryCreate, &[8]);
    driver.call(Syscall::Map, &[0, memory, AT, 0, 4, 3]).unwrap();
    driver.call(Syscall::Map, &[0, memory, AT + 4 * PAGE_SIZE, 4, 4, 3]).unwrap();
    let pages = |driver: &Driver, access| {
        (0..8).map(|page| reachable(driver, AT + page * PAGE_SIZE, access)).collect::<Vec<_>>()
    };
    driver.call(Syscall::Protect, &[0, AT + PAGE_SIZE, 6, 1]).unwrap();
    let ends = [true, false, false, false, false, false, false, true];
    assert_eq!(pages(&driver, Access::Write), ends);
    driver.call(Syscall::Unmap, &[0, AT + 2 * PAGE_SIZE, 4]).unwrap();
    let outside = [true, true, false, false, false, false, true, true];
    assert_eq!(pages(&driver, Access::Read), outside);
    assert_eq!(pages(&driver, Access::Write), ends, "what was cut keeps its protection");
    driver.call(Syscall::Unmap, &[0, AT, 8]).unwrap();
    assert_eq!(pages(&driver, Access::Read), [false; 8]);
}

#[test]
fn large_pages_are_used_and_split() {
    let mut driver = Driver::boot(4096);
    let memory = driver.make(Syscall::MemoryCreate, &[1024]);
    driver.call(Syscall::Map, &[0, memory, AT, 0, 1024, 3]).unwrap();
    driver.poke(AT + LARGE + 5, b"large");
    driver.call(Syscall::Unmap, &[0, AT + 7 * PAGE_SIZE, 1]).unwrap();
    assert!(reachable(&driver, AT + 6 * PAGE_SIZE, Access::Write));
    assert!(!reachable(&driver, AT + 7 * PAGE_SIZE, Access::Read));
    assert_eq!(driver.peek(AT + LARGE + 5, 5), b"large");
}

#[test]
fn unmapping_gives_memory_back_with_the_last_name() {
    let mut driver = boot();
    let memory = driver.make(Syscall::MemoryCreate, &[8]);
    driver.call(Syscall::Map, &[0, memory, AT, 0, 8, 3]).unwrap();
    let free = driver.kernel.system_info().frames_free;
    driver.call(Syscall::HandleClose, &[memory]).unwrap();
    assert_eq!(driver.kernel.system_info().frames_free, free, "the mapping still names it");
    driver.call(Syscall::Unmap, &[0, AT, 8]).unwrap();
    assert_eq!(driver.kernel.system_info().frames_free, free + 8);
}

#[test]
fn a_map_that_runs_out_of_quota_is_undone() {
    let mut driver = boot();
    let memory = driver.make(Syscall::MemoryCreate, &[1]);
    let (child, id) = driver.child(0);
    // A page every 2 MiB needs a table each: the child's 64 pages do not last.
    let mut made = 0;
    let error = loop {
        match driver.call(Syscall::Map, &[child, memory, AT + made * LARGE, 0, 1, 3]) {
            Ok(_) => made += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error, Error::QuotaExceeded);
    let account = &driver.kernel.objects.quotas[driver.kernel.objects.processes[id].accounts.quota];
    assert_eq!(account.used.of(crate::object::Resource::Objects), u32::try_from(made).unwrap());
}

#[test]
fn memory_beyond_the_quota_or_the_machine_is_refused() {
    let mut driver = boot();
    let before = balance(&driver);
    for pages in [0, 4096, u64::from(u32::MAX), 1 << 32, u64::MAX] {
        let made = driver.call(Syscall::MemoryCreate, &[pages]);
        let error = if pages == 0 { Error::BadArgument } else { Error::QuotaExceeded };
        assert_eq!(made, Err(error), "{pages:#x}");
    }
    assert_eq!(balance(&driver), before);
}

#[test]
fn a_long_map_lets_interrupts_in_and_a_more_urgent_thread_run() {
    let mut driver = boot();
    let memory = driver.make(Syscall::MemoryCreate, &[600]);
    let notification = driver.make(Syscall::NotificationCreate, &[]);
    driver.make(Syscall::IrqCreate, &[1, 5, notification, 1]);
    let urgent = driver.start_urgent(0);
    let mapper = {
        driver.raw(Syscall::Wait as u64, &[notification, u64::MAX], 0);
        driver.running()
    };
    driver.kernel.machine.arriving.push_back(crate::machine::Interrupt::Line(5));
    driver.raw(Syscall::Map as u64, &[0, memory, AT + PAGE_SIZE, 0, 600, 3], 0);
    assert_eq!(driver.running(), urgent, "it runs while the map is half done");
    assert!(driver.kernel.objects.threads[mapper].operation.is_some());
    driver.raw(Syscall::Wait as u64, &[notification, u64::MAX], 0);
    assert_eq!(driver.running(), mapper);
    assert!(driver.result(mapper).is_ok());
    assert!(reachable(&driver, AT + 600 * PAGE_SIZE, Access::Write));
}

/// The address and size of a mapping that large pages show, of a memory object with 512 pages.
fn large_memory(driver: &mut Driver) -> u64 {
    let memory = driver.make(Syscall::MemoryCreate, &[512]);
    driver.call(Syscall::Map, &[0, memory, AT, 0, 512, 3]).unwrap();
    driver.call(Syscall::Unmap, &[0, AT, 512]).unwrap();
    memory
}

#[test]
fn a_large_page_over_an_empty_table_gives_the_table_back() {
    let mut driver = Driver::boot(4096);
    let large = large_memory(&mut driver);
    let small = driver.make(Syscall::MemoryCreate, &[1]);
    check(&driver.kernel);
    let before = balance(&driver);
    for _ in 0..20 {
        driver.call(Syscall::Map, &[0, small, AT + 5 * PAGE_SIZE, 0, 1, 3]).unwrap();
        driver.call(Syscall::Unmap, &[0, AT + 5 * PAGE_SIZE, 1]).unwrap();
        driver.call(Syscall::Map, &[0, large, AT, 0, 512, 3]).unwrap();
        check(&driver.kernel);
        driver.call(Syscall::Unmap, &[0, AT, 512]).unwrap();
    }
    check(&driver.kernel);
    assert_eq!(balance(&driver), before);
}

#[test]
fn a_replaced_table_is_flushed_from_every_cpu_before_it_is_free() {
    let mut driver = Driver::boot(4096);
    let large = large_memory(&mut driver);
    let small = driver.make(Syscall::MemoryCreate, &[1]);
    driver.call(Syscall::Map, &[0, small, AT, 0, 1, 3]).unwrap();
    driver.call(Syscall::Unmap, &[0, AT, 1]).unwrap();
    // A walk that ends at nothing comes by the table, too.
    let process = driver.kernel.objects.threads[driver.running()].process;
    let table = driver.kernel.objects.processes[process].space.table.as_ref().unwrap();
    assert_eq!(driver.kernel.machine.touch(table, AT, Access::Read), None);
    driver.call(Syscall::Map, &[0, large, AT, 0, 512, 3]).unwrap();
    check(&driver.kernel);
}
