//! Memory in many blocks and ranges of many regions: all work on them is done in pieces.

use super::kit::{balance, boot};
use crate::hosted::Driver;
use crate::kernel::Sizes;
use crate::machine::{Access, Interrupt, Machine};
use crate::mem::Progress;
use crate::object::{Operation, Storage, ThreadId};
use abi::{Error, PAGE_SIZE, Protection, Rights, Syscall};

const AT: u64 = 0x1000_0000;
/// Blocks of the large object of a fragmented machine.
const BLOCKS: u64 = 150;

/// A machine on which each block of free memory has one frame.
fn fragmented() -> Driver {
    let sizes = Sizes { memories: 2048, ..Sizes::for_memory(1 << 22, 1024) };
    let mut driver = Driver::boot_with(&sizes, 1);
    let mut blocks = Vec::new();
    while let Some(block) = driver.kernel.frames.take(0) {
        blocks.push(block);
    }
    // The lost ones are of no account: only the free ones are looked at.
    for block in blocks.into_iter().filter(|block| block.phys().frame().is_multiple_of(2)) {
        driver.kernel.frames.release_block(block);
    }
    assert!(driver.kernel.frames.available() > BLOCKS + 32);
    driver
}

/// A fragmented machine with an urgent thread that waits for a device line.
struct Scene {
    driver: Driver,
    urgent: ThreadId,
    bell: u64,
}

impl Scene {
    fn new() -> Self {
        let mut driver = fragmented();
        let bell = driver.make(Syscall::NotificationCreate, &[]);
        driver.make(Syscall::IrqCreate, &[1, 5, bell, 1]);
        let urgent = driver.start_urgent(0);
        driver.raw(Syscall::Wait as u64, &[bell, u64::MAX], 0);
        Self { driver, urgent, bell }
    }

    /// A call that the urgent thread interrupts: the caller, and what was left of the call then.
    fn interrupted(&mut self, call: Syscall, of: &[u64]) -> (ThreadId, Operation) {
        self.driver.kernel.machine.arriving.push_back(Interrupt::Line(5));
        let me = self.driver.raw(call as u64, of, 0);
        assert_eq!(self.driver.running(), self.urgent, "{call:?} lets it run in the middle");
        (me, self.driver.kernel.objects.threads[me].operation.expect("something is left to do"))
    }

    /// The urgent thread waits again: the interrupted call goes on to its end.
    fn go_on(&mut self, me: ThreadId) -> Result<(), Error> {
        self.driver.raw(Syscall::Wait as u64, &[self.bell, u64::MAX], 0);
        assert_eq!(self.driver.running(), me);
        self.driver.result(me).map(drop)
    }

    fn free(&self) -> u64 {
        self.driver.kernel.system_info().frames_free
    }
}

/// An object of this many blocks.
fn large_object(driver: &mut Driver) -> u64 {
    let memory = driver.make(Syscall::MemoryCreate, &[BLOCKS]);
    let large = |id| match &driver.kernel.objects.memories[id].storage {
        Storage::Frames(chain) => u64::from(chain.blocks()) == BLOCKS,
        _ => false,
    };
    assert!(driver.kernel.objects.memories.ids().any(large), "the object is not fragmented");
    memory
}

#[test]
fn a_fragmented_object_is_mapped_in_order_from_any_page_on() {
    let mut driver = fragmented();
    let memory = large_object(&mut driver);
    driver.call(Syscall::Map, &[0, memory, AT, 0, BLOCKS, 3]).unwrap();
    driver.call(Syscall::Map, &[0, memory, 2 * AT, 60, 80, 3]).unwrap();
    assert!(driver.peek(AT, 150 * 4096).iter().all(|byte| *byte == 0));
    for page in 0..BLOCKS {
        driver.poke(AT + page * PAGE_SIZE, &page.to_le_bytes());
    }
    for page in 0..80 {
        let seen = driver.peek(2 * AT + page * PAGE_SIZE, 8);
        assert_eq!(seen, (60 + page).to_le_bytes(), "page {page} from 60 on");
    }
}

#[test]
fn frames_of_a_new_object_are_taken_in_pieces() {
    let mut scene = Scene::new();
    let before = scene.free();
    let (me, left) = scene.interrupted(Syscall::MemoryCreate, &[BLOCKS]);
    let Operation::Zero { memory, done } = left else { panic!("{left:?}") };
    let object = &scene.driver.kernel.objects.memories[memory];
    let Storage::Frames(chain) = &object.storage else { panic!("frames") };
    assert!(done > 0 && chain.len() == done, "{done} pages are zeroed, {} taken", chain.len());
    assert_eq!(scene.free(), before - BLOCKS, "all are promised");
    scene.go_on(me).unwrap();
    assert_eq!(scene.free(), before - BLOCKS);
}

