//! What travels with a message: words, bytes, handles.
//!
//! Order: a moved handle leaves the sender's table here, and its object is released when sender
//! and receiver have their new states ([`Moved`]). The end of a lifeline or endpoint wakes
//! threads, of which either may be one.

use super::parts::{copy_words, words_alone};
use crate::kernel::Kernel;
use crate::machine::Machine;
use crate::mem::{Checked, Memory, Readable, UserSlice, Writable};
use crate::object::{Entry, IpcBuffer, Objects, ProcessId, ThreadId};
use abi::{Envelope, Error, Handle, HandleTransfer, MESSAGE_HANDLES, Rights};
use core::mem::offset_of;

/// Whose fault it is that a message cannot travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blame {
    /// The sender is told; the receiver goes on waiting.
    Sender(Error),
    /// The receiver is told; the sender goes on waiting.
    Receiver(Error),
}

/// Where the kernel writes what was received: `received_len` and `taken`.
pub(crate) const RECEIPT: u64 = offset_of!(Envelope, received_len) as u64;
pub(crate) const RECEIPT_LEN: usize = Envelope::SIZE - offset_of!(Envelope, received_len);

/// Handles that a message took out of its sender's table; see [`Kernel::release_moved`].
#[must_use = "the objects are still counted"]
#[derive(Debug)]
pub(crate) struct Moved([Option<Entry>; MESSAGE_HANDLES]);

/// Bytes from the sender to the receiver.
type Copy = (Checked<Readable>, Checked<Writable>);

/// A message whose every part was checked.
struct Plan {
    bytes: Option<Copy>,
    transfers: [Option<(HandleTransfer, Entry)>; MESSAGE_HANDLES],
    receipt: Option<Checked<Writable>>,
}

impl<M: Machine> Kernel<M> {
    /// Releases what a message moved. Sender and receiver have their new states: what its end
    /// signals may wake them.
    pub(crate) fn release_moved(&mut self, moved: Option<Moved>) {
        let Some(Moved(entries)) = moved else { return };
        for entry in entries.into_iter().flatten() {
            self.release(entry.object, entry.rights);
        }
    }
}

