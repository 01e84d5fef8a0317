//! A client that sends anything: the server answers each call, never panics, keeps nothing that
//! came, and gives out nothing that was not asked for by the rules.
//!
//! The seed is printed; `HOSTILE_SEED=… HOSTILE_CALLS=… cargo test -p service --test hostile`
//! repeats or prolongs a run.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use service::{Caller, Lent, LentMut, Never, Refusal, Reply, Server, Session, Sessions};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, Sender, channel};
use sys::{
    Endpoint, Lifeline, Memory, Message, Notification, Object, OwnedHandle, Protection, Rights,
    Transfers,
};

#[service::data]
#[derive(Clone, Debug)]
enum Tree {
    Leaf,
    Number { value: i128, more: Option<char> },
    List(Vec<(String, [u16; 5], bool)>),
}

/// Every kind of argument and of answer.
#[service::interface(version = 1, max_message = 512, max_lend = 16384)]
trait Target {
    fn value(&mut self, tree: Tree, text: String, float: f64) -> Result<Tree, String>;
    fn moved(&mut self, #[handle] memory: Memory, number: u8) -> Result<u64, Never>;
    #[idempotent]
    fn copied(&mut self, #[handle(copy, READ)] memory: Memory) -> Result<(), Never>;
    fn offer(&mut self, #[handle] offer: queue::Offer) -> Result<bool, Never>;
    #[returns_handle]
    fn given(&mut self, wanted: bool) -> Result<(Notification, u8), u8>;
    fn read(&mut self, #[lend] bytes: &[u8]) -> Result<u64, Never>;
    fn both(&mut self, #[lend] a: &[u8], #[lend] b: &mut [u8]) -> Result<(), u8>;
    #[deferred]
    fn later(&mut self, drop: bool) -> Result<u32, Never>;
    #[opens(Part)]
    fn open(&mut self, number: u16) -> Result<u16, u8>;
}

/// A session's.
#[service::interface(version = 1, session)]
trait Part {
    fn number(&mut self) -> Result<u16, Never>;
}

struct Anvil {
    open: BTreeMap<Session, u16>,
    kept: Vec<Reply<Result<u32, Never>>>,
    /// What its methods gave out, for the check that nothing else goes out.
    gave: u32,
}

impl Target for Anvil {
    fn value(&mut self, _: &Caller, tree: Tree, text: String, _: f64) -> Result<Tree, String> {
        if text.len() % 2 == 0 { Ok(tree) } else { Err(text) }
    }
    fn moved(&mut self, _: &Caller, memory: Memory, _: u8) -> Result<u64, Never> {
        Ok(memory.info().map_or(0, |info| info.pages))
    }
    fn copied(&mut self, _: &Caller, memory: Memory) -> Result<(), Never> {
        drop(memory.map_own(Protection::Read));
        Ok(())
    }
    fn offer(&mut self, _: &Caller, offer: queue::Offer) -> Result<bool, Never> {
        Ok(offer.consumer::<Tree>().is_ok_and(|mut queue| queue.try_pop().is_ok()))
    }
    fn given(&mut self, _: &Caller, wanted: bool) -> Result<(Notification, u8), u8> {
        if !wanted {
            return Err(1);
        }
        self.gave += 1;
        Ok((Notification::create().unwrap(), 2))
    }
    fn read(&mut self, _: &Caller, bytes: Lent<'_>) -> Result<u64, Never> {
        Ok(bytes.to_vec().len() as u64)
    }
    fn both(&mut self, _: &Caller, a: Lent<'_>, mut b: LentMut<'_>) -> Result<(), u8> {
        b.write(0, &a.to_vec()).map_err(|_| 1)
    }
    fn later(&mut self, _: &Caller, drop: bool, reply: Reply<Result<u32, Never>>) {
        if drop {
            return;
        }
        self.kept.push(reply);
        self.kept.drain(..).for_each(|reply| reply.send(Ok(5)));
    }
    fn open(&mut self, _: &Caller, session: Session, number: u16) -> Result<u16, u8> {
        if number % 2 == 1 {
            return Err(1);
        }
        self.gave += 2;
        self.open.insert(session, number);
        Ok(number)
    }
}

impl Part for Anvil {
    fn number(&mut self, caller: &Caller) -> Result<u16, Never> {
        Ok(self.open[&caller.session().unwrap()])
    }
    fn closed(&mut self, session: Session) {
        assert!(self.open.remove(&session).is_some());
    }
}

service::together!(Anvil: Target, Part);

/// Serves until it is told to stop by a notification; then what is left.
fn serve(endpoint: Endpoint, bell: Notification, left: Sender<(usize, u32)>) {
    bell.bind().unwrap();
    let mut server = Server::<Anvil>::new(endpoint).with_sessions(Sessions::on(&bell, 2).unwrap());
    let mut anvil = Anvil { open: BTreeMap::new(), kept: Vec::new(), gave: 0 };
    while !matches!(server.next(&mut anvil).unwrap(), service::Event::Notified(4)) {}
    left.send((anvil.open.len(), anvil.gave)).unwrap();
}

/// Numbers that repeat with their seed (SplitMix64).
struct Random(u64);

impl Random {
    fn any(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.any() % end
    }

    fn byte(&mut self) -> u8 {
        self.any().to_le_bytes()[0]
    }

    /// Mostly small numbers, which begin most encodings.
    fn bytes(&mut self) -> Vec<u8> {
        let most = [4, 12, 56, 60, 513][self.below(5) as usize];
        let (len, small) = (self.below(most), self.below(2) == 0);
        (0..len).map(|_| if small { self.byte() % 6 } else { self.byte() }).collect()
    }
}

fn label(random: &mut Random) -> u32 {
    let hash = TargetClient::INTERFACE.hash;
    let method = |random: &mut Random| u16::try_from(random.below(11)).unwrap();
    match random.below(16) {
        0 => u32::try_from(random.any() >> 32).unwrap() % 0xffff_0000,
        1 => service::label(0, PartClient::INTERFACE.hash),
        2 => service::label(method(random), random.any()),
        3 => 0xfff0 + u32::from(method(random)),
        _ => service::label(method(random), hash),
    }
}

/// The bytes of an argument that is lent, as a loan of `len`.
fn loan_form(random: &mut Random) -> Vec<u8> {
    let len = [1, 4096, 4097, 8192, 20_000, u64::MAX][random.below(6) as usize];
    let form = service::Lending::<&[u8]>::Loan(len);
    let mut bytes = postcard::to_allocvec(&form).unwrap();
    if random.below(2) == 0 {
        bytes.extend(bytes.clone());
    }
    bytes
}

/// Handles of several kinds, with few or all rights, moved or copied.
fn transfers(random: &mut Random, kept: &[Memory; 2], bell: &Notification) -> Transfers {
    let mut transfers = Transfers::none();
    for _ in 0..random.below(5) {
        let rights = if random.below(3) == 0 { Rights::TRANSFER } else { Rights::ALL };
        match random.below(5) {
            0 => transfers.push(Notification::create().unwrap()),
            1 => transfers.push_narrowed(Memory::create(1 + random.below(3)).unwrap(), rights),
            2 => transfers.push_copy(&kept[random.below(2) as usize], rights),
            3 => transfers.push_all(queue::create(4, 32).unwrap().1),
            _ => transfers.push_copy(bell, rights),
        }
        .unwrap_or(());
    }
    transfers
}

/// One call of anything; how it was answered, and what came with the answer.
fn call(
    random: &mut Random,
    lines: &[Endpoint],
    kept: &[Memory; 2],
    bell: &Notification,
) -> Option<(u32, Vec<OwnedHandle>)> {
    let encoded = if random.below(6) == 0 { loan_form(random) } else { random.bytes() };
    let mut words = [0; 7];
    let mut message = if encoded.len() <= 56 && random.below(4) > 0 {
        for (word, chunk) in words.iter_mut().zip(encoded.chunks(8)) {
            let mut bytes = [0; 8];
            bytes[..chunk.len()].copy_from_slice(chunk);
            *word = u64::from_le_bytes(bytes);
        }
        Message::new(label(random), words)
    } else {
        Message::new(label(random), words).with_bytes(&encoded)
    };
    message.transfers = transfers(random, kept, bell);
    let line = &lines[random.below(lines.len() as u64) as usize];
    match line.call_with(&mut message, sys::clock() + 10_000_000_000, &mut [0; 512]) {
        Ok(answer) => Some((answer.label, answer.handles.into_iter().flatten().collect())),
        // Its own fault: a handle that may not travel, an answer that has no room.
        Err(sys::Error::NoRight | sys::Error::TooLong | sys::Error::BadArgument) => None,
        Err(error) => panic!("a call ended with {error}"),
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap())
}

fn start() -> (Endpoint, Notification, Receiver<(usize, u32)>) {
    let endpoint = Endpoint::create().unwrap();
    let bell = Notification::create().unwrap();
    let (line, ring) = (endpoint.copy(Rights::ALL).unwrap(), bell.copy(Rights::ALL).unwrap());
    let (left, told) = channel();
    std::thread::spawn(move || serve(endpoint, bell, left));
    (line, ring, told)
}

#[test]
fn whatever_a_client_sends_the_server_answers_and_keeps_nothing() {
    let seed = setting("HOSTILE_SEED", 0x5eed);
    let calls = setting("HOSTILE_CALLS", 20_000);
    println!("seed {seed}, {calls} calls");
    let mut random = Random(seed);
    let (line, ring, told) = start();
    let invented = line.badged(Rights::SEND, 1 << 63 | 77).unwrap();
    let lines = [line.badged(Rights::SEND, 7).unwrap(), invented];
    let kept = [Memory::create(1).unwrap(), Memory::create(4).unwrap()];
    let bell = Notification::create().unwrap();
    // Now the server has started.
    assert_eq!(service::describe(&lines[0]).unwrap().name, "target");
    let before = sys::host::open_handles();
    let (mut labels, mut received) = (BTreeSet::new(), 0);
    for _ in 0..calls {
        if let Some((label, handles)) = call(&mut random, &lines, &kept, &bell) {
            labels.insert(label);
            received += u32::try_from(handles.len()).unwrap();
            assert!(label == 0 || handles.is_empty(), "a refusal gives nothing");
            assert!(handles.iter().all(harmless), "{handles:?}");
        }
    }
    let refusals = [0, Refusal::VersionMismatch as u32, 2, 3, 4, Refusal::Abandoned as u32, 6];
    assert_eq!(labels, BTreeSet::from(refusals), "every way to be answered, and no other");
    // Honest clients are served as ever, and all that came was closed.
    let client = TargetClient::from_endpoint(line.badged(Rights::SEND, 8).unwrap());
    assert_eq!(client.read(&[1; 4000]).unwrap(), 4000);
    let (session, four) = client.open(4).unwrap();
    assert_eq!((session.number().unwrap(), four), (4, 4));
    drop((session, client));
    // The end of the session is dealt with before the next call.
    assert_eq!(service::describe(&lines[0]).unwrap().name, "target");
    assert_eq!(sys::host::open_handles(), before, "nothing leaks on either side");
    ring.signal(4).unwrap();
    let (open, gave) = told.recv().unwrap();
    assert_eq!((open, received + 2), (0, gave), "what went out is what methods gave");
}

/// Whether a handle of an answer is one that a method of the interface gives.
fn harmless(handle: &OwnedHandle) -> bool {
    let (kind, rights) = handle.info().unwrap();
    match kind {
        Notification::KIND => true,
        Endpoint::KIND => rights == Rights::SEND,
        Lifeline::KIND => rights == Rights::SIGNAL,
        _ => false,
    }
}

/// A server that answers anything, `times` times.
fn answer_anything(endpoint: &Endpoint, random: &mut Random, calls: u64) {
    let kept = [Memory::create(1).unwrap(), Memory::create(4).unwrap()];
    let bell = Notification::create().unwrap();
    for _ in 0..calls {
        let received = endpoint.receive(sys::FOREVER, &mut [0; 512]).unwrap();
        let sys::Received::Message(incoming) = received else { panic!("no call") };
        let bytes = random.bytes();
        let mut words = [0; 7];
        words[0] = random.any() % 0x1_0000;
        let label = if random.below(4) == 0 { label(random) % 9 } else { 0 };
        let mut message = Message::new(label, words);
        if random.below(2) == 0 {
            message = message.with_bytes(&bytes);
        }
        message.transfers = transfers(random, &kept, &bell);
        // What may not be sent is abandoned when the right is dropped.
        let _ = incoming.reply.unwrap().reply(&mut message);
    }
}

#[test]
fn whatever_a_server_answers_the_client_goes_on() {
    let seed = setting("HOSTILE_SEED", 0x5eed);
    let calls = setting("HOSTILE_CALLS", 8_000).next_multiple_of(8);
    println!("seed {seed}, {calls} calls");
    sys::host::in_system(|| {
        let before = sys::host::open_handles();
        let endpoint = Endpoint::create().unwrap();
        let client = TargetClient::from_endpoint(endpoint.copy(Rights::SEND).unwrap());
        let mut random = Random(seed);
        let work = move || answer_anything(&endpoint, &mut random, calls);
        let server = sys::spawn_thread(8, sys::Priority(1), work).unwrap();
        let memory = Memory::create(1).unwrap();
        let mut good = 0;
        for _ in 0..calls / 8 {
            let mut room = [7; 2000];
            let offer = queue::create(4, 32).unwrap().1;
            good += u64::from(client.value(Tree::Leaf, "x", 0.5).is_ok());
            good += u64::from(client.moved(memory.copy(Rights::ALL).unwrap(), 1).is_ok());
            good += u64::from(client.copied(&memory).is_ok());
            good += u64::from(client.offer(offer).is_ok());
            good += u64::from(client.given(true).is_ok());
            good += u64::from(client.read(&[1; 4000]).is_ok());
            good += u64::from(client.both(&[1; 3], &mut room).is_ok());
            good += u64::from(client.open(3).is_ok());
        }
        assert!(good > 0 && good < calls, "{good} of {calls} answers could be read");
        drop((client, memory, server));
        let mut patience = 0..1000;
        while sys::host::open_handles() != before {
            assert!(patience.next().is_some(), "both sides closed every handle");
            sys::sleep_for(1_000_000);
        }
    });
}