#[test]
fn a_fragmented_object_is_given_back_in_pieces() {
    let mut scene = Scene::new();
    let before = balance(&scene.driver);
    let memory = large_object(&mut scene.driver);
    let (me, left) = scene.interrupted(Syscall::HandleClose, &[memory]);
    assert!(matches!(left, Operation::Release { .. }), "{left:?}");
    assert!((before[0] - BLOCKS + 1..before[0]).contains(&scene.free()), "{}", scene.free());
    scene.go_on(me).unwrap();
    assert_eq!(balance(&scene.driver), before);
}

#[test]
fn the_last_mapping_of_a_fragmented_object_gives_it_back_in_pieces() {
    let mut scene = Scene::new();
    let memory = large_object(&mut scene.driver);
    scene.driver.call(Syscall::Map, &[0, memory, AT, 0, 4, 3]).unwrap();
    scene.driver.call(Syscall::HandleClose, &[memory]).unwrap();
    let before = scene.free();
    let (me, _) = scene.interrupted(Syscall::Unmap, &[0, AT, 4]);
    assert!((before + 1..before + BLOCKS).contains(&scene.free()), "{}", scene.free());
    scene.go_on(me).unwrap();
    assert_eq!(scene.free(), before + BLOCKS);
}

#[test]
fn what_a_killed_thread_was_giving_back_its_killer_gives_back() {
    let mut scene = Scene::new();
    let before = balance(&scene.driver);
    let memory = large_object(&mut scene.driver);
    let (victim, id) = scene.driver.thread(0, 30);
    scene.driver.call(Syscall::ThreadResume, &[victim]).unwrap();
    scene.driver.raw(Syscall::Yield as u64, &[], 0);
    assert_eq!(scene.driver.running(), id);
    scene.interrupted(Syscall::HandleClose, &[memory]);
    scene.driver.call(Syscall::ThreadKill, &[victim]).unwrap();
    scene.driver.call(Syscall::HandleClose, &[victim]).unwrap();
    assert_eq!(balance(&scene.driver), before);
}

#[test]
fn a_dead_process_gives_fragmented_objects_back() {
    let mut driver = fragmented();
    let notification = driver.make(Syscall::NotificationCreate, &[]);
    let before = driver.kernel.system_info().frames_free;
    let (child, _) = driver.child(notification);
    let memory = large_object(&mut driver);
    driver.give(child, memory, Rights::ALL, 0);
    driver.call(Syscall::Map, &[child, memory, AT, 0, 40, 3]).unwrap();
    driver.call(Syscall::HandleClose, &[memory]).unwrap();
    driver.call(Syscall::ProcessKill, &[child, 1]).unwrap();
    driver.call(Syscall::Wait, &[notification, u64::MAX]).unwrap();
    assert_eq!(driver.kernel.system_info().frames_free, before);
}

/// Maps regions of one page side by side.
fn many_regions(driver: &mut Driver, memory: u64, count: u64) {
    for region in 0..count {
        driver.call(Syscall::Map, &[0, memory, AT + region * PAGE_SIZE, 0, 1, 1]).unwrap();
    }
}

fn writable(driver: &Driver, address: u64) -> bool {
    let process = driver.kernel.objects.threads[driver.running()].process;
    let table = driver.kernel.objects.processes[process].space.table.as_ref().unwrap();
    driver.kernel.machine.translate(table, address, Access::Write).is_some()
}

#[test]
fn a_window_follows_a_call_that_did_a_piece_of_its_work() {
    let mut scene = Scene::new();
    let memory = scene.driver.make(Syscall::MemoryCreate, &[BLOCKS]);
    scene.driver.call(Syscall::Map, &[0, memory, AT, 0, BLOCKS, 1]).unwrap();
    let (me, left) = scene.interrupted(Syscall::Protect, &[0, AT, BLOCKS, 3]);
    let Operation::Protect { at, .. } = left else { panic!("{left:?}") };
    assert_eq!((at - AT) / PAGE_SIZE, 64, "one piece");
    scene.go_on(me).unwrap();
}

