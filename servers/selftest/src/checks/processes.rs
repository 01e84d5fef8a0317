//! Processes: birth, information, death.

use crate::bench::{Bench, Check, Outcome, SMALL, SOON_NS, after};
use crate::peer::EQUAL;
use sys::{
    Endpoint, Error, Message, Notification, Process, ProcessState, Quota, Received, Rights, Words,
};

pub(super) const CHECKS: &[Check] = &[
    ("process-child-ends-with-its-status", status),
    ("process-death-signals-its-bits", death_bits),
    ("process-ids-are-never-used-again", ids),
    ("process-name-and-quota-are-told", told),
    ("process-killed-child-has-killers-status", killed),
    ("process-killing-dead-changes-nothing", killed_twice),
    ("process-dead-take-no-handles-and-no-threads", dead_take_nothing),
    ("process-suspend-stops-and-resume-goes-on", suspend),
    ("process-child-can-be-called", child_called),
    ("process-child-killed-in-call-is-forgotten", killed_in_call),
    ("process-panic-tells-its-text", panic_text),
    ("process-quota-above-ones-own-is-refused", quota_above),
    ("process-bad-names-are-refused", bad_names),
];

fn status(bench: &Bench) -> Outcome {
    for wanted in [0, 3, 255, u64::MAX] {
        let child = bench.child(&["exit", &alloc::format!("{wanted}")], &[])?;
        bench.same("status", child.status()?, wanted)?;
    }
    Ok(())
}

fn death_bits(bench: &Bench) -> Outcome {
    let death = Notification::create()?;
    let process = Process::create("short", &SMALL, Some((&death, 0b110)))?;
    bench.refused("before", death.poll(), Error::WouldBlock)?;
    process.kill(0)?;
    bench.same("bits", death.wait(after(SOON_NS))?, 0b110)
}

fn ids(bench: &Bench) -> Outcome {
    let mut last = 1;
    for _ in 0..5 {
        let process = Process::create("id", &SMALL, None)?;
        let pid = process.info()?.pid;
        process.kill(0)?;
        bench.hold("it is higher than the last", pid > last)?;
        last = pid;
    }
    Ok(())
}

fn told(bench: &Bench) -> Outcome {
    let process = Process::create("sixteen-letters!", &SMALL, None)?;
    let info = process.info()?;
    process.kill(0)?;
    bench.same("name", &info.name, b"sixteen-letters!")?;
    bench.same("limit", info.limit, SMALL)?;
    bench.same("state", info.state, ProcessState::Running as u32)
}

fn killed(bench: &Bench) -> Outcome {
    let child = bench.child(&["spin"], &[])?;
    sys::sleep_for(2_000_000);
    child.process.kill(41)?;
    let info = child.end()?;
    bench.same("state and status", (info.state, info.status), (ProcessState::Dead as u32, 41))
}

fn killed_twice(bench: &Bench) -> Outcome {
    let child = bench.child(&["exit", "5"], &[])?;
    child.end()?;
    child.process.kill(6)?;
    bench.same("status", child.process.info()?.status, 5)
}

fn dead_take_nothing(bench: &Bench) -> Outcome {
    let child = bench.child(&["exit", "0"], &[])?;
    child.end()?;
    let bell = Notification::create()?;
    bench.refused("a handle", child.process.give(&bell, Rights::ALL, 0), Error::PeerDied)?;
    let thread = sys::Thread::create(&child.process, 0x40_0000, 0, 0, EQUAL);
    bench.refused("a thread", thread, Error::PeerDied)?;
    let memory = sys::Memory::create(1)?;
    let map = child.process.map(&memory, 0x5000_0000, 0, 1, sys::Protection::Read);
    bench.refused("a mapping", map, Error::PeerDied)?;
    bench.refused("a suspend", child.process.suspend(), Error::PeerDied)
}

fn suspend(bench: &Bench) -> Outcome {
    let child = bench.child(&["spin"], &[])?;
    let used = || child.process.info().map(|info| info.user_ns + info.kernel_ns);
    sys::sleep_for(10_000_000);
    child.process.suspend()?;
    bench.same("state", child.process.info()?.state, ProcessState::Suspended as u32)?;
    // Another CPU may have run it until now, and books that when it stops.
    let mut last = 0;
    let stopped = (0..50).any(|_| {
        let before = core::mem::replace(&mut last, used().unwrap_or(0));
        sys::sleep_for(20_000_000);
        last == before
    });
    bench.hold("it uses no CPU time any more", stopped)?;
    child.process.resume()?;
    sys::sleep_for(30_000_000);
    bench.hold("CPU time after resume", used()? > last)
}

fn child_called(bench: &Bench) -> Outcome {
    let endpoint = Endpoint::create()?;
    let child = bench.child(&["call"], &[("endpoint", endpoint.as_handle(), Rights::SEND, 77)])?;
    match endpoint.receive(after(SOON_NS), &mut [0; 64])? {
        Received::Message(message) => {
            bench.same("badge", message.badge, 77)?;
            crate::peer::reply(message, Message::new(0, [23; 7]));
        }
        Received::Notified(_) => bench.hold("a message", false)?,
    }
    bench.same("status", child.status()?, 23)
}

fn killed_in_call(bench: &Bench) -> Outcome {
    let endpoint = Endpoint::create()?;
    let child = bench.child(&["call"], &[("endpoint", endpoint.as_handle(), Rights::SEND, 1)])?;
    let Received::Message(message) = endpoint.receive(after(SOON_NS), &mut [])? else {
        return bench.hold("a message", false);
    };
    child.process.kill(0)?;
    child.end()?;
    let right = message.reply.ok_or("no reply right")?;
    let refused = right.reply(&mut Message::new(0, Words::default())).map_err(|(error, _)| error);
    bench.refused("the reply", refused, Error::BadReply)
}

fn panic_text(bench: &Bench) -> Outcome {
    let handler = Endpoint::create()?;
    let child = bench.child_with(&["panic", "at the disco"], &[], Some((&handler, 5)), SMALL)?;
    let mut buffer = [0; 256];
    let Received::Message(message) = handler.receive(after(SOON_NS), &mut buffer)? else {
        return bench.hold("a message", false);
    };
    let told = core::str::from_utf8(&buffer[..message.len]).unwrap_or("");
    bench.hold("the text", told.starts_with("at the disco at "))?;
    bench.same(
        "kind and badge",
        (message.words[0], message.badge),
        (sys::FaultKind::Panic as u64, 5),
    )?;
    crate::peer::reply(message, Message::new(sys::FaultReply::Resume as u32, Words::default()));
    bench.same("status", child.status()?, abi::EXIT_PANIC)
}

fn quota_above(bench: &Bench) -> Outcome {
    let limit = Process::own_info()?.limit;
    for quota in [
        Quota { pages: limit.pages, ..SMALL },
        Quota { handles: u32::MAX, ..SMALL },
        Quota { threads: u32::MAX, ..SMALL },
        Quota { objects: u32::MAX, ..SMALL },
    ] {
        bench.refused("a process", Process::create("big", &quota, None), Error::QuotaExceeded)?;
    }
    let urgent = Quota { max_priority: 64, ..SMALL };
    bench.refused("priority 64", Process::create("urgent", &urgent, None), Error::BadArgument)
}

fn bad_names(bench: &Bench) -> Outcome {
    for name in ["", "seventeen letters", "a\0b"] {
        bench.refused("a process", Process::create(name, &SMALL, None), Error::BadArgument)?;
    }
    Ok(())
}
