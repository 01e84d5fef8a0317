//! Running out, and getting everything back.

use crate::bench::{Bench, Check, Outcome, SMALL};
use crate::peer::Peer;
use alloc::vec::Vec;
use sys::{
    Endpoint, Error, Memory, Notification, Process, Protection, Quota, Rights, Timer, Words,
};

pub(super) const CHECKS: &[Check] = &[
    ("quota-handles-run-out-with-error", handles),
    ("quota-childs-handles-run-out-with-error", child_handles),
    ("quota-childs-page-tables-run-out-with-error", page_tables),
    ("quota-childs-objects-run-out-with-error", child_objects),
    ("quota-childs-threads-run-out-with-error", child_threads),
    ("quota-greedy-child-leaves-nothing-behind", greedy),
    ("quota-twenty-short-lives-leave-nothing-behind", short_lives),
    ("quota-fault-leaves-nothing-behind", faulting),
    ("quota-calls-and-transfers-leave-nothing-behind", calls),
    ("quota-timers-and-notifications-leave-nothing-behind", timers),
    ("quota-childs-quota-comes-back", quota_comes_back),
];

fn handles(bench: &Bench) -> Outcome {
    bench.conserves(|| {
        let mut all = Vec::new();
        let error = loop {
            match Notification::create() {
                Ok(bell) => all.push(bell),
                Err(error) => break error,
            }
        };
        let known = [Error::HandlesFull, Error::QuotaExceeded, Error::OutOfMemory];
        bench.hold("an error of running out", known.contains(&error))?;
        bench.hold("not too soon", all.len() > 500)
    })
}

/// A space with these limits that is gone at the end.
fn limited(quota: Quota, work: impl Fn(&Process) -> Outcome) -> Outcome {
    let process = Process::create("limited", &quota, None)?;
    let outcome = work(&process);
    process.kill(0)?;
    outcome
}

fn child_handles(bench: &Bench) -> Outcome {
    let bell = Notification::create()?;
    limited(Quota { handles: 5, ..SMALL }, |process| {
        for _ in 0..5 {
            process.give(&bell, Rights::SIGNAL, 0)?;
        }
        bench.refused("a sixth", process.give(&bell, Rights::SIGNAL, 0), Error::QuotaExceeded)
    })
}

fn page_tables(bench: &Bench) -> Outcome {
    bench.conserves(|| {
        let memory = Memory::create(1)?;
        limited(Quota { pages: 12, ..SMALL }, |process| {
            let far = |number: u64| process.map(&memory, number << 39, 0, 1, Protection::Read);
            let error = (1..30).find_map(|number| far(number).err());
            bench.same("an error", error, Some(Error::QuotaExceeded))
        })
    })
}

fn child_objects(bench: &Bench) -> Outcome {
    let memory = Memory::create(1)?;
    limited(Quota { objects: 3, ..SMALL }, |process| {
        let page = |number: u64| {
            let address = abi::USER_START + number * sys::PAGE_SIZE;
            process.map(&memory, address, 0, 1, Protection::Read)
        };
        for number in 0..3 {
            page(number)?;
        }
        bench.refused("a fourth mapping", page(3), Error::QuotaExceeded)
    })
}

fn child_threads(bench: &Bench) -> Outcome {
    limited(Quota { threads: 2, ..SMALL }, |process| {
        let thread = || sys::Thread::create(process, 0x40_0000, 0, 0, sys::Priority(1));
        let (_first, _second) = (thread()?, thread()?);
        bench.refused("a third", thread(), Error::QuotaExceeded)
    })
}

fn greedy(bench: &Bench) -> Outcome {
    bench.conserves(|| {
        let info = bench.child(&["greedy"], &[])?.end()?;
        bench.same("it ended by its fault", info.fault, sys::FaultKind::Page as u64)
    })
}

fn short_lives(bench: &Bench) -> Outcome {
    bench.conserves(|| {
        for _ in 0..20 {
            let child = bench.child(&["exit", "1"], &[])?;
            bench.same("status", child.status()?, 1)?;
        }
        Ok(())
    })
}

fn faulting(bench: &Bench) -> Outcome {
    bench.conserves(|| bench.child(&["jump", "0"], &[])?.end().map(drop))
}

fn calls(bench: &Bench) -> Outcome {
    bench.conserves(|| {
        let peer = Peer::echo()?;
        for _ in 0..50 {
            let mut transfers = sys::Transfers::none();
            transfers.push(Notification::create()?)?;
            let mut message = sys::Message { transfers, ..sys::Message::default() };
            peer.endpoint.call_with(&mut message, sys::FOREVER, &mut [])?;
            let badged = peer.endpoint.badged(Rights::SEND, 3)?;
            badged.call(1, &Words::default())?;
            drop(Endpoint::create()?);
        }
        Ok(())
    })
}

fn timers(bench: &Bench) -> Outcome {
    bench.conserves(|| {
        let bell = Notification::create()?;
        let timers: Result<Vec<Timer>, Error> = (0..30)
            .map(|number| {
                let timer = Timer::create(&bell, 1 << number)?;
                timer.arm(sys::clock() + 60_000_000_000)?;
                Ok(timer)
            })
            .collect();
        bench.same("timers", timers?.len(), 30)
    })
}

fn quota_comes_back(bench: &Bench) -> Outcome {
    let used = || Process::own_info().map(|info| info.used);
    let before = used()?;
    let child = bench.child(&["exit", "0"], &[])?;
    child.end()?;
    drop(child);
    bench.same("used", used()?, before)
}
