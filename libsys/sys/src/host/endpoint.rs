//! Messages.

use super::kernel::{Entry, KERNEL, Kernel, table};
use crate::raw::{Outcome, Registers};
use crate::{Error, Rights, Words};
use abi::{Envelope, Handle, NOTIFIED_LABEL, ObjectKind};
use std::cell::Cell;
use std::collections::VecDeque;

thread_local! {
    /// The notification that is bound to this thread.
    static BOUND: Cell<Option<u64>> = const { Cell::new(None) };
}

#[derive(Default)]
pub(super) struct Endpoint {
    /// Handles with the right to receive.
    pub(super) receivers: usize,
    queue: VecDeque<Pending>,
}

struct Pending {
    badge: u64,
    /// Its number among those who wait.
    number: u64,
    /// Whether an answer is wanted.
    call: bool,
    letter: Letter,
}

/// What travels.
struct Letter {
    label: u32,
    words: Words,
    bytes: Vec<u8>,
    gifts: Vec<Option<Entry>>,
}

/// What a caller waits for.
pub(super) struct Wanted {
    endpoint: u64,
    taken: bool,
    room: usize,
    done: Option<Result<Letter, Error>>,
}

impl Kernel {
    pub(super) fn bind(&mut self, handle: u64) -> Result<(), Error> {
        let bound = match handle {
            0 => None,
            _ => Some(self.entry_of(handle, ObjectKind::Notification, Rights::WAIT)?.id),
        };
        BOUND.set(bound);
        Ok(())
    }

    /// The last receiver's going is the endpoint's death.
    pub(super) fn receiver_closed(&mut self, id: u64) {
        let endpoint = table(&mut self.endpoints).entry(id).or_default();
        endpoint.receivers -= 1;
        if endpoint.receivers == 0 {
            self.fail_calls_of(id, true);
        }
    }

    pub(super) fn fail_calls(&mut self, handle: Handle, queued: bool) {
        if let Ok(id) = self.entry(handle.0.into()).map(|entry| entry.id) {
            self.fail_calls_of(id, queued);
        }
    }

    fn fail_calls_of(&mut self, id: u64, queued: bool) {
        for call in table(&mut self.calls).values_mut() {
            if call.endpoint == id && call.done.is_none() && (queued || call.taken) {
                call.done = Some(Err(Error::PeerDied));
            }
        }
        if queued {
            table(&mut self.endpoints).entry(id).or_default().queue.clear();
        }
        KERNEL.wake();
    }

    /// Collects what the sender's envelope names.
    fn letter(&mut self, label: u32, words: Words, envelope: &Envelope) -> Result<Letter, Error> {
        let mut gifts = Vec::new();
        for gift in envelope.gifts {
            gifts.push(match gift.handle {
                0 => None,
                handle => {
                    let mut entry = self.entry(handle.into())?.clone();
                    if !entry.rights.contains(Rights::TRANSFER) {
                        return Err(Error::NoRight);
                    }
                    entry.rights = entry.rights.intersection(Rights(gift.rights));
                    Some(entry)
                }
            });
        }
        Ok(Letter { label, words, bytes: sent_bytes(envelope), gifts })
    }

    /// Puts a letter into the receiver's envelope.
    fn hand_over(&mut self, letter: Letter, envelope: &mut Envelope) -> Result<Words, Error> {
        for (place, gift) in envelope.taken.iter_mut().zip(letter.gifts) {
            *place = match gift {
                None => 0,
                Some(entry) => {
                    u32::try_from(self.insert(entry)?).map_err(|_| Error::HandlesFull)?
                }
            };
        }
        envelope.received_len = letter.bytes.len() as u64;
        write_bytes(envelope, &letter.bytes);
        Ok(letter.words)
    }

    /// Takes the next message that fits into the envelope.
    fn take(&mut self, id: u64, envelope: &mut Envelope) -> Option<Result<Outcome, Error>> {
        if let Some(bits) = BOUND.get().and_then(|bound| self.take_bits(bound)) {
            let value1 = NOTIFIED_LABEL.into();
            return Some(Ok(Outcome { value0: bits, value1, ..Outcome::default() }));
        }
        loop {
            let pending = table(&mut self.endpoints).get_mut(&id)?.queue.pop_front()?;
            let Some(wanted) = table(&mut self.calls).get_mut(&pending.number) else { continue };
            if pending.letter.bytes.len() as u64 > envelope.receive_capacity {
                wanted.done = Some(Err(Error::TooLong));
                KERNEL.wake();
                continue;
            }
            wanted.taken = true;
            let value1 = pending.letter.label.into();
            let filled = self.hand_over(pending.letter, envelope);
            return Some(filled.map(|words| Outcome {
                value0: pending.badge,
                value1,
                words,
                token: if pending.call { pending.number } else { 0 },
                status: 0,
            }));
        }
    }
}

