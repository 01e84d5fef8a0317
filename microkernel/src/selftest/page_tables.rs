//! Page tables of programs, on real frames.

use super::bench::{Bench, Check, Outcome};
use crate::arch::x86_64::hardware::Hardware;
use crate::arch::x86_64::mm::table::{ENTRIES, KERNEL_HALF, Table};
use abi::Protection::{Read, ReadExecute, ReadWrite};
use core_kernel::machine::{
    Access, Entries, Machine, Mapped, NoFrame, OwnedFrame, PageSize, Pages, Phys,
};
use heapless::Vec;

pub(super) const CHECKS: &[Check] = &[
    ("table-new-shares-the-kernel-half", shares_kernel),
    ("table-map-and-translate-small", small),
    ("table-map-and-translate-large", large),
    ("table-changes-pages-side-by-side", side_by_side),
    ("table-translate-checks-the-access", access),
    ("table-translate-refuses-the-kernel-half", refuses_kernel),
    ("table-translate-refuses-devices", refuses_devices),
    ("table-large-page-returns-the-empty-table", replaces_table),
    ("table-unmap", unmap),
    ("table-protect", protect),
    ("table-replace-keeps-protection", replace),
    ("table-split", split),
    ("table-split-keeps-protection", split_protection),
    ("table-no-frame-maps-nothing", no_frame),
    ("table-free-returns-every-frame", free_all),
    ("table-free-in-small-bites", free_bites),
    ("table-writable-never-executable", never_both),
];

const AT: u64 = 0x40_0000;
const FAR: u64 = 0x7000_0000_0000;
const FRAME: Phys = Phys::from_entry(0x12_3000);
const LARGE_FRAME: Phys = Phys::from_entry(0x20_0000 * 7);

/// A table with what was taken for it.
struct Space {
    table: Table,
    taken: Vec<Phys, 16>,
    budget: usize,
}

impl Space {
    fn new(bench: &mut Bench<'_>) -> Self {
        let root = OwnedFrame::of_boot(&mut bench.boot.frames);
        Self { table: bench.machine.new_page_table(root), taken: Vec::new(), budget: 16 }
    }

    fn with<T>(
        &mut self,
        bench: &mut Bench<'_>,
        act: impl FnOnce(
            &mut Hardware,
            &mut Table,
            &mut dyn FnMut(&mut Hardware) -> Option<OwnedFrame>,
        ) -> Result<T, NoFrame>,
    ) -> Result<T, NoFrame> {
        let Self { table, taken, budget } = self;
        let frames = &mut bench.boot.frames;
        act(bench.machine, table, &mut |_| {
            *budget = budget.checked_sub(1)?;
            let frame = OwnedFrame::of_boot(frames);
            // The budget is no more than fits.
            let _ = taken.push(frame.phys());
            Some(frame)
        })
    }

    fn map(
        &mut self,
        bench: &mut Bench<'_>,
        address: u64,
        size: PageSize,
        protection: abi::Protection,
    ) -> Result<Option<Phys>, NoFrame> {
        let frame = if size == PageSize::Large { LARGE_FRAME } else { FRAME };
        self.with(bench, |machine, table, frames| {
            let pages = Pages { address, frame, size, count: 1, protection, device: false };
            machine.map(table, &pages, frames).map(|mapped| mapped.replaced)
        })
    }

    fn find(&self, bench: &Bench<'_>, address: u64, access: Access) -> Option<Phys> {
        bench.machine.translate(&self.table, address, access)
    }
}

/// A space with one page mapped.
fn mapped(bench: &mut Bench<'_>, size: PageSize, protection: abi::Protection) -> Space {
    let mut space = Space::new(bench);
    let done = space.map(bench, AT, size, protection);
    debug_assert!(done.is_ok(), "the budget is large enough");
    space
}

fn shares_kernel(bench: &mut Bench<'_>) -> Outcome {
    let space = Space::new(bench);
    let kernel = bench.machine.kernel_root();
    let differing =
        (KERNEL_HALF..ENTRIES).filter(|slot| space.table.get(*slot) != kernel.get(*slot));
    bench.equal("differing entries", differing.count() as u64, 0)?;
    bench.hold("the user half is not empty", !space.table.has_tables())
}

fn small(bench: &mut Bench<'_>) -> Outcome {
    let space = mapped(bench, PageSize::Small, ReadWrite);
    let found = space.find(bench, AT + 0x123, Access::Write);
    bench.hold("translation", found == Some(FRAME.plus(0x123)))?;
    bench.equal("tables taken", space.taken.len() as u64, 3)?;
    bench.hold("the next page", space.find(bench, AT + 4096, Access::Read).is_none())
}

