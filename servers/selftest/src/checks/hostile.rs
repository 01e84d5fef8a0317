//! A peer that does everything wrong: the kernel and all others live on.

use crate::bench::{Bench, Check, Outcome, SMALL, SOON_NS, after};
use crate::peer::Peer;
use abi::{Envelope, Syscall, USER_END};
use sys::hazard::{self, call_with_flags};
use sys::{Endpoint, Error, FaultKind, Message, Quota, Words};

pub(super) const CHECKS: &[Check] = &[
    ("hostile-every-call-with-wild-arguments-harms-only-its-caller", every_call),
    ("hostile-wild-addresses-are-errors", wild_addresses),
    ("hostile-wild-envelopes-are-errors", wild_envelopes),
    ("hostile-call-without-stack-works", without_stack),
    ("exit-27-user-flags-do-not-reach-kernel", flags),
    ("hostile-trap-flag-traps-in-user-mode", trap_flag),
    ("hostile-stack-that-is-exhausted-ends-only-its-process", exhausted),
    ("hostile-jump-into-kernel-ends-only-its-process", kernel_jump),
    ("hostile-others-live-on", others_live_on),
];

/// Values that are wrong almost everywhere.
const WILD: [u64; 16] = [
    0,
    1,
    2,
    7,
    0xfff,
    0x1000,
    abi::IMAGE_BASE,
    abi::STARTUP_ADDRESS,
    USER_END - 8,
    USER_END,
    1 << 47,
    0xffff_8000_0000_0000,
    0xffff_ffff_8000_0000,
    u64::MAX - 7,
    u64::MAX,
    1 << 32 | 1,
];

/// In a child: one call number with wild values in every place.
pub(crate) fn wild_calls(number: u64) {
    for base in [0, 1, u64::MAX] {
        for place in 0..9 {
            for wild in WILD {
                let mut values = [base; 10];
                values[place] = wild;
                let [a, b, words @ .., envelope] = values;
                hazard::call(number, [a, b], words, envelope);
            }
        }
    }
    for envelope in WILD {
        hazard::call(number, [1, 1], [0; 7], envelope);
    }
}

/// In a child: wild registers around a call.
pub(crate) fn wild_registers() {
    let wild = hazard::call_without_stack(Syscall::Clock as u64);
    rt::exit(wild);
}

/// Runs a child that may end, fault or wait for ever.
fn let_loose(bench: &Bench, role: &[&str]) -> Outcome {
    let quota = Quota { pages: 300, ..SMALL };
    let child = bench.child_with(role, &[], None, quota)?;
    // What waits for ever is killed by the drop.
    child.end_within(15_000_000);
    Ok(())
}

fn every_call(bench: &Bench) -> Outcome {
    bench.conserves(|| {
        for call in Syscall::ALL {
            let_loose(bench, &["wild-calls", &alloc::format!("{}", *call as u64)])?;
        }
        Ok(())
    })?;
    others_live_on(bench)
}

fn refused_address(bench: &Bench, what: &str, number: Syscall, arguments: [u64; 6]) -> Outcome {
    let status = hazard::plain(number as u64, arguments).status;
    bench.same(what, Error::from_status(status), Some(Error::BadAddress))
}

const NO_ADDRESS: [u64; 6] =
    [0, 0x1000, USER_END - 4, 1 << 47, 0xffff_8000_0000_0000, u64::MAX - 7];

fn wild_addresses(bench: &Bench) -> Outcome {
    for address in NO_ADDRESS {
        refused_address(bench, "LogWrite", Syscall::LogWrite, [address, 8, 0, 0, 0, 0])?;
        refused_address(bench, "SystemInfo", Syscall::SystemInfo, [address, 0, 0, 0, 0, 0])?;
        refused_address(bench, "ProcessInfo", Syscall::ProcessInfo, [0, address, 0, 0, 0, 0])?;
        refused_address(bench, "ProcessCreate", Syscall::ProcessCreate, [address, 8, 0, 0, 0, 0])?;
        refused_address(bench, "FaultRaise", Syscall::FaultRaise, [7, address, 8, 0, 0, 0])?;
        refused_address(bench, "UpcallReturn", Syscall::UpcallReturn, [address, 0, 0, 0, 0, 0])?;
    }
    // The kernel must not write where the program itself may only read.
    let code = abi::IMAGE_BASE;
    refused_address(bench, "code as target", Syscall::SystemInfo, [code, 0, 0, 0, 0, 0])
}

