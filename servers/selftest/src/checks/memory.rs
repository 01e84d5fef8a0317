//! Memory objects and spaces.

use crate::bench::{Bench, Check, Outcome, SMALL, pattern};
use abi::{PAGE_SIZE, Syscall, USER_END};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};
use sys::{Error, Memory, Pages, Process, Protection, Rights, hazard};

pub(super) const CHECKS: &[Check] = &[
    ("memory-fresh-memory-is-zero", fresh_is_zero),
    ("memory-two-mappings-show-same-bytes", same_bytes),
    ("memory-part-of-memory-can-be-mapped", part),
    ("memory-nothing-is-writable-and-executable", w_xor_x),
    ("memory-mapping-needs-memorys-rights", needs_rights),
    ("memory-overlaps-are-refused", overlaps),
    ("memory-wild-addresses-are-refused", wild_addresses),
    ("memory-range-beyond-its-end-is-refused", beyond_the_end),
    ("memory-unmapping-gives-addresses-back", unmap),
    ("memory-part-can-be-unmapped", unmap_part),
    ("memory-protection-can-be-reduced", protect),
    ("memory-protection-does-not-grow-beyond-mapping", protect_grows),
    ("memory-2-mib-of-memory-work", large),
    ("memory-split-is-not-seen-by-other-cpus", split_is_not_seen),
    ("memory-lives-until-its-last-use", lives),
    ("memory-of-no-pages-is-refused", no_pages),
    ("memory-beyond-quota-is-refused", beyond_quota),
    ("memory-ram-is-no-device", ram_is_no_device),
];

const AT: u64 = 0x5000_0000_0000;

/// A process without threads: a space to map into.
fn space() -> Result<Process, Error> {
    Process::create("space", &SMALL, None)
}

/// A call on a space by number: Unmap or Protect.
fn on_space(call: Syscall, space: &Process, address: u64, pages: u64, protection: u64) -> u64 {
    hazard::plain(call as u64, [space.handle().0.into(), address, pages, protection, 0, 0]).status
}

fn ended(space: &Process) -> Result<(), Error> {
    space.kill(0)
}

fn fresh_is_zero(bench: &Bench) -> Outcome {
    // Twice: the second gets frames that the first had filled.
    for _ in 0..2 {
        let mut pages = Pages::create(32)?;
        bench.hold("all zero", pages.iter().all(|byte| *byte == 0))?;
        pages.fill(0xa5);
    }
    Ok(())
}

fn same_bytes(bench: &Bench) -> Outcome {
    let memory = Memory::create(3)?;
    let (one, other) = (memory.map_own(Protection::ReadWrite)?, memory.map_own(Protection::Read)?);
    let (bytes, mut back) = (pattern(9000), alloc::vec![0; 9000]);
    one.write_at(100, &bytes)?;
    other.read_at(100, &mut back)?;
    bench.hold("the same", bytes == back)
}

fn part(bench: &Bench) -> Outcome {
    let memory = Memory::create(4)?;
    memory.map_own(Protection::ReadWrite)?.write_at(2 * 4096, b"third")?;
    let mut bytes = [0; 5];
    memory.map_part(2, 1, Protection::Read)?.read_at(0, &mut bytes)?;
    bench.same("the third page", &bytes, b"third")
}

fn map_raw(memory: &Memory, address: u64, first: u64, pages: u64, protection: u64) -> u64 {
    let arguments = [0, memory.handle().0.into(), address, first, pages, protection];
    hazard::plain(Syscall::Map as u64, arguments).status
}

fn w_xor_x(bench: &Bench) -> Outcome {
    let memory = Memory::create(1)?;
    for protection in [0, 2, 4, 6, 7, 8, 1 << 32 | 1, u64::MAX] {
        let status = map_raw(&memory, AT, 0, 1, protection);
        bench.same("status", status, Error::BadArgument as u64)?;
    }
    Ok(())
}