impl<M: Machine> Memory<'_, M> {
    /// Moves words, bytes and handles. All checks come first; then nothing fails and no thread
    /// is woken.
    pub(crate) fn transfer(
        &mut self,
        from: ThreadId,
        to: ThreadId,
    ) -> Result<Option<Moved>, Blame> {
        let (sender, receiver) = self.objects.threads.pair_mut(from, to);
        if words_alone(sender, receiver) {
            copy_words(sender, receiver);
            receiver.ipc.buffer = IpcBuffer::Nothing;
            return Ok(None);
        }
        let (source, target) = (sender.process, receiver.process);
        if let IpcBuffer::Unread(address) = receiver.ipc.buffer {
            self.read_envelope(to, address).map_err(Blame::Receiver)?;
        }
        let plan = self.plan((from, source), (to, target))?;
        if let Some((read, write)) = plan.bytes {
            // NOFAIL: both sides were checked by `plan`.
            self.copy_user((source, read), (target, write)).map_err(Blame::Sender)?;
        }
        let (sender, receiver) = self.objects.threads.pair_mut(from, to);
        copy_words(sender, receiver);
        receiver.ipc.buffer = IpcBuffer::Nothing;
        let (taken, moved) = self.move_handles(source, target, &plan);
        self.write_receipt(target, &plan, taken);
        Ok(moved)
    }

    /// Checks a message from a thread of one process to a thread of another one.
    fn plan(
        &mut self,
        (from, source): (ThreadId, ProcessId),
        (to, target): (ThreadId, ProcessId),
    ) -> Result<Plan, Blame> {
        let sent = self.objects.threads[from].ipc.buffer.envelope();
        let receipt = self.plan_receipt(to).map_err(Blame::Receiver)?;
        let bytes = self.plan_bytes(source, (to, target), &sent)?;
        let transfers = self.objects.plan_handles(source, &sent).map_err(Blame::Sender)?;
        let count = transfers.iter().flatten().count();
        if count > 0 {
            if receipt.is_none() {
                return Err(Blame::Sender(Error::HandlesFull));
            }
            self.reserve_handles(target, count).map_err(|_| Blame::Sender(Error::HandlesFull))?;
        }
        Ok(Plan { bytes, transfers, receipt })
    }

    fn plan_receipt(&self, to: ThreadId) -> Result<Option<Checked<Writable>>, Error> {
        let thread = &self.objects.threads[to];
        match thread.ipc.buffer {
            IpcBuffer::Read(address, _) if address != 0 => {
                let slice = UserSlice::new(address + RECEIPT, RECEIPT_LEN as u64)?;
                self.check_user(thread.process, slice).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn plan_bytes(
        &self,
        source: ProcessId,
        (to, target): (ThreadId, ProcessId),
        sent: &Envelope,
    ) -> Result<Option<Copy>, Blame> {
        if sent.send_len == 0 {
            return Ok(None);
        }
        let read = UserSlice::new(sent.send_address, sent.send_len).map_err(Blame::Sender)?;
        let read = self.check_user(source, read).map_err(Blame::Sender)?;
        let room = self.objects.threads[to].ipc.buffer.envelope();
        if room.receive_capacity < sent.send_len {
            return Err(Blame::Sender(Error::TooLong));
        }
        let write = UserSlice::new(room.receive_address, sent.send_len).map_err(Blame::Receiver)?;
        let write = self.check_user(target, write).map_err(Blame::Receiver)?;
        Ok(Some((read, write)))
    }

    fn move_handles(
        &mut self,
        source: ProcessId,
        target: ProcessId,
        plan: &Plan,
    ) -> ([u32; MESSAGE_HANDLES], Option<Moved>) {
        let (mut taken, mut moved) = ([0; MESSAGE_HANDLES], None);
        for (index, planned) in plan.transfers.iter().enumerate() {
            let Some((transfer, entry)) = planned else { continue };
            let rights =
                self.objects.copied_rights(entry, Rights::from_bits_retain(transfer.rights));
            // NOFAIL: places were reserved by `plan`; a failure would only lose this one handle.
            if let Ok(handle) = self.grant(target, entry.object, rights, entry.badge) {
                taken[index] = handle.0;
                if transfer.moved == 1 {
                    // NOFAIL: it was looked up by `plan` and is not named twice.
                    let entry = self.objects.take_handle(source, Handle(transfer.handle)).ok();
                    moved.get_or_insert(Moved([None; MESSAGE_HANDLES])).0[index] = entry;
                }
            }
        }
        (taken, moved)
    }

    fn write_receipt(&mut self, target: ProcessId, plan: &Plan, taken: [u32; MESSAGE_HANDLES]) {
        let Some(slice) = plan.receipt else { return };
        let mut bytes = [0; RECEIPT_LEN];
        let len = plan.bytes.map_or(0, |(read, _)| read.len() as u64);
        bytes[..8].copy_from_slice(&len.to_le_bytes());
        for (place, handle) in bytes[8..].chunks_exact_mut(4).zip(taken) {
            place.copy_from_slice(&handle.to_le_bytes());
        }
        // NOFAIL: checked by `plan_receipt`.
        let _written = self.write_checked(target, slice, &bytes);
    }
}

impl<M: Machine> Objects<M> {
    fn plan_handles(
        &self,
        source: ProcessId,
        sent: &Envelope,
    ) -> Result<[Option<(HandleTransfer, Entry)>; MESSAGE_HANDLES], Error> {
        let mut transfers = [None; MESSAGE_HANDLES];
        if sent.transfers.iter().all(|transfer| transfer.handle == 0) {
            return Ok(transfers);
        }
        for (index, transfer) in sent.transfers.iter().enumerate() {
            if transfer.handle == 0 {
                continue;
            }
            let doubled = sent.transfers[..index].iter().any(|other| {
                other.handle == transfer.handle && (other.moved != 0 || transfer.moved != 0)
            });
            if doubled || transfer.moved > 1 {
                return Err(Error::BadArgument);
            }
            let entry = self.lookup(source, Handle(transfer.handle))?;
            let stays = transfer.moved == 1 && self.is_lender(&entry);
            if !entry.rights.contains(Rights::TRANSFER) || stays {
                return Err(Error::NoRight);
            }
            transfers[index] = Some((*transfer, entry));
        }
        Ok(transfers)
    }
}