fn wild_envelopes(bench: &Bench) -> Outcome {
    let endpoint = Endpoint::create()?;
    let handle = u64::from(endpoint.handle().0);
    for address in NO_ADDRESS.into_iter().filter(|address| *address != 0) {
        for number in [Syscall::Call, Syscall::Send, Syscall::Recv] {
            let status = hazard::call(number as u64, [handle, 0], [0; 7], address).status;
            bench.same(number.name(), Error::from_status(status), Some(Error::BadAddress))?;
        }
    }
    let envelope = Envelope { deadline_ns: 0, ..Envelope::EMPTY };
    let aligned = (&raw const envelope).addr() as u64;
    let status = hazard::call(Syscall::Recv as u64, [handle, 0], [0; 7], aligned + 4).status;
    bench.same("misaligned", Error::from_status(status), Some(Error::BadAddress))?;
    wild_buffers(bench)
}

/// Good envelopes that point to no memory.
fn wild_buffers(bench: &Bench) -> Outcome {
    let peer = Peer::echo()?;
    let handle = u64::from(peer.endpoint.handle().0);
    for address in NO_ADDRESS {
        let envelope = Envelope { send_address: address, send_len: 64, ..Envelope::EMPTY };
        let at = (&raw const envelope).addr() as u64;
        let status = hazard::call(Syscall::Call as u64, [handle, 1], [0; 7], at).status;
        bench.same("send buffer", Error::from_status(status), Some(Error::BadAddress))?;
    }
    let answer = peer.endpoint.call(3, &Words::default())?;
    bench.same("the server lives", answer.label, 3)
}

fn without_stack(bench: &Bench) -> Outcome {
    let child = bench.child(&["wild-registers"], &[])?;
    bench.same("status of the call", child.status()?, 0)
}

fn flags(bench: &Bench) -> Outcome {
    const DIRECTION: u64 = 1 << 10;
    const NESTED: u64 = 1 << 14;
    const ALIGNMENT: u64 = 1 << 18;
    for flag in [DIRECTION, NESTED, ALIGNMENT, DIRECTION | NESTED | ALIGNMENT] {
        let (status, _) = call_with_flags(Syscall::Yield as u64, flag);
        bench.same("status", status, 0)?;
    }
    Ok(())
}

fn trap_flag(bench: &Bench) -> Outcome {
    let info = bench.child(&["trap"], &[])?.end()?;
    bench.same("fault", info.fault, FaultKind::Debug as u64)
}

fn exhausted(bench: &Bench) -> Outcome {
    let info = bench.child(&["stack"], &[])?.end()?;
    bench.same("fault", info.fault, FaultKind::Page as u64)?;
    others_live_on(bench)
}

fn kernel_jump(bench: &Bench) -> Outcome {
    for address in ["0xffffffff80000000", "0xffff800000000000", "0x8000000000000000", "0"] {
        let info = bench.child(&["jump", address], &[])?.end()?;
        bench.hold("it ended by a fault", info.fault != 0)?;
    }
    Ok(())
}

fn others_live_on(bench: &Bench) -> Outcome {
    let peer = Peer::echo()?;
    let mut message = Message::new(8, [5; 7]);
    let answer = peer.endpoint.call_with(&mut message, after(SOON_NS), &mut [])?;
    bench.same("a call", (answer.label, answer.words), (8, [5; 7]))?;
    let child = bench.child(&["exit", "9"], &[])?;
    bench.same("a child", child.status()?, 9)
}