pub(super) fn send(
    call: bool,
    registers: &Registers,
    envelope: &mut Envelope,
) -> Result<Outcome, Error> {
    let number = offer(call, registers, envelope)?;
    let done = KERNEL.wait(envelope.deadline_ns, |kernel| {
        let wanted = table(&mut kernel.calls).get_mut(&number)?;
        match wanted.done.take() {
            None if !call && wanted.taken => Some(Ok(None)),
            None => None,
            Some(done) => Some(done.map(Some)),
        }
    });
    let mut kernel = KERNEL.lock();
    table(&mut kernel.calls).remove(&number);
    match done?? {
        None => Ok(Outcome::default()),
        Some(letter) => {
            let label = letter.label;
            let words = kernel.hand_over(letter, envelope)?;
            Ok(Outcome { value1: label.into(), words, ..Outcome::default() })
        }
    }
}

/// Queues a message: the number of its call.
fn offer(call: bool, registers: &Registers, envelope: &Envelope) -> Result<u64, Error> {
    let mut kernel = KERNEL.lock();
    let entry = kernel.entry_of(registers.target, ObjectKind::Endpoint, Rights::SEND)?;
    let (id, badge) = (entry.id, entry.badge);
    if table(&mut kernel.endpoints).entry(id).or_default().receivers == 0 {
        return Err(Error::PeerDied);
    }
    let letter = kernel.letter(label_in(registers.label), registers.words, envelope)?;
    close_moved(&mut kernel, envelope);
    let number = kernel.fresh();
    let room = usize::try_from(envelope.receive_capacity).unwrap_or(0);
    table(&mut kernel.calls)
        .insert(number, Wanted { endpoint: id, taken: false, room, done: None });
    let pending = Pending { badge, number, call, letter };
    let queue = &mut table(&mut kernel.endpoints).entry(id).or_default().queue;
    queue.push_back(pending);
    KERNEL.wake();
    Ok(number)
}

pub(super) fn receive(target: u64, envelope: &mut Envelope) -> Result<Outcome, Error> {
    let id = KERNEL.lock().entry_of(target, ObjectKind::Endpoint, Rights::RECEIVE)?.id;
    let deadline_ns = envelope.deadline_ns;
    let taken = KERNEL.wait(deadline_ns, |kernel| kernel.take(id, envelope))?;
    KERNEL.wake();
    taken
}

pub(super) fn reply(registers: &Registers, envelope: &Envelope) -> Result<(), Error> {
    let mut kernel = KERNEL.lock();
    let open = |wanted: &&mut Wanted| wanted.taken && wanted.done.is_none();
    if table(&mut kernel.calls).get_mut(&registers.target).filter(open).is_none() {
        return Err(Error::BadReply);
    }
    let letter = kernel.letter(label_in(registers.label), registers.words, envelope)?;
    let fits = |wanted: &Wanted| letter.bytes.len() <= wanted.room;
    let done = match table(&mut kernel.calls).get(&registers.target) {
        Some(wanted) if fits(wanted) => {
            close_moved(&mut kernel, envelope);
            Ok(letter)
        }
        // The caller's error; the gifts stay with the server.
        _ => Err(Error::TooLong),
    };
    if let Some(wanted) = table(&mut kernel.calls).get_mut(&registers.target) {
        wanted.done = Some(done);
    }
    KERNEL.wake();
    Ok(())
}

pub(super) fn reply_receive(
    registers: &Registers,
    envelope: &mut Envelope,
) -> Result<Outcome, Error> {
    match reply(registers, envelope) {
        Ok(()) | Err(Error::BadReply) => receive(registers.label >> 32, envelope),
        Err(error) => Err(error),
    }
}

fn close_moved(kernel: &mut Kernel, envelope: &Envelope) {
    for gift in envelope.gifts.iter().filter(|gift| gift.moved == 1 && gift.handle != 0) {
        // It was looked up before.
        let _ = kernel.close(gift.handle.into());
    }
}

fn label_in(value: u64) -> u32 {
    u32::try_from(value & u64::from(u32::MAX)).unwrap_or(0)
}

fn sent_bytes(envelope: &Envelope) -> Vec<u8> {
    let start = core::ptr::with_exposed_provenance(pointer_number(envelope.send_address));
    let len = pointer_number(envelope.send_len);
    // SAFETY: `raw::exchange` filled address and length from a slice that lives until the
    // call returns.
    unsafe { core::slice::from_raw_parts::<u8>(start, len) }.to_vec()
}

fn write_bytes(envelope: &Envelope, bytes: &[u8]) {
    let start = core::ptr::with_exposed_provenance_mut(pointer_number(envelope.receive_address));
    let len = bytes.len().min(pointer_number(envelope.receive_capacity));
    // SAFETY: as above; the slice is exclusive, and `len` is at most its length.
    unsafe { core::ptr::copy_nonoverlapping(bytes.as_ptr(), start, len) };
}

fn pointer_number(value: u64) -> usize {
    usize::try_from(value).unwrap_or(0)
}
