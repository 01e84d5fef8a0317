//! Loans: mapped, and revoked in pieces by any thread.

use super::invariants::check;
use super::kit::{ALL, CPU, ENVELOPE, balance, boot};
use crate::exit::Next;
use crate::hosted::{Driver, Place, Smp};
use crate::machine::{Access, Interrupt, Machine};
use crate::object::{Operation, ProcessId, Storage};
use abi::{Envelope, Error, HandleTransfer, PAGE_SIZE, Rights, Syscall};

const AT: u64 = 0x1000_0000;
const READ: u64 = 1;
const WRITE: u64 = 3;

/// A machine whose first program has lent pages 1 to 3 of 4 to a child that has them at `AT`.
struct Lent {
    driver: Driver,
    memory: u64,
    loan: u64,
    child: u64,
    borrower: ProcessId,
}

impl Lent {
    fn new(protection: u64) -> Self {
        Self::pages(4, protection)
    }

    /// All but the first of these pages, each filled with its number.
    fn pages(pages: u64, protection: u64) -> Self {
        let mut driver = Driver::boot(4096);
        let memory = driver.make(Syscall::MemoryCreate, &[pages]);
        driver.call(Syscall::Map, &[0, memory, AT, 0, pages, WRITE]).unwrap();
        for page in 0..pages {
            driver.poke(AT + page * PAGE_SIZE, &[page.to_le_bytes()[0]; 8]);
        }
        let loan = driver.make(Syscall::MemoryLend, &[memory, 1, pages - 1, protection]);
        let (child, borrower) = driver.child(0);
        driver.call(Syscall::Map, &[child, loan, AT, 0, pages - 1, protection]).unwrap();
        Self { driver, memory, loan, child, borrower }
    }

    fn seen(&self, page: u64) -> Option<u8> {
        let kernel = &self.driver.kernel;
        let table = kernel.objects.processes[self.borrower].space.table.as_ref()?;
        let place = kernel.machine.translate(table, AT + page * PAGE_SIZE, Access::Read)?;
        let mut byte = [0];
        kernel.machine.read(place, &mut byte);
        Some(byte[0])
    }

    fn close(&mut self, handle: u64) {
        self.driver.call(Syscall::HandleClose, &[handle]).unwrap();
        check(&self.driver.kernel);
    }
}

#[test]
fn a_loan_shows_its_pages_until_its_lender_closes_it() {
    let mut lent = Lent::new(WRITE);
    assert_eq!(
        (0..4).map(|page| lent.seen(page)).collect::<Vec<_>>(),
        [Some(1), Some(2), Some(3), None]
    );
    lent.driver.poke_in(lent.borrower, AT, b"written by the borrower");
    assert_eq!(lent.driver.peek(AT + PAGE_SIZE, 7), b"written");
    lent.close(lent.loan);
    assert_eq!(
        (0..4).map(|page| lent.seen(page)).collect::<Vec<_>>(),
        [Some(0), Some(0), Some(0), None]
    );
    // What is written from then on is the borrower's alone.
    lent.driver.poke_in(lent.borrower, AT, b"more");
    assert_eq!(lent.driver.peek(AT + PAGE_SIZE, 7), b"written");
    assert_eq!(lent.seen(1), Some(b'm'), "one blank page for all");
}

#[test]
fn everything_is_given_back_with_its_last_name() {
    let mut driver = boot();
    let memory = driver.make(Syscall::MemoryCreate, &[4]);
    let before = balance(&driver);
    for _ in 0..100 {
        let loan = driver.make(Syscall::MemoryLend, &[memory, 0, 4, READ]);
        driver.call(Syscall::Map, &[0, loan, AT, 0, 4, READ]).unwrap();
        let copy = driver.make(Syscall::HandleCopy, &[loan, ALL, 0]);
        driver.call(Syscall::HandleClose, &[loan]).unwrap();
        assert_eq!(balance(&driver)[0], before[0] - 1 - tables(&driver), "the blank page stays");
        driver.call(Syscall::Unmap, &[0, AT, 4]).unwrap();
        driver.call(Syscall::HandleClose, &[copy]).unwrap();
        check(&driver.kernel);
    }
    let mut now = balance(&driver);
    now[0] += tables(&driver);
    assert_eq!(now, before);
}

