//! Loans: shown, mapped once, revoked while a borrower uses them.

use crate::bench::{Bench, Check, Outcome, SOON_NS, after, eventually};
use crate::peer::{EQUAL, run};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use sys::{
    Endpoint, Error, FOREVER, Failure, Loan, Mapping, Memory, Message, Protection, Received, Rights,
};

pub(super) const CHECKS: &[Check] = &[
    ("loan-shows-its-pages-until-it-is-taken-back", shown),
    ("loan-is-mapped-once-and-within-its-protection", once),
    ("loan-of-a-loan-or-a-device-is-refused", refused),
    ("loan-is-revoked-under-readers-that-never-fault", under_readers),
    ("loan-of-a-process-that-dies-is-taken-back", dying_lender),
];

/// More than one piece of a revocation.
const PAGES: u64 = 150;
const PAGE: usize = 4096;

/// The first byte of a page, as a borrower sees it.
fn seen(mapping: &Mapping, page: usize) -> Result<u8, Error> {
    let mut byte = [0];
    mapping.read_at(page * PAGE, &mut byte)?;
    Ok(byte[0])
}

/// Writes a value into the first byte of every page.
fn fill(memory: &Memory, value: u8) -> Result<(), Error> {
    let own = memory.map_own(Protection::ReadWrite)?;
    (0..own.len()).step_by(PAGE).try_for_each(|page| own.write_at(page, &[value]))
}

fn shown(bench: &Bench) -> Outcome {
    bench.conserves(|| {
        let memory = Memory::create(4)?;
        fill(&memory, 7)?;
        let loan = Loan::of(&memory, 1, 2, Protection::ReadWrite)?;
        let mapping = Memory::from(loan.handle_to_send()?).map_own(Protection::ReadWrite)?;
        bench.same("bytes", mapping.len(), 2 * PAGE)?;
        bench.same("lent", seen(&mapping, 1)?, 7)?;
        mapping.write_at(0, &[8])?;
        drop(loan);
        bench.same("taken back", (seen(&mapping, 0)?, seen(&mapping, 1)?), (0, 0))?;
        mapping.write_at(0, &[9])?;
        let own = memory.map_own(Protection::Read)?;
        let lenders = (seen(&own, 0)?, seen(&own, 1)?, seen(&own, 2)?);
        bench.same("what the lender has", lenders, (7, 8, 7))
    })
}

fn once(bench: &Bench) -> Outcome {
    let memory = Memory::create(2)?;
    let loan = Loan::of(&memory, 0, 2, Protection::Read)?;
    let borrowed = Memory::from(loan.handle_to_send()?);
    bench.refused("writable", borrowed.map_own(Protection::ReadWrite), Error::NoRight)?;
    let mapping = borrowed.map_own(Protection::Read)?;
    bench.refused("a second time", borrowed.map_own(Protection::Read), Error::BadState)?;
    drop(mapping);
    drop(borrowed.map_own(Protection::Read)?);
    let copy = borrowed.copy(Rights::ALL)?;
    bench.refused("a copy's part", copy.map_part(1, 2, Protection::Read), Error::BadArgument)?;
    drop(loan);
    bench.refused("after its end", borrowed.map_own(Protection::Read), Error::PeerDied)
}

fn refused(bench: &Bench) -> Outcome {
    const VIDEO: u64 = 0xb_8000;
    let memory = Memory::create(2)?;
    let loan = Loan::of(&memory, 0, 2, Protection::Read)?;
    let borrowed = Memory::from(loan.handle_to_send()?);
    let of = |memory: &Memory, first, pages| Loan::of(memory, first, pages, Protection::Read);
    bench.refused("a loan", of(&borrowed, 0, 1), Error::BadState)?;
    let device = Memory::device(&bench.resource, VIDEO, 1)?;
    bench.refused("a device", of(&device, 0, 1), Error::BadArgument)?;
    for (first, pages) in [(0, 0), (0, 3), (2, 1), (u64::MAX, 1), (1, u64::MAX)] {
        bench.refused("pages that are not there", of(&memory, first, pages), Error::BadArgument)?;
    }
    let fixed = memory.copy(Rights::READ)?;
    bench.refused("what may not travel", of(&fixed, 0, 1), Error::NoRight)
}

/// Reads all pages again and again, on any CPU: how many rounds, and what must not be seen.
fn reader(mapping: Arc<Mapping>) -> Result<(Arc<AtomicU64>, Arc<AtomicBool>), Failure> {
    let (rounds, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let (own_rounds, own_stop) = (rounds.clone(), stop.clone());
    let _thread = run(EQUAL, move || {
        let pages = mapping.len() / PAGE;
        while !own_stop.load(Ordering::Relaxed) {
            let wrong = (0..pages).any(|page| !matches!(seen(&mapping, page), Ok(0 | 7)));
            own_rounds.fetch_add(if wrong { WRONG } else { 1 }, Ordering::Relaxed);
        }
    })?;
    Ok((rounds, stop))
}

/// More rounds than there are.
const WRONG: u64 = 1 << 40;

fn under_readers(bench: &Bench) -> Outcome {
    let memory = Memory::create(PAGES)?;
    for _ in 0..6 {
        fill(&memory, 7)?;
        let loan = Loan::of(&memory, 0, PAGES, Protection::Read)?;
        let borrowed = Memory::from(loan.handle_to_send()?);
        let mapping = Arc::new(borrowed.map_own(Protection::Read)?);
        let (rounds, stop) = reader(mapping.clone())?;
        let more = |than: u64| rounds.load(Ordering::Relaxed) > than;
        bench.hold("it reads", eventually(|| more(2)))?;
        drop(loan);
        let blank = (0..mapping.len() / PAGE).all(|page| seen(&mapping, page) == Ok(0));
        // A stale translation would show these.
        fill(&memory, 9)?;
        let then = rounds.load(Ordering::Relaxed);
        let reads_on = eventually(|| more(then + 2));
        stop.store(true, Ordering::Relaxed);
        bench.same("blank at once, and it reads on", (blank, reads_on), (true, true))?;
        bench.hold("nothing that was not lent", !more(WRONG - 1))?;
    }
    Ok(())
}

/// The child: lends memory to who called, and waits to be killed.
pub(crate) fn lend(env: &rt::Env) -> Result<(), Failure> {
    let endpoint: Endpoint = env.handle("endpoint")?;
    let memory = Memory::create(PAGES)?;
    fill(&memory, 7)?;
    let loan = Loan::of(&memory, 0, PAGES, Protection::Read)?;
    let mut message = Message::default();
    message.transfers.push(loan.handle_to_send()?)?;
    endpoint.call_with(&mut message, FOREVER, &mut [])?;
    drop(loan);
    Ok(())
}

fn dying_lender(bench: &Bench) -> Outcome {
    bench.conserves(|| {
        let endpoint = Endpoint::create()?;
        let rights = Rights::SEND | Rights::TRANSFER;
        let child = bench.child(&["lend"], &[("endpoint", endpoint.as_handle(), rights, 0)])?;
        let Received::Message(message) = endpoint.receive(after(SOON_NS), &mut [])? else {
            return bench.hold("a message", false);
        };
        let [Some(handle), ..] = message.handles else { return bench.hold("a handle", false) };
        let mapping = Memory::from(handle).map_own(Protection::Read)?;
        let last = mapping.len() / PAGE - 1;
        bench.same("lent", seen(&mapping, last)?, 7)?;
        child.process.kill(5)?;
        bench.same("status", child.status()?, 5)?;
        bench.same("when its death is told", seen(&mapping, last)?, 0)?;
        drop(message.reply);
        Ok(())
    })
}