fn needs_rights(bench: &Bench) -> Outcome {
    let (space, memory) = (space()?, Memory::create(1)?);
    let read = memory.copy(Rights::READ)?;
    for protection in [Protection::ReadWrite, Protection::ReadExecute] {
        bench.refused("a map", space.map(&read, AT, 0, 1, protection), Error::NoRight)?;
    }
    space.map(&read, AT, 0, 1, Protection::Read)?;
    Ok(ended(&space)?)
}

fn overlaps(bench: &Bench) -> Outcome {
    let (space, memory) = (space()?, Memory::create(4)?);
    space.map(&memory, AT, 0, 4, Protection::Read)?;
    for (address, pages) in
        [(AT, 1), (AT + 3 * PAGE_SIZE, 2), (AT - PAGE_SIZE, 2), (AT - PAGE_SIZE, 4)]
    {
        let again = space.map(&memory, address, 0, pages, Protection::Read);
        bench.refused("a second mapping", again, Error::Overlap)?;
    }
    for (address, pages) in [(AT - PAGE_SIZE, 1), (AT + 4 * PAGE_SIZE, 4)] {
        space.map(&memory, address, 0, pages, Protection::Read)?;
    }
    Ok(ended(&space)?)
}

fn wild_addresses(bench: &Bench) -> Outcome {
    let memory = Memory::create(2)?;
    for address in [
        0,
        1,
        0xf000,
        AT + 8,
        USER_END,
        USER_END - PAGE_SIZE,
        1 << 47,
        0xffff_8000_0000_0000,
        u64::MAX - 4095,
    ] {
        let status = map_raw(&memory, address, 0, 2, Protection::Read as u64);
        let known = [Error::BadAddress as u64, Error::BadArgument as u64];
        bench.hold("it is refused", known.contains(&status))?;
    }
    Ok(())
}

fn beyond_the_end(bench: &Bench) -> Outcome {
    let memory = Memory::create(2)?;
    for (first, pages) in [(0, 3), (2, 1), (1, 2), (u64::MAX, 1), (1, u64::MAX), (0, 0)] {
        let status = map_raw(&memory, AT, first, pages, Protection::Read as u64);
        let known = [Error::BadAddress as u64, Error::BadArgument as u64];
        bench.hold("it is refused", known.contains(&status))?;
    }
    Ok(())
}

fn unmap(bench: &Bench) -> Outcome {
    let (space, memory) = (space()?, Memory::create(4)?);
    space.map(&memory, AT, 0, 4, Protection::Read)?;
    bench.same("unmap", on_space(Syscall::Unmap, &space, AT, 4, 0), 0)?;
    space.map(&memory, AT, 0, 4, Protection::ReadWrite)?;
    Ok(ended(&space)?)
}

fn unmap_part(bench: &Bench) -> Outcome {
    let (space, memory) = (space()?, Memory::create(4)?);
    space.map(&memory, AT, 0, 4, Protection::Read)?;
    bench.same("unmap", on_space(Syscall::Unmap, &space, AT + PAGE_SIZE, 2, 0), 0)?;
    space.map(&memory, AT + PAGE_SIZE, 0, 2, Protection::Read)?;
    bench.refused(
        "the rest is there",
        space.map(&memory, AT, 0, 1, Protection::Read),
        Error::Overlap,
    )?;
    Ok(ended(&space)?)
}

fn protect(bench: &Bench) -> Outcome {
    let memory = Memory::create(1)?;
    bench.same("map", map_raw(&memory, AT, 0, 1, Protection::ReadWrite as u64), 0)?;
    hazard::write(AT, 7);
    let call =
        |protection| hazard::plain(Syscall::Protect as u64, [0, AT, 1, protection, 0, 0]).status;
    let reduced = call(Protection::Read as u64);
    let value = hazard::read(AT);
    // The kernel itself must not write there for us any more.
    let written = hazard::plain(Syscall::SystemInfo as u64, [AT, 0, 0, 0, 0, 0]).status;
    let unmapped = hazard::plain(Syscall::Unmap as u64, [0, AT, 1, 0, 0, 0]).status;
    bench.same(
        "reduced, value, written, unmapped",
        (reduced, value, written, unmapped),
        (0, 7, Error::BadAddress as u64, 0),
    )
}