/// Frames of page tables that the loop above has left: one for the addresses at `AT`.
fn tables(_: &Driver) -> u64 {
    1
}

#[test]
fn a_loan_keeps_its_parent_and_lets_it_go() {
    let mut lent = Lent::new(READ);
    let (memory, loan) = (lent.memory, lent.loan);
    lent.driver.call(Syscall::Unmap, &[0, AT, 4]).unwrap();
    lent.close(memory);
    assert_eq!(lent.seen(0), Some(1), "the loan is the parent's last name");
    let free = balance(&lent.driver)[0];
    lent.close(loan);
    assert_eq!(balance(&lent.driver)[0], free + 4, "the parent's pages are free");
    assert_eq!(lent.seen(0), Some(0));
}

#[test]
fn bad_loans_are_refused_and_cost_nothing() {
    let mut driver = boot();
    let memory = driver.make(Syscall::MemoryCreate, &[4]);
    let device = driver.make(Syscall::MemoryDevice, &[1, 1 << 32, 4]);
    let loan = driver.make(Syscall::MemoryLend, &[memory, 0, 4, WRITE]);
    let rights = |rights: Rights| u64::from(rights.bits());
    let read = rights(Rights::READ | Rights::TRANSFER);
    let read = driver.make(Syscall::HandleCopy, &[memory, read, 0]);
    let fixed = rights(Rights::READ | Rights::WRITE);
    let fixed = driver.make(Syscall::HandleCopy, &[memory, fixed, 0]);
    let before = balance(&driver);
    let attempts = [
        ([memory, 0, 0, READ], Error::BadArgument),
        ([memory, 0, 5, READ], Error::BadArgument),
        ([memory, 4, 1, READ], Error::BadArgument),
        ([memory, u64::MAX, 2, READ], Error::BadArgument),
        ([memory, 2, u64::MAX, READ], Error::BadArgument),
        ([memory, 0, 4, 0], Error::BadArgument),
        ([memory, 0, 4, 7], Error::BadArgument),
        ([device, 0, 4, READ], Error::BadArgument),
        ([loan, 0, 4, READ], Error::BadState),
        ([read, 0, 4, WRITE], Error::NoRight),
        ([read, 0, 4, 5], Error::NoRight),
        ([fixed, 0, 4, READ], Error::NoRight),
        ([1, 0, 4, READ], Error::WrongKind),
        ([0xffff, 0, 4, READ], Error::BadHandle),
    ];
    for (arguments, error) in attempts {
        assert_eq!(driver.call(Syscall::MemoryLend, &arguments), Err(error), "{arguments:?}");
    }
    assert_eq!(balance(&driver), before);
}

#[test]
fn a_lender_without_quota_is_refused() {
    let mut driver = boot();
    let (child, _) = driver.child(0);
    let memory = driver.make(Syscall::MemoryCreate, &[1]);
    let given = driver.give(child, memory, Rights::ALL, 0);
    let (thread, _) = driver.thread(child, 40);
    driver.raw(Syscall::ThreadResume as u64, &[thread], 0);
    // 63 pages are left beside the root table; each loan takes one and one of 16 handles.
    driver.make(Syscall::MemoryCreate, &[63]);
    let before = balance(&driver);
    let lend = driver.call(Syscall::MemoryLend, &[given, 0, 1, READ]);
    assert_eq!((lend, balance(&driver)), (Err(Error::QuotaExceeded), before));
}

