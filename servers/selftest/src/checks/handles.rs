//! Handles: rights, badges, travel, generations.

use crate::bench::{Bench, Check, Outcome};
use crate::peer::Peer;
use abi::Syscall;
use alloc::vec::Vec;
use sys::{
    Endpoint, Error, FOREVER, Memory, Message, Notification, ObjectKind, OwnedHandle, Rights,
    Transfers, Words, hazard,
};

pub(super) const CHECKS: &[Check] = &[
    ("handle-new-handle-has-all-rights", all_rights),
    ("handle-copy-has-fewer-rights", fewer_rights),
    ("handle-copy-never-has-more-rights", never_more),
    ("handle-without-transfer-there-is-no-copy", no_transfer),
    ("handle-badge-needs-right-to-mint", badge_needs_mint),
    ("handle-badge-cannot-be-changed", badge_stays),
    ("handle-rights-are-checked-at-each-use", rights_are_checked),
    ("handle-wrong-kind-of-object-is-refused", wrong_kind),
    ("handle-closed-handle-is-stale", closed_is_stale),
    ("handle-slot-used-again-has-another-number", generations),
    ("handle-0-and-wild-ones-name-nothing", wild_handles),
    ("handle-is-copied-with-message", copied),
    ("handle-is-moved-with-message", moved),
    ("handle-four-handles-travel-with-one-message", four),
    ("handle-travels-with-fewer-rights", travels_reduced),
    ("handle-without-transfer-does-not-travel", does_not_travel),
    ("handle-comes-back-with-reply", comes_back),
];

fn close(handle: u64) -> u64 {
    hazard::plain(Syscall::HandleClose as u64, [handle, 0, 0, 0, 0, 0]).status
}

fn rights_of(handle: OwnedHandle) -> Result<Rights, Error> {
    handle.info().map(|(_, rights)| rights)
}

fn all_rights(bench: &Bench) -> Outcome {
    let info = OwnedHandle::from(Endpoint::create()?).info()?;
    bench.same("kind and rights", info, (ObjectKind::Endpoint, Rights::ALL))
}

fn fewer_rights(bench: &Bench) -> Outcome {
    let copy = Endpoint::create()?.copy(Rights::SEND | Rights::TRANSFER)?;
    bench.same("rights", rights_of(copy.into())?, Rights::SEND | Rights::TRANSFER)
}

fn never_more(bench: &Bench) -> Outcome {
    let copy = Endpoint::create()?.copy(Rights::SEND | Rights::TRANSFER)?;
    let second = copy.copy(Rights::ALL)?;
    bench.same("rights", rights_of(second.into())?, Rights::SEND | Rights::TRANSFER)?;
    let wide =
        hazard::plain(Syscall::HandleCopy as u64, [copy.handle().0.into(), 1 << 16, 0, 0, 0, 0]);
    bench.same("17 bits of rights", wide.status, Error::BadArgument as u64)
}

fn no_transfer(bench: &Bench) -> Outcome {
    let copy = Endpoint::create()?.copy(Rights::SEND)?;
    bench.refused("a copy", copy.copy(Rights::SEND), Error::NoRight)
}

fn badge_needs_mint(bench: &Bench) -> Outcome {
    let copy = Endpoint::create()?.copy(Rights::SEND | Rights::TRANSFER)?;
    bench.refused("a badge", copy.badged(Rights::SEND, 1), Error::NoRight)
}

fn badge_stays(bench: &Bench) -> Outcome {
    let badged = Endpoint::create()?.badged(Rights::ALL, 1)?;
    bench.refused("a second badge", badged.badged(Rights::SEND, 2), Error::NoRight)
}

fn rights_are_checked(bench: &Bench) -> Outcome {
    let endpoint = Endpoint::create()?;
    let (send, receive) = (endpoint.copy(Rights::SEND)?, endpoint.copy(Rights::RECEIVE)?);
    bench.refused("receive by a send handle", send.receive(0, &mut []), Error::NoRight)?;
    let mut message = Message::default();
    bench.refused(
        "call by a receive handle",
        receive.call_with(&mut message, 0, &mut []),
        Error::NoRight,
    )?;
    let bell = Notification::create()?;
    let (signal, wait) = (bell.copy(Rights::SIGNAL)?, bell.copy(Rights::WAIT)?);
    bench.refused("wait by a signal handle", signal.wait(0), Error::NoRight)?;
    bench.refused("signal by a wait handle", wait.signal(1), Error::NoRight)
}

fn wrong_kind(bench: &Bench) -> Outcome {
    let memory: OwnedHandle = Memory::create(1)?.into();
    let as_endpoint = Endpoint::from(memory);
    bench.refused("a call to memory", as_endpoint.receive(0, &mut []), Error::WrongKind)?;
    let bell: OwnedHandle = Notification::create()?.into();
    bench.refused("the size of a notification", Memory::from(bell).info(), Error::WrongKind)
}