fn protect_grows(bench: &Bench) -> Outcome {
    let (space, memory) = (space()?, Memory::create(1)?);
    let read = memory.copy(Rights::READ)?;
    space.map(&read, AT, 0, 1, Protection::Read)?;
    for protection in [Protection::ReadWrite, Protection::ReadExecute] {
        let status = on_space(Syscall::Protect, &space, AT, 1, protection as u64);
        bench.same("status", status, Error::NoRight as u64)?;
    }
    Ok(ended(&space)?)
}

fn large(bench: &Bench) -> Outcome {
    const PAGES: u64 = 1024;
    bench.conserves(|| {
        let mut pages = Pages::create(PAGES)?;
        for page in 0..PAGES {
            let place = usize::try_from(page * PAGE_SIZE + page).map_err(sys::Failure::new)?;
            pages[place] = page.to_le_bytes()[0];
        }
        let sum: u64 = pages.iter().map(|byte| u64::from(*byte)).sum();
        bench.same("sum of all bytes", sum, 4 * (0..256).sum::<u64>())
    })
}

/// A thread, most often on another CPU, reads a large page while its last part is unmapped and
/// it becomes small pages. A fault would end this program.
fn split_is_not_seen(bench: &Bench) -> Outcome {
    const LARGE: u64 = 512 * PAGE_SIZE;
    let memory = Memory::create(512)?;
    let (place, seen) = (Arc::new(AtomicU64::new(AT)), Arc::new(AtomicU64::new(0)));
    bench.same("map", map_raw(&memory, AT, 0, 1, Protection::Read as u64), 0)?;
    let (reads, told) = (place.clone(), seen.clone());
    let _reader = crate::peer::run(crate::peer::EQUAL, move || {
        loop {
            match reads.load(Ordering::Acquire) {
                0 => return told.store(0, Ordering::Release),
                address => {
                    let _ = hazard::read(address);
                    told.store(address, Ordering::Release);
                }
            }
            core::hint::spin_loop();
        }
    })?;
    let go_to = |address| {
        place.store(address, Ordering::Release);
        while seen.load(Ordering::Acquire) != address {
            sys::yield_now();
            // An emulator that runs one CPU at a time goes on with the next one at a pause.
            core::hint::spin_loop();
        }
    };
    let unmap = |address, pages| hazard::plain(Syscall::Unmap as u64, [0, address, pages, 0, 0, 0]);
    for round in 1..=50 {
        let address = AT + round * LARGE;
        bench.same("map", map_raw(&memory, address, 0, 512, Protection::Read as u64), 0)?;
        go_to(address);
        bench.same("split", unmap(address + LARGE - PAGE_SIZE, 1).status, 0)?;
        go_to(AT);
        bench.same("unmap", unmap(address, 511).status, 0)?;
    }
    go_to(0);
    bench.same("unmap", unmap(AT, 1).status, 0)
}

fn lives(bench: &Bench) -> Outcome {
    let memory = Memory::create(1)?;
    let mapping = memory.map_own(Protection::ReadWrite)?;
    drop(memory);
    mapping.write_at(0, b"still here")?;
    let mut bytes = [0; 10];
    mapping.read_at(0, &mut bytes)?;
    bench.same("bytes", &bytes, b"still here")
}

fn no_pages(bench: &Bench) -> Outcome {
    bench.refused("memory", Memory::create(0), Error::BadArgument)
}

fn beyond_quota(bench: &Bench) -> Outcome {
    for pages in [1 << 30, 1 << 32, 1 << 52, u64::MAX] {
        bench.refused("memory", Memory::create(pages), Error::QuotaExceeded)?;
    }
    Ok(())
}

fn ram_is_no_device(bench: &Bench) -> Outcome {
    for (address, pages) in [(0x10_0000, 1), (0x10_0001, 1), (0, 1 << 30), (u64::MAX - 4095, 2)] {
        let memory = Memory::device(&bench.resource, address, pages);
        bench.refused("device memory", memory, Error::BadArgument)?;
    }
    Ok(())
}