#[test]
fn only_the_lenders_handle_manages_and_it_stays() {
    let mut lent = Lent::new(WRITE);
    let driver = &mut lent.driver;
    let rights =
        |driver: &mut Driver, handle| driver.call(Syscall::HandleInfo, &[handle]).unwrap().values.1;
    let mapped = Rights::READ | Rights::WRITE | Rights::TRANSFER;
    assert_eq!(rights(driver, lent.loan), u64::from((mapped | Rights::MANAGE).bits()));
    let copy = driver.make(Syscall::HandleCopy, &[lent.loan, ALL, 0]);
    assert_eq!(rights(driver, copy), u64::from(mapped.bits()));
    let given = driver.give(lent.child, lent.loan, Rights::ALL, 0);
    let given = driver.entry(lent.borrower, u32::try_from(given).unwrap());
    assert_eq!(given, Ok(mapped));
    // In a message: a copy goes, the lender's own does not.
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let me = driver.running();
    let server = driver.start_urgent(0);
    driver.put_envelope(&Envelope::EMPTY);
    driver.raw(Syscall::Recv as u64, &[endpoint], ENVELOPE);
    for (moved, outcome) in [(1, Err(Error::NoRight)), (0, Ok(mapped))] {
        let handle = u32::try_from(lent.loan).unwrap();
        let transfer = HandleTransfer { handle, rights: Rights::ALL.bits(), moved };
        let none = HandleTransfer::default();
        driver
            .put_envelope(&Envelope { transfers: [transfer, none, none, none], ..Envelope::EMPTY });
        driver.raw(Syscall::Send as u64, &[endpoint], ENVELOPE);
        let taken = driver.result(me).map(|_| {
            assert_eq!(driver.running(), server);
            let process = driver.kernel.objects.threads[server].process;
            driver.entry(process, driver.receipt().1[0]).unwrap()
        });
        assert_eq!(taken, outcome);
    }
    lent.close(copy);
    assert_eq!(lent.seen(0), Some(1), "a copy's end is nothing");
}

#[test]
fn it_is_mapped_once_at_a_time() {
    let mut lent = Lent::new(WRITE);
    let loan = lent.loan;
    let elsewhere = AT + 0x20_0000;
    let map = |lent: &mut Lent, process| {
        lent.driver.call(Syscall::Map, &[process, loan, elsewhere, 0, 1, READ]).map(drop)
    };
    for process in [lent.child, 0] {
        assert_eq!(map(&mut lent, process), Err(Error::BadState));
    }
    // Cut in two, it is still mapped.
    lent.driver.call(Syscall::Unmap, &[lent.child, AT + PAGE_SIZE, 1]).unwrap();
    check(&lent.driver.kernel);
    assert_eq!(map(&mut lent, 0), Err(Error::BadState));
    lent.driver.call(Syscall::Unmap, &[lent.child, AT, 3]).unwrap();
    assert_eq!(map(&mut lent, 0), Ok(()));
    lent.driver.call(Syscall::Unmap, &[0, elsewhere, 1]).unwrap();
    let copy = lent.driver.make(Syscall::HandleCopy, &[loan, ALL, 0]);
    lent.close(loan);
    let again = lent.driver.call(Syscall::Map, &[0, copy, elsewhere, 0, 1, READ]);
    assert_eq!(again, Err(Error::PeerDied), "after its end");
}

#[test]
fn a_borrower_cannot_have_more_than_was_lent() {
    let mut lent = Lent::new(READ);
    let (child, loan) = (lent.child, lent.loan);
    let protect = lent.driver.call(Syscall::Protect, &[child, AT, 3, WRITE]);
    assert_eq!(protect, Err(Error::NoRight));
    lent.driver.call(Syscall::Unmap, &[child, AT, 3]).unwrap();
    let map = lent.driver.call(Syscall::Map, &[child, loan, AT, 0, 3, WRITE]);
    assert_eq!(map, Err(Error::NoRight));
    let beyond = lent.driver.call(Syscall::Map, &[child, loan, AT, 1, 3, READ]);
    assert_eq!(beyond, Err(Error::BadArgument));
}

