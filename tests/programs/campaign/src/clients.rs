//! The clients: each uses one server, one operation after the other, and checks the answers.

use crate::books::{BOOKS, End, FIRST_DISK, REST, RESTING, TURN, TURNS_DONE};
use crate::disk::Disk;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec::Vec;
use core::sync::atomic::Ordering;
use fastrand::Rng;
use proc_api::{ExitStatus, ProcClient};
use store_api::{Checked, Lost, StoreClient};
use sys::{Endpoint, Error, Priority, Rights};
use template_api::TemplateClient;

const STACK_PAGES: u64 = 16;
const PRIORITY: Priority = Priority(20);
/// No operation takes longer without an error.
const PATIENCE_NS: u64 = 3_000_000_000;
/// Between two operations, so that the injector has the CPU too.
const PAUSE_NS: u64 = 200_000;
/// Keys of each client of the store.
const KEYS: u32 = 16;

type Client = fn(&Endpoint, u64) -> Operations;
/// Does one operation; each call is the next one.
type Operations = alloc::boxed::Box<dyn FnMut(&mut Rng) -> Result<End, Gone> + Send>;
/// The connection is of no use any more: connect again.
struct Gone;

/// Who works at which of the targets.
const CLIENTS: [(usize, Client); 7] = [
    (0, store),
    (0, store),
    (1, template),
    (2, names),
    (3, proc),
    (FIRST_DISK, |names, _| disk(names, 0)),
    (FIRST_DISK + 1, |names, _| disk(names, 1)),
];

/// How many there are.
pub(crate) const COUNT: u64 = CLIENTS.len() as u64;

/// Starts them all.
pub(crate) fn start(names: &Endpoint, seed: u64) -> Result<(), Error> {
    for ((target, client), number) in CLIENTS.into_iter().zip(0..) {
        let names = names.copy(Rights::SEND | Rights::TRANSFER)?;
        let rng = Rng::with_seed(seed ^ number << 32);
        let work = move || work(&names, target, client, number, rng);
        drop(sys::spawn_thread(STACK_PAGES, PRIORITY, work)?);
    }
    Ok(())
}

fn work(names: &Endpoint, target: usize, client: Client, number: u64, mut rng: Rng) {
    let mut operations = client(names, number);
    let mut operate = || {
        if let Some(book) = BOOKS.get(target) {
            match operations(&mut rng) {
                Ok(end) => book.note(end),
                Err(Gone) => book.note(End::Error),
            }
        }
        sys::sleep_for(PAUSE_NS);
    };
    loop {
        rest(&mut operate);
        operate();
    }
}

/// Stands still while the campaign takes stock; does one operation for each turn.
fn rest(mut operate: impl FnMut()) {
    if !REST.load(Ordering::Acquire) {
        return;
    }
    let mut turn = TURN.load(Ordering::Acquire);
    RESTING.fetch_add(1, Ordering::AcqRel);
    while REST.load(Ordering::Acquire) {
        let now = TURN.load(Ordering::Acquire);
        if turn == now {
            sys::sleep_for(PAUSE_NS);
            continue;
        }
        turn = now;
        operate();
        TURNS_DONE.fetch_add(1, Ordering::AcqRel);
    }
    RESTING.fetch_sub(1, Ordering::AcqRel);
}

/// Puts and gets records, and keeps books of its own that the checked client knows nothing of.
fn store(names: &Endpoint, number: u64) -> Operations {
    let first = u32::try_from(number).unwrap_or(0) * KEYS;
    let mut checked = connect_store(names);
    let mut truth: BTreeMap<u32, Truth> = BTreeMap::new();
    alloc::boxed::Box::new(move |rng| {
        let Some(checked) = &mut checked else { return Err(Gone) };
        let key = first + rng.u32(0..KEYS);
        let known = truth.entry(key).or_default();
        let ended = if rng.bool() {
            let value = rng.u64(..);
            known.sent.push(value);
            let put = checked.put(key, value);
            if put.is_ok() {
                *known = Truth { kept: Some(value), sent: Vec::new() };
            }
            put.map(|()| End::Right)
        } else {
            checked.get(key).map(|found| known.judge(found))
        };
        Ok(match ended {
            Ok(end) => end,
            Err(Lost::Call(_)) => End::Error,
            Err(Lost::Older) => {
                truth.remove(&key);
                End::Refused
            }
            Err(Lost::State) => {
                truth.clear();
                End::Refused
            }
            Err(Lost::Damaged) => End::Refused,
        })
    })
}

fn connect_store(names: &Endpoint) -> Option<Checked> {
    let client = StoreClient::connect(names).ok()?;
    Some(Checked::new(client.with_timeout(PATIENCE_NS)))
}

/// What a key holds, as far as one can know.
#[derive(Default)]
struct Truth {
    /// The last value that was surely kept.
    kept: Option<u64>,
    /// What was sent since, without a good answer.
    sent: Vec<u64>,
}

impl Truth {
    fn judge(&mut self, found: Option<u64>) -> End {
        let maybe = found.is_some_and(|value| self.sent.contains(&value));
        if !maybe && found != self.kept {
            // Nothing is known of a key after a loss that was told.
            let untold = self.kept.is_some() || found.is_some_and(|_| !self.sent.is_empty());
            self.kept = found;
            return if untold { End::Wrong } else { End::Right };
        }
        End::Right
    }
}

/// Greetings and sums, whose right answers are known.
fn template(names: &Endpoint, _: u64) -> Operations {
    let client = TemplateClient::connect(names).ok().map(|it| it.with_timeout(PATIENCE_NS));
    alloc::boxed::Box::new(move |rng| {
        let Some(client) = &client else { return Err(Gone) };
        let (a, b) = (rng.u64(..), rng.u64(..));
        let right = if rng.bool() {
            client.add(a, b).map(|sum| sum == a.wrapping_add(b))
        } else {
            let name = format!("{a:x}");
            client.greet(&name).map(|text| text == format!("Hello, {name}!"))
        };
        Ok(checked(right))
    })
}

/// Finds a service and shakes hands with it.
fn names(names: &Endpoint, _: u64) -> Operations {
    let names = names.copy(Rights::SEND).ok();
    alloc::boxed::Box::new(move |_| {
        let Some(names) = &names else { return Err(Gone) };
        let found = TemplateClient::connect(names);
        // The handshake checks that the endpoint has the right interface.
        Ok(if found.is_ok() { End::Right } else { End::Error })
    })
}

/// Starts a program and waits for its end.
fn proc(names: &Endpoint, _: u64) -> Operations {
    let client = ProcClient::connect(names).ok().map(|it| it.with_timeout(PATIENCE_NS));
    alloc::boxed::Box::new(move |_| {
        let Some(client) = &client else { return Err(Gone) };
        let ended = client.spawn("nothing", [], false).and_then(|pid| client.wait(pid));
        Ok(checked(ended.map(|status| status == ExitStatus::Exited(0))))
    })
}

/// Writes and reads sectors of a disk.
fn disk(names: &Endpoint, place: usize) -> Operations {
    let disk = Disk::open(names, place);
    if let Err(error) = &disk {
        defmt::error!("disk {=usize}: {=str}", place, format!("{error:?}").as_str());
    }
    let mut disk = disk.ok();
    alloc::boxed::Box::new(move |rng| {
        let Some(disk) = &mut disk else { return Err(Gone) };
        Ok(disk.operate(rng))
    })
}

fn checked<E>(right: Result<bool, E>) -> End {
    match right {
        Ok(true) => End::Right,
        Ok(false) => End::Refused,
        Err(_) => End::Error,
    }
}