#[test]
fn a_call_that_cuts_regions_looks_at_no_others() {
    let mut scene = Scene::new();
    let memory = scene.driver.make(Syscall::MemoryCreate, &[4]);
    for region in 0..3 {
        let at = AT + region * 4 * PAGE_SIZE;
        scene.driver.call(Syscall::Map, &[0, memory, at, 0, 4, 1]).unwrap();
    }
    let from = AT + 2 * PAGE_SIZE;
    let (me, left) = scene.interrupted(Syscall::Protect, &[0, from, 8, 3]);
    assert!(matches!(left, Operation::Claim { next, .. } if next == from), "{left:?}");
    scene.go_on(me).unwrap();
    assert!((2..10).all(|page| writable(&scene.driver, AT + page * PAGE_SIZE)));
    assert!([1, 10].iter().all(|page| !writable(&scene.driver, AT + page * PAGE_SIZE)));
}

#[test]
fn a_range_of_many_regions_is_looked_at_in_pieces() {
    let mut scene = Scene::new();
    let memory = scene.driver.make(Syscall::MemoryCreate, &[1]);
    let objects = |scene: &Scene| balance(&scene.driver)[4];
    let before = objects(&scene);
    many_regions(&mut scene.driver, memory, 200);
    let (me, left) = scene.interrupted(Syscall::Protect, &[0, AT, 200, 3]);
    assert!(matches!(left, Operation::Claim { .. }), "{left:?}");
    assert!(!writable(&scene.driver, AT), "nothing changes before all were looked at");
    scene.go_on(me).unwrap();
    assert!((0..200).all(|page| writable(&scene.driver, AT + page * PAGE_SIZE)));
    scene.driver.call(Syscall::Unmap, &[0, AT, 200]).unwrap();
    assert_eq!(objects(&scene), before);
}

#[test]
fn a_range_with_a_region_that_may_not_change_is_left_as_it_was() {
    let mut driver = boot();
    let memory = driver.make(Syscall::MemoryCreate, &[1]);
    let read = driver.make(Syscall::HandleCopy, &[memory, u64::from(Rights::READ.bits()), 0]);
    many_regions(&mut driver, memory, 20);
    driver.call(Syscall::Unmap, &[0, AT + 15 * PAGE_SIZE, 1]).unwrap();
    driver.call(Syscall::Map, &[0, read, AT + 15 * PAGE_SIZE, 0, 1, 1]).unwrap();
    assert_eq!(driver.call(Syscall::Protect, &[0, AT, 20, 3]), Err(Error::NoRight));
    assert!((0..20).all(|page| !writable(&driver, AT + page * PAGE_SIZE)));
}

/// Between two pieces another thread maps a region that reaches from a part of the range that is
/// done into the rest of it, or out of its end: the operation ends, and changes nothing of it.
#[test]
fn an_operation_does_not_go_on_in_a_region_of_another_thread() {
    let mut scene = Scene::new();
    let memory = scene.driver.make(Syscall::MemoryCreate, &[8]);
    let me = scene.driver.running();
    let process = scene.driver.kernel.objects.threads[me].process;
    let protection = Protection::Read;
    for (first, last) in [(2, 8), (0, 3)] {
        scene.driver.call(Syscall::Map, &[0, memory, AT, 0, 5, 3]).unwrap();
        let (at, end) = (AT + first * PAGE_SIZE, AT + last * PAGE_SIZE);
        let within = None;
        for operation in [
            Operation::Unmap { process, at, end, status: 0, within },
            Operation::Protect { process, at, end, protection, within },
        ] {
            let progress = scene.driver.kernel.memory().memory_piece(operation);
            let bad = Error::BadState as u64;
            assert!(matches!(progress, Progress::Finished(status) if status == bad));
            assert!((0..5).all(|page| writable(&scene.driver, AT + page * PAGE_SIZE)));
        }
        scene.driver.call(Syscall::Unmap, &[0, AT, 5]).unwrap();
    }
}

#[test]
fn a_thread_killed_in_a_range_leaves_it_usable() {
    let mut scene = Scene::new();
    let memory = scene.driver.make(Syscall::MemoryCreate, &[BLOCKS]);
    scene.driver.call(Syscall::Map, &[0, memory, AT, 0, BLOCKS, 1]).unwrap();
    let (victim, id) = scene.driver.thread(0, 30);
    scene.driver.call(Syscall::ThreadResume, &[victim]).unwrap();
    scene.driver.raw(Syscall::Yield as u64, &[], 0);
    assert_eq!(scene.driver.running(), id);
    let (_, left) = scene.interrupted(Syscall::Protect, &[0, AT, BLOCKS, 3]);
    assert!(matches!(left, Operation::Protect { .. }), "{left:?}");
    assert_eq!(scene.driver.call(Syscall::Unmap, &[0, AT, 1]), Err(Error::BadState));
    scene.driver.call(Syscall::ThreadKill, &[victim]).unwrap();
    scene.driver.call(Syscall::Unmap, &[0, AT, BLOCKS]).unwrap();
}