#[test]
fn a_cut_and_protected_mapping_is_taken_back_whole() {
    let mut lent = Lent::pages(9, WRITE);
    let child = lent.child;
    lent.driver.call(Syscall::Unmap, &[child, AT + 2 * PAGE_SIZE, 2]).unwrap();
    lent.driver.call(Syscall::Protect, &[child, AT + 5 * PAGE_SIZE, 1, READ]).unwrap();
    lent.close(lent.loan);
    let seen: Vec<_> = (0..8).map(|page| lent.seen(page)).collect();
    let blank = Some(0);
    assert_eq!(seen, [blank, blank, None, None, blank, blank, blank, blank]);
    let process = &lent.driver.kernel.objects.processes[lent.borrower];
    let table = process.space.table.as_ref().unwrap();
    let writable = |page: u64| {
        let at = AT + page * PAGE_SIZE;
        lent.driver.kernel.machine.translate(table, at, Access::Write).is_some()
    };
    assert!(writable(4) && !writable(5), "as it was protected");
}

#[test]
fn a_mapping_in_a_hole_of_a_loan_stays_when_it_is_taken_back() {
    let mut lent = Lent::pages(6, WRITE);
    let (child, memory) = (lent.child, lent.memory);
    lent.driver.call(Syscall::Unmap, &[child, AT + PAGE_SIZE, 2]).unwrap();
    for (place, page) in [(1, 1), (2, 2), (6, 3)] {
        let at = AT + place * PAGE_SIZE;
        lent.driver.call(Syscall::Map, &[child, memory, at, page, 1, READ]).unwrap();
    }
    lent.close(lent.loan);
    let seen: Vec<_> = (0..7).map(|page| lent.seen(page)).collect();
    assert_eq!(seen, [Some(0), Some(1), Some(2), Some(0), Some(0), None, Some(3)]);
}

#[test]
fn large_pages_are_not_used_for_a_loan() {
    let mut driver = Driver::boot(4096);
    let memory = driver.make(Syscall::MemoryCreate, &[512]);
    driver.call(Syscall::Map, &[0, memory, AT, 0, 512, WRITE]).unwrap();
    driver.poke(AT + 511 * PAGE_SIZE, b"last");
    let loan = driver.make(Syscall::MemoryLend, &[memory, 0, 512, READ]);
    let there = AT + (1 << 30);
    driver.call(Syscall::Map, &[0, loan, there, 0, 512, READ]).unwrap();
    assert_eq!(driver.peek(there + 511 * PAGE_SIZE, 4), b"last");
    driver.call(Syscall::HandleClose, &[loan]).unwrap();
    assert_eq!(driver.peek(there + 511 * PAGE_SIZE, 4), [0; 4]);
    assert_eq!(driver.peek(AT + 511 * PAGE_SIZE, 4), b"last", "the lender has it still");
    check(&driver.kernel);
}

