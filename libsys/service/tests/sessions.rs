//! Sessions, handles that are copied, things of several handles: on the hosted kernel, with
//! clients that are processes of their own.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use service::{
    Attempt, CallError, Caller, Event, Never, ReceivedHandles, Request, Server, Session, Sessions,
    Subscribers,
};
use std::collections::BTreeMap;
use std::thread::JoinHandle;
use sys::host;
use sys::{
    Endpoint, FOREVER, Handles, Lifeline, Memory, Notification, OwnedHandle, Process, Protection,
    Quota, Rights,
};

/// Opens files.
#[service::interface(version = 1, name = "files")]
trait Files {
    #[opens(File)]
    fn open(&mut self, name: String) -> Result<(), Never>;
    /// With a value beside it, and an error.
    #[opens(File)]
    fn open_at(&mut self, name: String, at: u32) -> Result<u32, String>;
    fn look(&mut self, #[handle(copy, READ | TRANSFER)] memory: Memory)
    -> Result<(u16, u8), Never>;
    fn feed(&mut self, #[handle] offer: queue::Offer) -> Result<u64, Never>;
    #[returns_handle]
    fn feed_me(&mut self) -> Result<(queue::Offer, u8), Never>;
    #[returns_handle]
    fn subscribe(
        &mut self,
        #[handle(copy, SIGNAL | TRANSFER)] bell: Notification,
        bits: u64,
    ) -> Result<Lifeline, Never>;
    fn open_files(&mut self) -> Result<u64, Never>;
    fn ring(&mut self) -> Result<u64, Never>;
}

/// An open file.
#[service::interface(version = 1, name = "file", session)]
trait File {
    fn name(&mut self) -> Result<(String, u64), Never>;
    #[opens(File)]
    fn again(&mut self) -> Result<(), Never>;
}

struct Disk {
    files: BTreeMap<Session, String>,
    subscribers: Subscribers,
}

impl Files for Disk {
    fn open(&mut self, _: &Caller, session: Session, name: String) -> Result<(), Never> {
        self.files.insert(session, name);
        Ok(())
    }
    fn open_at(
        &mut self,
        _: &Caller,
        session: Session,
        name: String,
        at: u32,
    ) -> Result<u32, String> {
        if name.is_empty() {
            return Err("no name".to_owned());
        }
        self.files.insert(session, name);
        Ok(at)
    }
    fn look(&mut self, _: &Caller, memory: Memory) -> Result<(u16, u8), Never> {
        let (_, rights) = OwnedHandle::from(memory.copy(Rights::ALL).unwrap()).info().unwrap();
        let mut byte = [0];
        memory.map_own(Protection::Read).unwrap().read_at(0, &mut byte).unwrap();
        Ok((rights.bits(), byte[0]))
    }
    fn feed(&mut self, _: &Caller, offer: queue::Offer) -> Result<u64, Never> {
        let mut consumer = offer.consumer::<u64>().unwrap();
        Ok(consumer.pop(FOREVER).unwrap() + consumer.pop(FOREVER).unwrap())
    }
    fn feed_me(&mut self, _: &Caller) -> Result<(queue::Offer, u8), Never> {
        let (mut producer, offer) = queue_producer();
        producer.try_push(&77).unwrap();
        std::mem::forget(producer);
        Ok((offer, 3))
    }
    fn subscribe(&mut self, _: &Caller, bell: Notification, bits: u64) -> Result<Lifeline, Never> {
        Ok(self.subscribers.add(bell, bits).unwrap())
    }
    fn open_files(&mut self, _: &Caller) -> Result<u64, Never> {
        Ok(self.files.len() as u64)
    }
    fn ring(&mut self, _: &Caller) -> Result<u64, Never> {
        self.subscribers.signal_all();
        Ok(self.subscribers.len() as u64)
    }
}

impl File for Disk {
    fn name(&mut self, caller: &Caller) -> Result<(String, u64), Never> {
        Ok((self.files[&caller.session().unwrap()].clone(), caller.badge()))
    }
    fn again(&mut self, caller: &Caller, session: Session) -> Result<(), Never> {
        let name = self.files[&caller.session().unwrap()].clone();
        self.files.insert(session, name);
        Ok(())
    }
    fn closed(&mut self, session: Session) {
        assert!(self.files.remove(&session).is_some(), "closed once, and it was open");
    }
}

service::together!(Disk: Files, File);

/// A producer of numbers and the offer for its consumer.
fn queue_producer() -> (queue::Producer<u64>, queue::Offer) {
    let (creator, offer) = queue::create(4, 16).unwrap();
    (creator.producer(), offer)
}

/// A server in a thread; it ends with its endpoint's last sender.
fn open_disk() -> Endpoint {
    let endpoint = Endpoint::create().unwrap();
    let sender = endpoint.copy(Rights::ALL).unwrap();
    std::thread::spawn(move || {
        let bell = Notification::create().unwrap();
        bell.bind().unwrap();
        let mut disk =
            Disk { files: BTreeMap::new(), subscribers: Subscribers::on(&bell, 2).unwrap() };
        let sessions = Sessions::on(&bell, 1).unwrap();
        let mut server = Server::<Disk>::new(endpoint).with_sessions(sessions);
        loop {
            match server.next(&mut disk).unwrap() {
                Event::Notified(bits) => {
                    assert_eq!(bits, 2, "the sessions' bit is not shown");
                    disk.subscribers.drop_dead();
                }
                Event::Handled => {}
                Event::Raw(raw) => panic!("{raw:?}"),
            }
        }
    });
    sender
}

fn client(endpoint: &Endpoint, badge: u64) -> FilesClient {
    FilesClient::from_endpoint(endpoint.badged(Rights::SEND, badge).unwrap())
}

/// A process of its own with a handle to the server, and what it does there.
fn process<T: Send + 'static>(
    endpoint: &Endpoint,
    badge: u64,
    work: impl FnOnce(FilesClient) -> T + Send + 'static,
) -> (Process, JoinHandle<T>) {
    let quota = Quota { pages: 64, handles: 32, threads: 2, objects: 8, ..Quota::default() };
    let life = Process::create("client", &quota, None).unwrap();
    let given = host::give(&life, endpoint.as_handle(), Rights::SEND, badge).unwrap();
    let work = move || work(FilesClient::from_endpoint(given.take().unwrap().into()));
    let thread = host::spawn_in(&life, work).unwrap();
    (life, thread)
}

#[test]
fn a_session_is_open_until_its_client_drops_it() {
    let disk = open_disk();
    let files = client(&disk, 7);
    let (one, two) = (files.open("one").unwrap(), files.open("two").unwrap());
    assert_eq!(one.name(), Ok(("one".to_owned(), 7)), "the badge is the opener's");
    assert_eq!(two.name(), Ok(("two".to_owned(), 7)));
    assert_eq!(files.open_files(), Ok(2));
    drop(one);
    assert_eq!(files.open_files(), Ok(1), "the server heard of it before the next call");
    let (three, at) = files.open_at("three", 9).unwrap();
    assert_eq!((three.name().unwrap().0.as_str(), at), ("three", 9));
    assert_eq!(files.open_at("", 9).unwrap_err(), CallError::Service("no name".to_owned()));
    assert_eq!(files.open_files(), Ok(2), "an error opens nothing");
    let again = two.again().unwrap();
    drop(two);
    assert_eq!(again.name(), Ok(("two".to_owned(), 7)));
}

#[test]
fn a_client_that_dies_closes_its_sessions() {
    let disk = open_disk();
    let files = client(&disk, 1);
    let kept = files.open("kept").unwrap();
    let (life, thread) = process(&disk, 2, |files: FilesClient| {
        let open: Vec<FileClient> = (0..3).map(|_| files.open("lost").unwrap()).collect();
        std::mem::forget(open);
        // Waits to be killed.
        let _killed = Notification::create().unwrap().wait(FOREVER);
    });
    while files.open_files() != Ok(4) {
        sys::sleep_for(1_000_000);
    }
    life.kill(0).unwrap();
    assert!(thread.join().is_err());
    while files.open_files() != Ok(1) {
        sys::sleep_for(1_000_000);
    }
    assert_eq!(kept.name(), Ok(("kept".to_owned(), 1)));
}

#[test]
fn a_session_is_good_for_its_interface_and_its_life_only() {
    let disk = open_disk();
    let files = client(&disk, 7);
    let file = files.open("one").unwrap();
    // The session's endpoint with the other interface's calls, and the other way round.
    let name = service::label(0, FileClient::INTERFACE.hash);
    let open_files = service::label(6, FilesClient::INTERFACE.hash);
    let wrong = service::call_encoded(file.endpoint(), open_files, &[]);
    assert_eq!(wrong, Err(CallError::VersionMismatch));
    let outside = service::call_encoded(files.endpoint(), name, &[]);
    assert_eq!(outside, Err(CallError::VersionMismatch));
    // It describes itself, and cannot be passed on.
    assert_eq!(service::describe(file.endpoint()).unwrap().name, "file");
    assert_eq!(file.endpoint().copy(Rights::SEND), Err(sys::Error::NoRight));
    // A key that the server did not give out.
    let invented = disk.badged(Rights::SEND, 1 << 63 | 5).unwrap();
    assert_eq!(service::call_encoded(&invented, name, &[]), Err(CallError::Refused));
    // Its end is its end, even for a client that keeps the endpoint.
    let mut received = open_by_hand(&disk);
    let kept: Endpoint = received.take::<_, Never>().unwrap();
    assert!(service::call_encoded(&kept, name, &[]).is_ok());
    drop(received);
    assert_eq!(service::call_encoded(&kept, name, &[]), Err(CallError::Refused));
}

/// The handles of a session, apart.
fn open_by_hand(disk: &Endpoint) -> ReceivedHandles {
    let client = service::Client::new(disk.copy(Rights::SEND).unwrap(), 4096);
    let open = service::label(0, FilesClient::INTERFACE.hash);
    let attempt = Attempt { label: open, idempotent: false };
    let opened = Request::new(&client, attempt).call::<_, (), Never>(&("x",));
    opened.unwrap().1
}

#[test]
fn a_client_opens_so_many_and_no_more() {
    let disk = open_disk();
    let (files, other) = (client(&disk, 7), client(&disk, 8));
    let mut open: Vec<FileClient> =
        (0..Sessions::PER_CLIENT).map(|_| files.open("x").unwrap()).collect();
    assert_eq!(files.open("x").unwrap_err(), CallError::Refused);
    assert_eq!(open[0].again().unwrap_err(), CallError::Refused, "sessions of sessions count");
    assert!(other.open("y").is_ok(), "others are not hurt");
    open.pop();
    assert!(files.open("x").is_ok());
}

#[test]
fn a_server_without_sessions_refuses_to_open_one() {
    let endpoint = Endpoint::create().unwrap();
    let files = FilesClient::from_endpoint(endpoint.copy(Rights::SEND).unwrap());
    std::thread::spawn(move || {
        let bell = Notification::create().unwrap();
        let subscribers = Subscribers::on(&bell, 2).unwrap();
        let mut server = Server::<Disk>::new(endpoint);
        let mut disk = Disk { files: BTreeMap::new(), subscribers };
        while server.next(&mut disk).is_ok() {}
    });
    assert_eq!(files.open("x").unwrap_err(), CallError::Refused);
}

#[test]
fn a_copied_handle_stays_and_has_fewer_rights() {
    let files = client(&open_disk(), 7);
    let memory = Memory::create(1).unwrap();
    memory.map_own(Protection::ReadWrite).unwrap().write_at(0, &[42]).unwrap();
    let rights = Rights::READ | Rights::TRANSFER;
    assert_eq!(files.look(&memory), Ok((rights.bits(), 42)));
    assert_eq!(files.look(&memory), Ok((rights.bits(), 42)), "it is still here");
    let stays = memory.copy(Rights::READ).unwrap();
    assert_eq!(files.look(&stays), Err(CallError::Kernel(sys::Error::NoRight)));
    assert!(host::is_open(&stays));
}

#[test]
fn a_queue_travels_in_a_call_and_in_an_answer() {
    let files = client(&open_disk(), 7);
    let (mut producer, offer) = queue_producer();
    producer.try_push(&40).unwrap();
    producer.try_push(&2).unwrap();
    assert_eq!(files.feed(offer), Ok(42));
    let (offer, three) = files.feed_me().unwrap();
    assert_eq!((offer.consumer::<u64>().unwrap().pop(FOREVER), three), (Ok(77), 3));
    assert_eq!(<queue::Offer as Handles>::COUNT, 4);
}

#[test]
fn subscribers_are_told_until_they_leave_or_die() {
    let disk = open_disk();
    let files = client(&disk, 7);
    let bell = Notification::create().unwrap();
    let subscription = files.subscribe(&bell, 0b1000).unwrap();
    let (life, thread) = process(&disk, 2, |files: FilesClient| {
        let bell = Notification::create().unwrap();
        let _subscription = files.subscribe(&bell, 1).unwrap();
        bell.wait(FOREVER).unwrap();
        let _killed = bell.wait(FOREVER);
    });
    while files.ring() != Ok(2) {
        sys::sleep_for(1_000_000);
    }
    assert_eq!(bell.wait(FOREVER), Ok(0b1000));
    life.kill(0).unwrap();
    assert!(thread.join().is_err());
    while files.ring() != Ok(1) {
        sys::sleep_for(1_000_000);
    }
    drop(subscription);
    while files.ring() != Ok(0) {
        sys::sleep_for(1_000_000);
    }
}
