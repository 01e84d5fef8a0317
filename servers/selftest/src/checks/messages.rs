//! Messages with bytes, up to 64 KiB.

use crate::bench::{Bench, Check, Outcome, pattern};
use crate::peer::{Peer, reply};
use abi::MESSAGE_MAX;
use alloc::vec;
use sys::{Answer, Error, FOREVER, Message, Words};

pub(super) const CHECKS: &[Check] = &[
    ("message-57-bytes-come-back", |bench| comes_back(bench, &[1, 56, 57, 64])),
    ("message-page-and-its-neighbours-come-back", |bench| comes_back(bench, &[4095, 4096, 4097])),
    ("message-64-kib-come-back", |bench| comes_back(bench, &[65_535, MESSAGE_MAX])),
    ("message-unaligned-buffers-work", unaligned),
    ("message-more-than-64-kib-is-refused", too_long),
    ("message-small-reply-buffer-is-callers-error", small_reply_buffer),
    ("message-small-receive-buffer-is-senders-error", small_receive_buffer),
    ("message-bytes-do-not-leak-between-messages", no_leak),
];

fn ask(peer: &Peer, bytes: &[u8], buffer: &mut [u8]) -> Result<Answer, Error> {
    let mut message = Message::new(1, Words::default()).with_bytes(bytes);
    peer.endpoint.call_with(&mut message, FOREVER, buffer)
}

fn comes_back(bench: &Bench, lengths: &[usize]) -> Outcome {
    let peer = Peer::echo()?;
    let mut buffer = vec![0; MESSAGE_MAX];
    for len in lengths {
        let bytes = pattern(*len);
        let answer = ask(&peer, &bytes, &mut buffer)?;
        bench.same("length", answer.len, *len)?;
        bench.hold("the same bytes", buffer[..*len] == bytes[..])?;
    }
    Ok(())
}

fn unaligned(bench: &Bench) -> Outcome {
    let peer = Peer::echo()?;
    let bytes = pattern(5000);
    let mut buffer = vec![0; 5010];
    for offset in [1, 3, 7] {
        let answer = ask(&peer, &bytes[offset..], &mut buffer[offset..])?;
        bench.same("length", answer.len, 5000 - offset)?;
        bench.hold("the same bytes", buffer[offset..5000] == bytes[offset..])?;
    }
    Ok(())
}

fn too_long(bench: &Bench) -> Outcome {
    let peer = Peer::echo()?;
    let bytes = pattern(MESSAGE_MAX + 1);
    bench.refused("a call", ask(&peer, &bytes, &mut []), Error::TooLong)
}

fn small_reply_buffer(bench: &Bench) -> Outcome {
    let peer = Peer::echo()?;
    bench.refused("a call", ask(&peer, &pattern(100), &mut [0; 99]), Error::TooLong)?;
    bench.same("the server lives", ask(&peer, &pattern(100), &mut [0; 100])?.len, 100)
}

fn small_receive_buffer(bench: &Bench) -> Outcome {
    let endpoint = sys::Endpoint::create()?;
    let receiver = endpoint.copy(sys::Rights::ALL)?;
    let _thread = crate::peer::run(crate::peer::URGENT, move || {
        if let Ok(sys::Received::Message(message)) = receiver.receive(FOREVER, &mut [0; 10]) {
            reply(message, Message::new(3, Words::default()));
        }
    })?;
    let bytes = pattern(11);
    let mut long = Message::new(1, Words::default()).with_bytes(&bytes);
    bench.refused(
        "11 bytes into 10",
        endpoint.call_with(&mut long, FOREVER, &mut []),
        Error::TooLong,
    )?;
    let mut short = Message::new(1, Words::default()).with_bytes(&bytes[..10]);
    bench.same("10 bytes", endpoint.call_with(&mut short, FOREVER, &mut [])?.label, 3)
}

fn no_leak(bench: &Bench) -> Outcome {
    let peer = Peer::echo()?;
    let mut buffer = [0xaa; 64];
    let answer = ask(&peer, &[1, 2, 3], &mut buffer)?;
    bench.same("length", answer.len, 3)?;
    bench.same("behind the message", &buffer[3..], &[0xaa; 61][..])
}
