//! Calls, sends, replies: which message arrives, in which order, with which badge.

use crate::bench::{Bench, Check, Outcome, eventually};
use crate::peer::{EQUAL, Peer, URGENT, on_one_cpu, reply, run, run_beside};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};
use sys::{Endpoint, FOREVER, Message, Received, ReplyRight, Rights, Words};

pub(super) const CHECKS: &[Check] = &[
    ("call-gets-its-reply", a_call_gets_its_reply),
    ("call-words-pass-through-both-ways", words_pass_through),
    ("call-labels-pass-through", labels_pass_through),
    ("call-badge-names-caller", a_badge_names_the_caller),
    ("call-send-waits-for-its-receiver", a_send_waits),
    ("call-sent-message-has-no-reply-right", sent_has_no_reply),
    ("call-reply-and-receive-serve-many-calls", many_calls),
    ("call-callers-are-served-in-their-order", |bench| on_one_cpu(|| in_order(bench))),
    ("call-reply-can-come-later", deferred),
    ("call-passes-through-two-servers", chain),
];

const WORDS: Words = [1, u64::MAX, 3, 0x8000_0000_0000_0000, 5, 6, 7];

fn a_call_gets_its_reply(bench: &Bench) -> Outcome {
    let peer = Peer::echo()?;
    let answer = peer.endpoint.call(17, &Words::default())?;
    bench.same("label", answer.label, 17)?;
    bench.same("bytes", answer.len, 0)
}

fn words_pass_through(bench: &Bench) -> Outcome {
    let peer = Peer::serve(|message, _| {
        let back = Message::new(0, message.words.map(|word| !word));
        reply(message, back);
    })?;
    let answer = peer.endpoint.call(1, &WORDS)?;
    bench.same("words", answer.words, WORDS.map(|word| !word))
}

fn labels_pass_through(bench: &Bench) -> Outcome {
    let peer = Peer::echo()?;
    for label in [0, 1, 0x7fff_ffff, 0x8000_0000, 0xfffe_ffff] {
        bench.same("label", peer.endpoint.call(label, &Words::default())?.label, label)?;
    }
    Ok(())
}

fn a_badge_names_the_caller(bench: &Bench) -> Outcome {
    let peer = Peer::serve(|message, _| {
        let told = Message::new(0, [message.badge, 0, 0, 0, 0, 0, 0]);
        reply(message, told);
    })?;
    bench.same("unbadged", peer.endpoint.call(0, &WORDS)?.words[0], 0)?;
    for badge in [1, 0x1234_5678_9abc_def0, u64::MAX] {
        let client = peer.endpoint.badged(Rights::SEND, badge)?;
        bench.same("badge", client.call(0, &WORDS)?.words[0], badge)?;
    }
    Ok(())
}

fn a_send_waits(bench: &Bench) -> Outcome {
    let endpoint = Endpoint::create()?;
    let sender = endpoint.copy(Rights::SEND)?;
    let sent = Arc::new(AtomicU64::new(0));
    let told = sent.clone();
    let _thread = run(URGENT, move || {
        if sender.send(5, &WORDS).is_ok() {
            told.store(1, Ordering::Relaxed);
        }
    })?;
    bench.same("sent before", sent.load(Ordering::Relaxed), 0)?;
    match endpoint.receive(FOREVER, &mut [])? {
        Received::Message(message) => bench.same("words", message.words, WORDS)?,
        Received::Notified(_) => bench.hold("a message", false)?,
    }
    eventually(|| sent.load(Ordering::Relaxed) > 0);
    bench.same("sent after", sent.load(Ordering::Relaxed), 1)
}

fn sent_has_no_reply(bench: &Bench) -> Outcome {
    let (endpoint, heard) = (Endpoint::create()?, Arc::new(AtomicU64::new(0)));
    let (receiver, told) = (endpoint.copy(Rights::RECEIVE)?, heard.clone());
    let _thread = run(URGENT, move || {
        if let Ok(Received::Message(message)) = receiver.receive(FOREVER, &mut []) {
            told.store(1 + u64::from(message.reply.is_some()), Ordering::Relaxed);
        }
    })?;
    endpoint.send(1, &WORDS)?;
    eventually(|| heard.load(Ordering::Relaxed) > 0);
    bench.same("heard without a reply right", heard.load(Ordering::Relaxed), 1)
}

fn many_calls(bench: &Bench) -> Outcome {
    let endpoint = Endpoint::create()?;
    let client = endpoint.copy(Rights::SEND)?;
    let _thread = run(URGENT, move || {
        let mut right: Option<ReplyRight> = None;
        let mut answer = Message::default();
        while let Ok(Received::Message(message)) =
            endpoint.reply_receive(&mut right, &mut answer, FOREVER, &mut [])
        {
            right = message.reply;
            answer = Message::new(0, message.words.map(|word| word.wrapping_add(1)));
            if message.label == 9 {
                break;
            }
        }
    })?;
    for round in 0..500 {
        bench.same("answer", client.call(1, &[round; 7])?.words, [round + 1; 7])?;
    }
    // The server drops the right instead of answering.
    bench.same("last label", client.call(9, &WORDS)?.label, ReplyRight::ABANDONED)
}

fn in_order(bench: &Bench) -> Outcome {
    let endpoint = Endpoint::create()?;
    for number in 1..=5 {
        let client = endpoint.badged(Rights::SEND, number)?;
        let _thread = run_beside(URGENT, move || {
            let _ = client.send(0, &WORDS);
        })?;
    }
    let mut badges = Vec::new();
    for _ in 0..5 {
        if let Received::Message(message) = endpoint.receive(FOREVER, &mut [])? {
            badges.push(message.badge);
        }
    }
    bench.same("badges", badges, alloc::vec![1, 2, 3, 4, 5])
}

fn deferred(bench: &Bench) -> Outcome {
    let mut kept: Option<ReplyRight> = None;
    let arrived = Arc::new(AtomicU64::new(0));
    let count = arrived.clone();
    // The first call is answered when the second one comes.
    let peer = Peer::serve(move |message, _| {
        count.fetch_add(1, Ordering::Relaxed);
        if let Some(first) = kept.take() {
            let _ = first.reply(&mut Message::new(1, WORDS));
            reply(message, Message::new(2, WORDS));
        } else {
            kept = message.reply;
        }
    })?;
    let (client, first) = (peer.endpoint.copy(Rights::SEND)?, Arc::new(AtomicU64::new(0)));
    let told = first.clone();
    let _thread = run(EQUAL, move || {
        let label = client.call(0, &WORDS).map_or(99, |answer| answer.label);
        told.store(label.into(), Ordering::Relaxed);
    })?;
    bench.hold("the first call arrives", eventually(|| arrived.load(Ordering::Relaxed) > 0))?;
    bench.same("before", first.load(Ordering::Relaxed), 0)?;
    bench.same("second", peer.endpoint.call(0, &WORDS)?.label, 2)?;
    eventually(|| first.load(Ordering::Relaxed) > 0);
    bench.same("first", first.load(Ordering::Relaxed), 1)
}

fn chain(bench: &Bench) -> Outcome {
    let behind = Peer::echo()?;
    let next = behind.endpoint.copy(Rights::SEND)?;
    let front = Peer::serve(move |message, _| {
        let words = next.call(1, &message.words).map_or([0; 7], |answer| answer.words);
        reply(message, Message::new(0, words.map(|word| word ^ 1)));
    })?;
    bench.same("words", front.endpoint.call(0, &WORDS)?.words, WORDS.map(|word| word ^ 1))
}