#[test]
fn a_dying_lender_takes_its_loans_back_before_its_death_is_told() {
    let mut driver = boot();
    let death = driver.make(Syscall::NotificationCreate, &[]);
    let before = balance(&driver);
    let (child, lender) = driver.child(death);
    let (thread, id) = driver.thread(child, 40);
    driver.raw(Syscall::ThreadResume as u64, &[thread], 0);
    let memory = driver.make(Syscall::MemoryCreate, &[3]);
    driver.call(Syscall::Map, &[0, memory, AT, 0, 3, WRITE]).unwrap();
    driver.poke(AT, b"secret");
    let loan = driver.make(Syscall::MemoryLend, &[memory, 0, 3, WRITE]);
    driver.raw(Syscall::ThreadSuspend as u64, &[0], 0);
    assert_ne!(driver.next, Next::User(id));
    // The first program takes a copy for itself.
    let parent = driver.kernel.objects.threads[driver.running()].process;
    let entry =
        driver.kernel.objects.lookup(lender, abi::Handle(u32::try_from(loan).unwrap())).unwrap();
    let rights = driver.kernel.objects.copied_rights(&entry, Rights::ALL);
    let copy = u64::from(driver.kernel.memory().grant(parent, entry.object, rights, 0).unwrap().0);
    driver.call(Syscall::Map, &[0, copy, AT, 0, 3, WRITE]).unwrap();
    assert_eq!(driver.peek(AT, 6), b"secret");
    driver.call(Syscall::ProcessKill, &[child, 0]).unwrap();
    assert_eq!(driver.call(Syscall::Wait, &[death, 0]).unwrap().values.0, 1);
    check(&driver.kernel);
    driver.poke(AT + 2 * PAGE_SIZE, b"still there");
    assert_eq!(driver.peek(AT, 11), b"still there");
    driver.call(Syscall::Unmap, &[0, AT, 3]).unwrap();
    for handle in [copy, child, thread] {
        driver.call(Syscall::HandleClose, &[handle]).unwrap();
    }
    let mut now = balance(&driver);
    now[0] += 1; // the first program's own page table for `AT`
    assert_eq!(now, before);
}

#[test]
fn a_dying_borrower_gives_up_what_it_had() {
    let mut lent = Lent::new(WRITE);
    lent.driver.call(Syscall::ProcessKill, &[lent.child, 0]).unwrap();
    check(&lent.driver.kernel);
    assert_eq!(
        lent.driver.call(Syscall::Map, &[0, lent.loan, AT << 1, 0, 3, READ]).map(drop),
        Ok(())
    );
    lent.close(lent.loan);
}

/// A lender that needs more than one piece, stopped after the first of them.
fn half_revoked(smp: &mut Smp, loan: u64) {
    smp.syscall(CPU, Syscall::HandleClose as u64, &[loan], 0);
    assert_eq!(smp.place(CPU), Place::Window, "more pieces to come");
}

#[test]
fn nothing_is_mapped_anew_while_pieces_are_left() {
    let mut lent = Lent::pages(201, WRITE);
    let (child, loan) = (lent.child, lent.loan);
    let copy = lent.driver.make(Syscall::HandleCopy, &[loan, ALL, 0]);
    lent.driver.call(Syscall::Unmap, &[child, AT + 190 * PAGE_SIZE, 10]).unwrap();
    let borrower = lent.borrower;
    let mut smp = Smp::from(lent.driver);
    half_revoked(&mut smp, loan);
    let entry =
        smp.kernel.objects.lookup(first(&smp), abi::Handle(u32::try_from(copy).unwrap())).unwrap();
    let crate::object::ObjectRef::Memory(id) = entry.object else { panic!("no memory") };
    assert_eq!(smp.kernel.objects.loan_can_be_mapped(id), Err(Error::PeerDied));
    let Storage::Loan(state) = &smp.kernel.objects.memories[id].storage else { panic!("no loan") };
    assert!(state.parent.is_some(), "kept until the last page was replaced");
    assert_eq!(
        smp.kernel.objects.memory_page(&smp.kernel.frames, id, 195),
        Some(state.blank.phys())
    );
    check(&smp.kernel);
    smp.settle();
    check(&smp.kernel);
    let Storage::Loan(state) = &smp.kernel.objects.memories[id].storage else { panic!("no loan") };
    assert_eq!((state.parent, state.space), (None, Some(borrower)));
}

fn first(smp: &Smp) -> ProcessId {
    smp.kernel.objects.processes.ids().next().unwrap()
}