fn large(bench: &mut Bench<'_>) -> Outcome {
    let space = mapped(bench, PageSize::Large, Read);
    let found = space.find(bench, AT + 0x12_3456, Access::Read);
    bench.hold("translation", found == Some(LARGE_FRAME.plus(0x12_3456)))?;
    bench.equal("tables taken", space.taken.len() as u64, 2)
}

/// Changes of five pages end with the table that has the first two.
fn side_by_side(bench: &mut Bench<'_>) -> Outcome {
    const LAST_TWO: u64 = AT + 510 * 4096;
    let two = Entries { size: PageSize::Small, count: 2 };
    let mut space = Space::new(bench);
    let (size, count, protection) = (PageSize::Small, 5, ReadWrite);
    let pages = Pages { address: LAST_TWO, frame: FRAME, size, count, protection, device: false };
    let done = space.with(bench, |machine, table, frames| machine.map(table, &pages, frames));
    bench.hold("mapped", done == Ok(Mapped { count: 2, replaced: None }))?;
    for (offset, found) in [(0, true), (4096, true), (8192, false)] {
        let place = space.find(bench, LAST_TWO + offset, Access::Write);
        bench.hold("translation", place == found.then(|| FRAME.plus(offset)))?;
    }
    let passed = bench.machine.protect(&mut space.table, LAST_TWO, 5, Read);
    bench.hold("protected", passed == two)?;
    bench.hold("still writable", space.find(bench, LAST_TWO + 4096, Access::Write).is_none())?;
    let passed = bench.machine.unmap(&mut space.table, LAST_TWO, 1);
    bench.hold("one", passed == Entries { count: 1, ..two })?;
    bench.hold("one is left", space.find(bench, LAST_TWO + 4096, Access::Read).is_some())
}

fn access(bench: &mut Bench<'_>) -> Outcome {
    let space = mapped(bench, PageSize::Small, Read);
    bench.hold("read", space.find(bench, AT, Access::Read).is_some())?;
    bench.hold("write to read-only", space.find(bench, AT, Access::Write).is_none())
}

fn refuses_kernel(bench: &mut Bench<'_>) -> Outcome {
    let space = Space::new(bench);
    for address in [u64::MAX, 0xffff_ffff_8020_0000, 0xffff_8000_0000_0000, abi::USER_END, 1 << 63]
    {
        bench.hold("translated", space.find(bench, address, Access::Read).is_none())?;
    }
    Ok(())
}

fn refuses_devices(bench: &mut Bench<'_>) -> Outcome {
    let mut space = Space::new(bench);
    let page = Pages {
        address: AT,
        frame: Phys::from_entry(0xfebc_0000),
        size: PageSize::Small,
        count: 1,
        protection: ReadWrite,
        device: true,
    };
    let done = space.with(bench, |machine, table, frames| machine.map(table, &page, frames));
    bench.hold("not mapped", done == Ok(Mapped { count: 1, replaced: None }))?;
    bench.hold("translated", space.find(bench, AT, Access::Read).is_none())
}

fn replaces_table(bench: &mut Bench<'_>) -> Outcome {
    let mut space = mapped(bench, PageSize::Small, ReadWrite);
    let lowest = space.taken.last().copied();
    let _ = bench.machine.unmap(&mut space.table, AT, 1);
    let replaced = space.map(bench, AT, PageSize::Large, Read);
    bench.hold("the table", lowest.is_some() && replaced == Ok(lowest))?;
    let found = space.find(bench, AT + 0x12_3456, Access::Read);
    bench.hold("translation", found == Some(LARGE_FRAME.plus(0x12_3456)))?;
    let (done, returned) = free(bench, &mut space, 100);
    bench.hold("not done", done)?;
    bench.equal("the tables above are left", returned, 2)
}

fn unmap(bench: &mut Bench<'_>) -> Outcome {
    let mut space = mapped(bench, PageSize::Small, ReadWrite);
    let passed = bench.machine.unmap(&mut space.table, AT, 1);
    bench.hold("size", passed == Entries { size: PageSize::Small, count: 1 })?;
    bench.hold("still there", space.find(bench, AT, Access::Read).is_none())?;
    let again = bench.machine.unmap(&mut space.table, AT, 1);
    bench.hold("twice", again == Entries::UNMAPPED)
}

fn protect(bench: &mut Bench<'_>) -> Outcome {
    let mut space = mapped(bench, PageSize::Large, ReadWrite);
    let passed = bench.machine.protect(&mut space.table, AT, 512, Read);
    bench.hold("size", passed == Entries { size: PageSize::Large, count: 1 })?;
    bench.hold("still writable", space.find(bench, AT, Access::Write).is_none())?;
    bench.hold("not readable", space.find(bench, AT, Access::Read).is_some())
}

