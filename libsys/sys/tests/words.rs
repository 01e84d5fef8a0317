//! Calls and answers with words, alone or with bytes, between threads on the host.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use sys::{
    Answer, Endpoint, Error, FOREVER, Incoming, Lifeline, Message, Notification, Received,
    ReceivedWords, ReplyRight, Rights, Words,
};

const SENT: Words = [1, 2, 3, 4, 5, 6, 7];
const BACK: Words = [7, 6, 5, 4, 3, 2, 1];

fn called(endpoint: &Arc<Endpoint>, bytes: &'static [u8]) -> JoinHandle<Result<Answer, Error>> {
    let endpoint = endpoint.clone();
    thread::spawn(move || {
        let mut message = Message::new(5, SENT).with_bytes(bytes);
        endpoint.call_with(&mut message, FOREVER, &mut [])
    })
}

/// The next message and the right to answer it.
fn message(received: Result<Received, Error>) -> (u32, Words, Option<ReplyRight>) {
    match received {
        Ok(Received::Message(Incoming { label, words, reply, .. })) => (label, words, reply),
        other => panic!("no message: {other:?}"),
    }
}

#[test]
fn words_go_there_and_back() {
    let endpoint = Arc::new(Endpoint::create().unwrap());
    let server = endpoint.clone();
    let server = thread::spawn(move || {
        let (mut reply, mut words) = (None, Words::default());
        let came = ReceivedWords::Message { badge: 0, label: 5 };
        assert_eq!(server.reply_receive_words(&mut reply, 0, &mut words), Ok(came));
        assert_eq!(words, SENT);
        words = BACK;
        assert_eq!(server.reply_receive_words(&mut reply, 9, &mut words), Ok(came));
        assert_eq!((words, reply.is_none()), (SENT, true), "no sender waits for an answer");
    });
    assert_eq!(endpoint.call_words(5, &SENT), Ok((9, BACK)));
    endpoint.send(5, &SENT).unwrap();
    server.join().unwrap();
}

#[test]
fn bytes_are_refused_where_only_words_are_taken() {
    let endpoint = Arc::new(Endpoint::create().unwrap());
    let caller = called(&endpoint, b"bytes");
    let server = endpoint.clone();
    let server = thread::spawn(move || server.reply_receive_words(&mut None, 0, &mut { BACK }));
    assert!(matches!(caller.join().unwrap(), Err(Error::TooLong)));
    endpoint.send(6, &SENT).unwrap();
    let came = ReceivedWords::Message { badge: 0, label: 6 };
    assert_eq!(server.join().unwrap(), Ok(came), "it went on waiting");
}

#[test]
fn an_answer_that_could_not_be_given_leaves_the_right() {
    let endpoint = Arc::new(Endpoint::create().unwrap());
    let caller = called(&endpoint, b"");
    let (_, _, mut reply) = message(endpoint.receive(FOREVER, &mut []));
    let deaf = endpoint.badged(Rights::SEND, 1).unwrap();
    let refused = deaf.reply_receive_words(&mut reply, 0, &mut { BACK });
    assert_eq!(refused, Err(Error::NoRight));
    let right = reply.expect("the call is still open");
    right.reply(&mut Message::new(9, BACK)).unwrap();
    assert_eq!(caller.join().unwrap().map(|answer| answer.words).ok(), Some(BACK));
}

#[test]
fn bytes_go_there_and_back_with_the_words() {
    let endpoint = Arc::new(Endpoint::create().unwrap());
    let server = endpoint.clone();
    let server = thread::spawn(move || {
        let (mut reply, mut words, mut buffer) = (None, Words::default(), [0; 8]);
        let came = ReceivedWords::Message { badge: 0, label: 5 };
        let first = server.reply_receive_bytes(&mut reply, 0, &mut words, b"", &mut buffer);
        assert_eq!((first, words), (Ok((came, 3)), SENT));
        assert_eq!(&buffer[..3], b"ask");
        words = BACK;
        let next = server.reply_receive_bytes(&mut reply, 9, &mut words, b"answer", &mut buffer);
        assert_eq!((next, words, reply.is_none()), (Ok((came, 0)), SENT, true));
    });
    let (mut words, mut buffer) = (SENT, [0; 8]);
    assert_eq!(endpoint.call_bytes(5, &mut words, b"ask", &mut buffer), Ok((9, 6)));
    assert_eq!((words, &buffer[..6]), (BACK, b"answer".as_slice()));
    endpoint.send(5, &SENT).unwrap();
    server.join().unwrap();
}

#[test]
fn handles_that_come_with_bytes_are_closed() {
    let endpoint = Arc::new(Endpoint::create().unwrap());
    let (watch, held) = Lifeline::create(&Notification::create().unwrap(), 1).unwrap();
    let server = endpoint.clone();
    let server = thread::spawn(move || {
        let (_, _, reply) = message(server.receive(FOREVER, &mut [0; 8]));
        let mut answer = Message::new(9, BACK).with_bytes(b"answer");
        answer.transfers.push(held).unwrap();
        reply.unwrap().reply(&mut answer).unwrap();
    });
    let (mut words, mut buffer) = (SENT, [0; 8]);
    assert_eq!(endpoint.call_bytes(5, &mut words, b"ask", &mut buffer), Ok((9, 6)));
    server.join().unwrap();
    assert_eq!(watch.held(), Ok(false));
}