/// Two threads on two CPUs: one takes a loan back and is killed half-way, by the other or
/// with its process.
#[test]
fn who_kills_a_lender_in_the_middle_takes_over() {
    for with_process in [false, true] {
        let sizes = crate::kernel::Sizes::for_memory(4096 * PAGE_SIZE, 4096);
        let mut driver = Driver::boot_with(&sizes, 1);
        let memory = driver.make(Syscall::MemoryCreate, &[200]);
        let (borrower, _) = driver.child_of(0, 20);
        let (lender, lender_id) = driver.child_of(0, 20);
        let given = driver.give(lender, memory, Rights::ALL, 0);
        let (thread, id) = driver.thread(lender, 20);
        driver.call(Syscall::ThreadResume, &[thread]).unwrap();
        let timer = driver.make(Syscall::NotificationCreate, &[]);
        let killer = driver.running();
        driver.raw(Syscall::Wait as u64, &[timer, u64::MAX], 0);
        assert_eq!(driver.running(), id);
        let loan = driver.make(Syscall::MemoryLend, &[given, 0, 200, WRITE]);
        let object =
            driver.kernel.objects.lookup(lender_id, abi::Handle(u32::try_from(loan).unwrap()));
        let entry = object.unwrap();
        let crate::object::ObjectRef::Memory(memory_id) = entry.object else { panic!() };
        let process = driver.kernel.objects.threads[killer].process;
        let rights = driver.kernel.objects.copied_rights(&entry, Rights::ALL);
        let copy =
            u64::from(driver.kernel.memory().grant(process, entry.object, rights, 0).unwrap().0);
        signal(&mut driver, timer, process);
        assert_eq!(driver.running(), killer);
        driver.call(Syscall::Map, &[borrower, copy, AT, 0, 200, WRITE]).unwrap();
        // The killer waits; the lender closes its handle and is interrupted after a piece.
        driver.raw(Syscall::Wait as u64, &[timer, u64::MAX], 0);
        assert_eq!(driver.running(), id);
        let mut smp = Smp::from(driver);
        half_revoked(&mut smp, loan);
        let bell =
            smp.kernel.objects.lookup(process, abi::Handle(u32::try_from(timer).unwrap())).unwrap();
        let crate::object::ObjectRef::Notification(bell) = bell.object else { panic!() };
        smp.kernel.signal(bell, 1);
        while smp.running(CPU) != Some(killer) {
            smp.turn(CPU);
        }
        check(&smp.kernel);
        let left = smp.kernel.objects.threads[id].operation;
        assert!(matches!(left, Some(Operation::Revoke { at, .. }) if at > AT), "{left:?}");
        let (call, target) = if with_process {
            (Syscall::ProcessKill, lender)
        } else {
            (Syscall::ThreadKill, thread)
        };
        smp.syscall(CPU, call as u64, &[target, 0], 0);
        check(&smp.kernel);
        smp.settle();
        check(&smp.kernel);
        assert_eq!(smp.running(CPU), Some(killer));
        smp.interrupt(CPU, Interrupt::Ipi);
        smp.settle();
        let Storage::Loan(state) = &smp.kernel.objects.memories[memory_id].storage else {
            panic!()
        };
        if !with_process {
            assert_eq!(state.parent, None, "the killer's call has taken it back");
        }
        // The dead are taken apart when the killer waits.
        smp.syscall(CPU, Syscall::Wait as u64, &[timer, u64::MAX], 0);
        smp.settle();
        check(&smp.kernel);
        let Storage::Loan(state) = &smp.kernel.objects.memories[memory_id].storage else {
            panic!()
        };
        assert_eq!(state.parent, None);
    }
}

/// From inside the kernel, while another thread runs.
fn signal(driver: &mut Driver, handle: u64, process: ProcessId) {
    let handle = abi::Handle(u32::try_from(handle).unwrap());
    let entry = driver.kernel.objects.lookup(process, handle).unwrap();
    let crate::object::ObjectRef::Notification(id) = entry.object else { panic!("no bell") };
    driver.kernel.enter(CPU);
    driver.kernel.signal(id, 1);
    driver.leave();
}