fn replace(bench: &mut Bench<'_>) -> Outcome {
    let other = FRAME.plus(0x5000);
    for protection in [Read, ReadWrite, ReadExecute] {
        let mut space = mapped(bench, PageSize::Small, protection);
        let before = space.table.user_leaf(AT).map(|leaf| leaf.entry.0 - FRAME.address());
        let _ = bench.machine.replace(&mut space.table, AT, 1, other);
        let after = space.table.user_leaf(AT).map(|leaf| leaf.entry.0 - other.address());
        bench.hold("found", space.find(bench, AT + 1, Access::Read) == Some(other.plus(1)))?;
        bench.hold("all other bits stay", before.is_some() && before == after)?;
        let _ = bench.machine.replace(&mut space.table, AT + 4096, 1, other);
        bench.hold("nothing is made", space.find(bench, AT + 4096, Access::Read).is_none())?;
    }
    Ok(())
}

fn split(bench: &mut Bench<'_>) -> Outcome {
    let mut space = mapped(bench, PageSize::Large, ReadWrite);
    let done = space.with(bench, |machine, table, frames| machine.split(table, AT, frames));
    bench.hold("no frame", done.is_ok())?;
    for page in [0, 1, 255, 511] {
        let offset = page * 4096 + 8;
        let found = space.find(bench, AT + offset, Access::Write);
        bench.equal("piece", found.map_or(0, Phys::address), LARGE_FRAME.address() + offset)?;
    }
    let passed = bench.machine.unmap(&mut space.table, AT + 4096, 1);
    bench.hold("size of a piece", passed == Entries { size: PageSize::Small, count: 1 })
}

fn split_protection(bench: &mut Bench<'_>) -> Outcome {
    let mut space = mapped(bench, PageSize::Large, ReadExecute);
    let done = space.with(bench, |machine, table, frames| machine.split(table, AT, frames));
    bench.hold("no frame", done.is_ok())?;
    let leaf = space.table.user_leaf(AT + 4096);
    let executable = leaf.is_some_and(|leaf| leaf.entry.executable() && !leaf.entry.writable());
    bench.hold("a piece has another protection", executable)
}

fn no_frame(bench: &mut Bench<'_>) -> Outcome {
    for budget in 0..3 {
        let mut space = Space::new(bench);
        space.budget = budget;
        let done = space.map(bench, AT, PageSize::Small, Read);
        bench.hold("mapped without tables", done == Err(NoFrame))?;
        bench.hold("something is there", space.find(bench, AT, Access::Read).is_none())?;
    }
    Ok(())
}

/// Maps pages far from each other. Returns the space, which counts its tables.
fn scattered(bench: &mut Bench<'_>) -> Space {
    let mut space = Space::new(bench);
    for address in [AT, AT + 4096, AT + 0x20_0000, FAR, FAR + 0x4000_0000] {
        let done = space.map(bench, address, PageSize::Small, Read);
        debug_assert!(done.is_ok(), "the budget is large enough");
        let _ = bench.machine.unmap(&mut space.table, address, 1);
    }
    space
}

fn free(bench: &mut Bench<'_>, space: &mut Space, budget: usize) -> (bool, u64) {
    let mut returned = 0;
    let taken = &mut space.taken;
    let done = bench.machine.free_tables(&mut space.table, budget, &mut |frame| {
        returned += 1;
        taken.retain(|other| *other != frame);
    });
    (done, returned)
}

fn free_all(bench: &mut Bench<'_>) -> Outcome {
    let mut space = scattered(bench);
    let (done, returned) = free(bench, &mut space, 100);
    bench.hold("not done", done)?;
    bench.equal("returned", returned, 9)?;
    bench.equal("not returned", space.taken.len() as u64, 0)
}

fn free_bites(bench: &mut Bench<'_>) -> Outcome {
    let mut space = scattered(bench);
    for bite in 0..9 {
        let (done, returned) = free(bench, &mut space, 1);
        bench.equal("frames in a bite", returned, 1)?;
        bench.equal("done", u64::from(done), u64::from(bite == 8))?;
    }
    bench.equal("not returned", space.taken.len() as u64, 0)
}

fn never_both(bench: &mut Bench<'_>) -> Outcome {
    for protection in [Read, ReadWrite, ReadExecute] {
        let space = mapped(bench, PageSize::Small, protection);
        let leaf = space.table.user_leaf(AT);
        let entry = leaf.map(|leaf| (leaf.entry.writable(), leaf.entry.executable()));
        let wanted = Some((protection.writable(), protection.executable()));
        bench.hold("bits of the entry", entry == wanted)?;
    }
    Ok(())
}