fn closed_is_stale(bench: &Bench) -> Outcome {
    let number = Notification::create()?.handle();
    let signal = hazard::plain(Syscall::Signal as u64, [number.0.into(), 1, 0, 0, 0, 0]);
    bench.same("a signal", signal.status, Error::BadHandle as u64)?;
    bench.same("closing it again", close(number.0.into()), Error::BadHandle as u64)
}

fn generations(bench: &Bench) -> Outcome {
    let mut seen = Vec::new();
    for _ in 0..100 {
        let number = Notification::create()?.handle().0;
        bench.hold("a number that was not used before", !seen.contains(&number))?;
        seen.push(number);
    }
    Ok(())
}

fn wild_handles(bench: &Bench) -> Outcome {
    for handle in [0, 1 << 16, 0xffff, 0x7fff_0001, u64::from(u32::MAX), 1 << 32, u64::MAX] {
        bench.same("status", close(handle), Error::BadHandle as u64)?;
    }
    Ok(())
}

/// A server that signals bit n of the n-th handle it gets and says how many came.
fn signaller() -> Result<Peer, sys::Failure> {
    Peer::serve(|mut message, _| {
        let mut count = 0;
        for handle in message.handles.iter_mut().filter_map(Option::take) {
            let _ = Notification::from(handle).signal(1 << count);
            count += 1;
        }
        crate::peer::reply(message, Message::new(0, [count; 7]));
    })
}

fn send_transfers(peer: &Peer, transfers: Transfers) -> Result<u64, Error> {
    let mut message = Message { transfers, ..Message::default() };
    peer.endpoint.call_with(&mut message, FOREVER, &mut []).map(|answer| answer.words[0])
}

fn copied(bench: &Bench) -> Outcome {
    let (peer, bell) = (signaller()?, Notification::create()?);
    let mut transfers = Transfers::none();
    transfers.push_copy(&bell, Rights::SIGNAL)?;
    bench.same("handles that came", send_transfers(&peer, transfers)?, 1)?;
    bench.same("bits", bell.poll()?, 1)
}

fn moved(bench: &Bench) -> Outcome {
    let (peer, bell) = (signaller()?, Notification::create()?);
    let given = bell.copy(Rights::ALL)?;
    let number = given.handle();
    let mut transfers = Transfers::none();
    transfers.push(given)?;
    bench.same("handles that came", send_transfers(&peer, transfers)?, 1)?;
    bench.same("bits", bell.poll()?, 1)?;
    bench.same("the giver's", close(number.0.into()), Error::BadHandle as u64)
}

fn four(bench: &Bench) -> Outcome {
    let (peer, bell) = (signaller()?, Notification::create()?);
    let mut transfers = Transfers::none();
    for _ in 0..4 {
        transfers.push_copy(&bell, Rights::SIGNAL)?;
    }
    bench.refused("a fifth", transfers.push_copy(&bell, Rights::SIGNAL), Error::TooLong)?;
    bench.same("handles that came", send_transfers(&peer, transfers)?, 4)?;
    bench.same("bits", bell.poll()?, 0b1111)
}

fn travels_reduced(bench: &Bench) -> Outcome {
    let peer = Peer::serve(|mut message, _| {
        let rights = message.handles[0].take().and_then(|handle| rights_of(handle).ok());
        crate::peer::reply(
            message,
            Message::new(0, [rights.map_or(0, |rights| rights.bits().into()); 7]),
        );
    })?;
    let bell = Notification::create()?.copy(Rights::SIGNAL | Rights::TRANSFER)?;
    let mut transfers = Transfers::none();
    transfers.push_copy(&bell, Rights::SIGNAL | Rights::WAIT)?;
    bench.same("rights", send_transfers(&peer, transfers)?, u64::from(Rights::SIGNAL.bits()))
}

fn does_not_travel(bench: &Bench) -> Outcome {
    let (peer, bell) = (signaller()?, Notification::create()?.copy(Rights::SIGNAL)?);
    let mut transfers = Transfers::none();
    transfers.push_copy(&bell, Rights::SIGNAL)?;
    bench.refused("the call", send_transfers(&peer, transfers), Error::NoRight)
}

fn comes_back(bench: &Bench) -> Outcome {
    let peer = Peer::serve(|message, _| {
        let mut answer = Message::default();
        if let Ok(bell) = Notification::create() {
            let _ = bell.signal(0b101);
            let _ = answer.transfers.push(bell);
        }
        crate::peer::reply(message, answer);
    })?;
    let [handle, ..] = peer.endpoint.call(0, &Words::default())?.handles;
    let bell = Notification::from(handle.ok_or("no handle came")?);
    bench.same("bits", bell.poll()?, 0b101)
}
