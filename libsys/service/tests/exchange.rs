//! Client and server in one process, over the kernel that `sys::host` has.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use service::{CallError, Caller, Event, Never, Reply, Server};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use sys::host;
use sys::{Endpoint, FOREVER, Memory, Notification, OwnedHandle, Protection, Rights};

#[service::data]
#[derive(Clone, Debug, PartialEq)]
enum DeskError {
    Wrong { code: u8 },
}

#[service::data]
#[derive(Clone, Debug, PartialEq)]
struct Parcel {
    name: String,
    numbers: Vec<u64>,
}

/// All kinds of methods.
#[service::interface(version = 3, name = "desk", max_message = 8192)]
trait Desk {
    /// The caller's badge.
    fn badge(&mut self) -> Result<u64, Never>;
    /// Gives it back.
    #[idempotent]
    fn echo(&mut self, parcel: Parcel) -> Result<Parcel, DeskError>;
    fn fail(&mut self, code: u8) -> Result<(), DeskError>;
    #[deferred]
    fn wait(&mut self) -> Result<u32, DeskError>;
    fn fill(&mut self, #[handle] memory: Memory, byte: u8) -> Result<(), DeskError>;
    #[returns_handle]
    fn bell(&mut self, bits: u64) -> Result<Notification, DeskError>;
    #[returns_handle]
    fn both(&mut self, fail: bool) -> Result<(OwnedHandle, String), DeskError>;
    #[idempotent]
    fn times(&mut self, bytes: Vec<u8>, text: String, option: Option<u8>) -> Result<u64, Never>;
    /// A name to a handle.
    #[connector]
    #[returns_handle]
    fn find(&mut self, service: String) -> Result<Endpoint, DeskError>;
}

#[derive(Default)]
struct Clerk {
    waiting: Vec<Reply<Result<u32, DeskError>>>,
    services: Vec<(String, Endpoint)>,
}

impl Desk for Clerk {
    fn badge(&mut self, caller: &Caller) -> Result<u64, Never> {
        Ok(caller.badge())
    }
    fn echo(&mut self, _: &Caller, parcel: Parcel) -> Result<Parcel, DeskError> {
        Ok(parcel)
    }
    fn fail(&mut self, _: &Caller, code: u8) -> Result<(), DeskError> {
        Err(DeskError::Wrong { code })
    }
    fn wait(&mut self, _: &Caller, reply: Reply<Result<u32, DeskError>>) {
        self.waiting.push(reply);
    }
    fn fill(&mut self, _: &Caller, memory: Memory, byte: u8) -> Result<(), DeskError> {
        memory.map_own(Protection::ReadWrite).unwrap().write_at(0, &[byte; 4]).unwrap();
        Ok(())
    }
    fn bell(&mut self, _: &Caller, bits: u64) -> Result<Notification, DeskError> {
        let bell = Notification::create().unwrap();
        bell.signal(bits).unwrap();
        Ok(bell)
    }
    fn both(&mut self, _: &Caller, fail: bool) -> Result<(OwnedHandle, String), DeskError> {
        if fail {
            return Err(DeskError::Wrong { code: 1 });
        }
        Ok((Notification::create().unwrap().into(), "x".repeat(100)))
    }
    fn times(&mut self, _: &Caller, b: Vec<u8>, t: String, o: Option<u8>) -> Result<u64, Never> {
        Ok((b.len() + t.len()) as u64 + u64::from(o.is_some()))
    }
    fn find(&mut self, _: &Caller, service: String) -> Result<Endpoint, DeskError> {
        let found = self.services.iter().find(|(name, _)| *name == service);
        let (_, endpoint) = found.ok_or(DeskError::Wrong { code: 4 })?;
        Ok(endpoint.copy(Rights::SEND | Rights::TRANSFER).unwrap())
    }
}

/// A served desk: an unbadged client and the endpoint.
fn open_desk() -> (DeskClient, Endpoint) {
    let endpoint = Endpoint::create().unwrap();
    let sender = endpoint.copy(Rights::ALL).unwrap();
    let client = DeskClient::from_endpoint(endpoint.copy(Rights::SEND).unwrap());
    thread::spawn(move || service::serve::<dyn Desk>(endpoint, &mut Clerk::default()));
    (client, sender)
}

#[test]
fn values_of_all_sizes_go_there_and_back() {
    let (client, _endpoint) = open_desk();
    for len in [0, 1, 7, 8, 40, 53, 54, 55, 56, 57, 58, 500, 4000] {
        let parcel = Parcel { name: "n".repeat(len), numbers: vec![u64::MAX; len % 5] };
        assert_eq!(client.echo(parcel.clone()), Ok(parcel));
    }
    assert_eq!(client.times(b"abc", "de", Some(1)), Ok(6));
    assert_eq!(client.times(vec![1], String::new(), None), Ok(1));
}

#[test]
fn what_is_too_long_is_an_error_and_the_server_lives() {
    let (client, _endpoint) = open_desk();
    let parcel = |len| Parcel { name: "n".repeat(len), numbers: Vec::new() };
    assert_eq!(client.echo(parcel(9000)), Err(CallError::TooLong));
    assert_eq!(client.echo(parcel(70_000)), Err(CallError::TooLong));
    assert_eq!(client.echo(parcel(8000)), Ok(parcel(8000)));
}

#[test]
fn errors_and_badges_arrive() {
    let (client, endpoint) = open_desk();
    assert_eq!(client.fail(7), Err(CallError::Service(DeskError::Wrong { code: 7 })));
    assert_eq!(client.badge(), Ok(0));
    let badged = DeskClient::from_endpoint(endpoint.badged(Rights::SEND, 42).unwrap());
    assert_eq!(badged.badge(), Ok(42));
}

#[test]
fn handles_travel_both_ways() {
    let (client, _endpoint) = open_desk();
    let memory = Memory::create(1).unwrap();
    let mapping = memory.map_own(Protection::Read).unwrap();
    assert_eq!(client.fill(memory, 9), Ok(()));
    let mut bytes = [0; 5];
    mapping.read_at(0, &mut bytes).unwrap();
    assert_eq!(bytes, [9, 9, 9, 9, 0]);
    assert_eq!(client.bell(5).unwrap().poll(), Ok(5));
    assert_eq!(client.both(false).unwrap().1.len(), 100);
    assert_eq!(client.both(true).unwrap_err(), CallError::Service(DeskError::Wrong { code: 1 }));
}

#[test]
fn a_kept_reply_is_sent_later_and_a_dropped_one_is_an_error() {
    let endpoint = Endpoint::create().unwrap();
    let rights = Rights::SEND | Rights::TRANSFER;
    let client = DeskClient::from_endpoint(endpoint.copy(rights).unwrap());
    let server = thread::spawn(move || {
        let (mut server, mut clerk) = (Server::<dyn Desk>::new(endpoint), Clerk::default());
        while clerk.waiting.len() < 2 {
            assert!(matches!(server.next(&mut clerk), Ok(Event::Handled)));
        }
        let mut replies = clerk.waiting.into_iter();
        assert_eq!(replies.next().unwrap().deliver(&Ok(11)), Ok(()));
        drop(replies.next());
    });
    let other = DeskClient::from_endpoint(client.endpoint().copy(Rights::SEND).unwrap());
    let calls = [thread::spawn(move || client.wait()), thread::spawn(move || other.wait())];
    server.join().unwrap();
    let answers = calls.map(|call| call.join().unwrap());
    assert!(answers.contains(&Ok(11)) && answers.contains(&Err(CallError::Abandoned)));
}

#[test]
fn a_timeout_is_an_error_and_its_late_answer_goes_nowhere() {
    let endpoint = Endpoint::create().unwrap();
    let sender = endpoint.copy(Rights::SEND).unwrap();
    let client = DeskClient::from_endpoint(sender).with_timeout(20_000_000);
    let (mut server, mut clerk) = (Server::<dyn Desk>::new(endpoint), Clerk::default());
    let call = thread::spawn(move || client.wait());
    server.next(&mut clerk).unwrap();
    assert_eq!(call.join().unwrap(), Err(CallError::TimedOut));
    let reply = clerk.waiting.pop().unwrap();
    assert_eq!(reply.deliver(&Ok(1)), Err(sys::Error::BadReply));
}

#[test]
fn only_idempotent_calls_are_retried_after_a_death() {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let endpoint = Endpoint::create().unwrap();
    let client = DeskClient::from_endpoint(endpoint.copy(Rights::SEND).unwrap());
    let server = thread::spawn(move || {
        die_with_a_call(&endpoint);
        CALLS.fetch_add(1, Ordering::Relaxed);
        // The second life gives the first call back without an answer, and serves.
        let Ok(sys::Received::Message(message)) = endpoint.receive(FOREVER, &mut [0; 256]) else {
            panic!("no message");
        };
        let (mut server, mut clerk) = (Server::<dyn Desk>::new(endpoint), Clerk::default());
        drop(message.reply);
        server.next(&mut clerk).unwrap();
        server.flush();
    });
    assert_eq!(client.fail(3), Err(CallError::Unknown));
    // The next one is abandoned (an answer, so not retried), the last one served.
    assert_eq!(client.times([], "", None), Err(CallError::Abandoned));
    assert_eq!(client.times([], "abc", None), Ok(3));
    server.join().unwrap();
    assert_eq!(CALLS.load(Ordering::Relaxed), 1, "once, no more");
    assert_eq!(
        client.times([], "abc", None),
        Err(CallError::Dead),
        "there is no receiver any more"
    );
}

/// A life of the server that receives one call and dies with it, as a process of its own.
fn die_with_a_call(endpoint: &Endpoint) {
    let quota = sys::Quota { pages: 64, handles: 8, threads: 2, objects: 8, ..Default::default() };
    let life = sys::Process::create("desk", &quota, None).unwrap();
    let given = host::give(&life, endpoint.as_handle(), Rights::RECEIVE, 0).unwrap();
    let dying = host::spawn_in(&life, move || {
        let endpoint = Endpoint::from(given.take().unwrap());
        let received = endpoint.receive(FOREVER, &mut [0; 256]).unwrap();
        sys::exit(u64::from(matches!(received, sys::Received::Notified(_))))
    });
    let panic = dying.unwrap().join().unwrap_err();
    assert!(host::killed(&*panic));
}

#[test]
fn an_idempotent_call_survives_deaths() {
    let endpoint = Endpoint::create().unwrap();
    let client = DeskClient::from_endpoint(endpoint.copy(Rights::SEND).unwrap());
    thread::spawn(move || {
        (0..3).for_each(|_| die_with_a_call(&endpoint));
        service::serve::<dyn Desk>(endpoint, &mut Clerk::default())
    });
    assert_eq!(client.times([0; 60], "", None), Ok(60));
}

/// This number of lives of a server that each die with a call.
fn deadly(endpoint: Endpoint, calls: u32) -> thread::JoinHandle<Endpoint> {
    thread::spawn(move || {
        (0..calls).for_each(|_| die_with_a_call(&endpoint));
        endpoint
    })
}

#[test]
fn a_call_that_kills_every_server_is_given_up() {
    let endpoint = Endpoint::create().unwrap();
    let client = DeskClient::from_endpoint(endpoint.copy(Rights::SEND).unwrap());
    let server = deadly(endpoint, 5);
    assert_eq!(client.times([], "", None), Err(CallError::Unknown));
    drop(server.join().unwrap());
}

#[test]
fn what_was_taken_once_is_unknown_even_if_the_endpoint_dies_then() {
    let endpoint = Endpoint::create().unwrap();
    let client = DeskClient::from_endpoint(endpoint.copy(Rights::SEND).unwrap());
    let server = deadly(endpoint, 1);
    let call = thread::spawn(move || (client.times([], "", None), client));
    drop(server.join().unwrap());
    let (outcome, client) = call.join().unwrap();
    assert_eq!(outcome, Err(CallError::Unknown));
    assert_eq!(client.times([], "", None), Err(CallError::Dead), "this one was never taken");
}

#[test]
fn a_time_out_of_one_call_covers_its_attempts_and_no_other_call() {
    let endpoint = Endpoint::create().unwrap();
    let client = DeskClient::from_endpoint(endpoint.copy(Rights::SEND).unwrap());
    let start = sys::clock();
    assert_eq!(client.within(20_000_000).badge(), Err(CallError::TimedOut));
    // No time for a second attempt.
    let server = deadly(endpoint, 2);
    let outcome = client.within(1_000_000_000).times([], "", None);
    assert_eq!(outcome, Err(CallError::TimedOut), "two deaths, and then no receiver");
    assert!(sys::clock() - start < 10_000_000_000);
    let endpoint = server.join().unwrap();
    thread::spawn(move || service::serve::<dyn Desk>(endpoint, &mut Clerk::default()));
    assert_eq!(client.badge(), Ok(0));
}

/// The same name, another schema.
#[service::interface(version = 4, name = "desk")]
trait Other {
    fn badge(&mut self) -> Result<u64, Never>;
}

struct Plain;
impl Other for Plain {
    fn badge(&mut self, _: &Caller) -> Result<u64, Never> {
        Ok(1)
    }
}

#[test]
fn another_version_is_refused_at_connect_and_at_the_first_call() {
    let names = Endpoint::create().unwrap();
    let (_, desk) = open_desk();
    let mut clerk = Clerk { services: vec![("desk".to_owned(), desk)], ..Clerk::default() };
    let sender = names.copy(Rights::SEND).unwrap();
    thread::spawn(move || service::serve::<dyn Desk>(names, &mut clerk));
    assert!(DeskClient::connect(&sender).unwrap().fail(1).is_err());
    assert_eq!(OtherClient::connect(&sender).unwrap_err(), CallError::VersionMismatch);
    assert_eq!(DeskClient::connect_as(&sender, "desk2").unwrap_err(), CallError::Refused);
    let found = service::connect(&sender, "desk").unwrap();
    assert_eq!(OtherClient::from_endpoint(found).badge(), Err(CallError::VersionMismatch));
    assert_ne!(DeskClient::INTERFACE.hash, OtherClient::INTERFACE.hash);
    let _ = Plain.badge(&Caller::with_badge(0));
}

#[test]
fn a_service_describes_itself_and_can_be_called_by_that() {
    let (_client, endpoint) = open_desk();
    let told = service::describe(&endpoint).unwrap();
    assert_eq!((told.name.as_str(), told.version, told.methods.len()), ("desk", 3, 9));
    let (label, times) = told.method("times").unwrap();
    let types: Vec<&str> = times.arguments.iter().map(|a| a.type_name.as_str()).collect();
    assert_eq!(types, ["Vec<u8>", "String", "Option<u8>"]);
    assert_eq!((times.result.as_str(), times.error.as_str()), ("u64", "Never"));
    let both = told.method("both").unwrap().1;
    assert_eq!((both.result.as_str(), both.help.as_str()), ("(handle, String)", ""));
    assert_eq!(told.method("echo").unwrap().1.help, "Gives it back.");
    let arguments = postcard::to_allocvec(&(vec![1u8], "ab", None::<u8>)).unwrap();
    let answer = service::call_encoded(&endpoint, label, &arguments).unwrap();
    let (result, _) = postcard::take_from_bytes::<Result<u64, ()>>(&answer).unwrap();
    assert_eq!(result, Ok(3));
}

#[test]
fn hostile_calls_are_refused_and_the_server_lives() {
    let (client, endpoint) = open_desk();
    let echo = service::label(1, DeskClient::INTERFACE.hash);
    for bytes in [vec![], vec![0xff; 57], vec![0xff; 3], vec![57, b'a'], vec![0; 60]] {
        let answer = service::call_encoded(&endpoint, echo, &bytes);
        let parcel = Parcel { name: String::new(), numbers: Vec::new() };
        // Nothing at all is a valid empty parcel: the words are zeros.
        if bytes.is_empty() {
            let encoded = postcard::to_allocvec(&Ok::<_, DeskError>(parcel)).unwrap();
            assert_eq!(answer.unwrap()[..encoded.len()], encoded);
        } else {
            assert_eq!(answer, Err(CallError::Malformed), "{bytes:?}");
        }
    }
    let fill = service::label(4, DeskClient::INTERFACE.hash);
    assert_eq!(service::call_encoded(&endpoint, fill, &[1]), Err(CallError::Malformed));
    let none = service::label(99, DeskClient::INTERFACE.hash);
    assert_eq!(service::call_encoded(&endpoint, none, &[]), Err(CallError::VersionMismatch));
    assert_eq!(service::call_encoded(&endpoint, 0xfff5, &[]), Err(CallError::VersionMismatch));
    assert_eq!(client.badge(), Ok(0));
}

#[test]
fn a_server_also_gets_bits_and_messages_that_are_not_its_own() {
    let endpoint = Endpoint::create().unwrap();
    let quota = sys::Quota { pages: 64, handles: 8, threads: 2, objects: 8, ..Default::default() };
    let faulty = sys::Process::create("faulty", &quota, None).unwrap();
    faulty.set_fault_handler(&endpoint, 7).unwrap();
    let bell = Notification::create().unwrap();
    bell.bind().unwrap();
    bell.signal(6).unwrap();
    let (mut server, mut clerk) = (Server::<dyn Desk>::new(endpoint), Clerk::default());
    assert!(matches!(server.next(&mut clerk), Ok(Event::Notified(6))));
    let fault = sys::host::spawn_in(&faulty, || {
        sys::raise_fault(abi::FaultKind::Panic, "text").unwrap();
    });
    let Ok(Event::Raw(raw)) = server.next(&mut clerk) else { panic!("no raw message") };
    assert_eq!((raw.message.label, raw.bytes.as_slice()), (abi::FAULT_LABEL, &b"text"[..]));
    let resume = abi::FaultReply::Resume as u32;
    raw.message.reply.unwrap().reply(&mut sys::Message::new(resume, [0; 7])).unwrap();
    fault.unwrap().join().unwrap();
    let late = server.next_until(sys::clock() + 1_000_000, &mut clerk);
    assert!(matches!(late, Err(sys::Error::TimedOut)));
    Notification::unbind().unwrap();
}

/// A damaged server takes calls and answers none. A client that connects is not lost with it.
#[test]
fn connecting_to_a_server_that_answers_nothing_ends() {
    host::in_system(|| {
        let names = Endpoint::create().unwrap();
        let line = names.copy(Rights::SEND | Rights::TRANSFER).unwrap();
        let bell = Notification::create().unwrap();
        let quota =
            sys::Quota { pages: 99, handles: 8, threads: 2, objects: 8, ..Default::default() };
        let mute = sys::Process::create("mute", &quota, Some((&bell, 1))).unwrap();
        let given = host::give(&mute, names.as_handle(), Rights::RECEIVE, 0).unwrap();
        let taken = host::spawn_in(&mute, move || {
            let endpoint = Endpoint::from(given.take().unwrap());
            let call = endpoint.receive(FOREVER, &mut [0; 256]);
            sys::sleep_for(3_600_000_000_000);
            drop(call);
        })
        .unwrap();
        let connected = DeskClient::connect(&line).map(drop);
        assert_eq!(connected, Err(CallError::TimedOut));
        mute.kill(1).unwrap();
        host::away(|| drop(taken.join()));
    });
}
