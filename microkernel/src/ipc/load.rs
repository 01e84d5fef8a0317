//! What goes beside the words of a message that takes the direct way: nothing, or bytes.

use super::transfer::RECEIPT;
use crate::kernel::Kernel;
use crate::machine::{Access, Machine, Phys};
use crate::mem::{Checked, Readable, UserSlice, Writable, room_in_page};
use crate::object::{Enclosure, ProcessId, Processes, Thread};
use abi::{Envelope, MESSAGE_MAX};
use core::mem::offset_of;

/// Bytes that were checked, and where the receiver is told how many.
#[derive(Clone, Copy)]
pub(super) struct Parcel {
    from: (ProcessId, Checked<Readable>),
    to: (ProcessId, Checked<Writable>),
    receipt: Phys,
}

/// Where an envelope says what is sent, and where that goes which is received: two words each.
const SENT: u64 = offset_of!(Envelope, send_address) as u64;
const ROOM: u64 = offset_of!(Envelope, receive_address) as u64;

/// What goes beside the words of a message.
pub(super) trait Load<M: Machine> {
    /// It, found and checked.
    type Found;
    /// Finds it: the last thing that can fail.
    fn find(
        &self,
        machine: &M,
        processes: &Processes<M>,
        from: &Thread<M::Frame>,
        to: &Thread<M::Frame>,
    ) -> Option<Self::Found>;
}

/// Nothing.
pub(super) struct Nothing;

impl<M: Machine> Load<M> for Nothing {
    type Found = ();

    #[inline(always)]
    fn find(
        &self,
        _: &M,
        _: &Processes<M>,
        _: &Thread<M::Frame>,
        _: &Thread<M::Frame>,
    ) -> Option<()> {
        Some(())
    }
}

/// The bytes of the sender's envelope at this address, for a receiver that did not say yet where
/// it wants them.
pub(super) struct Bytes(pub(super) u64);

impl<M: Machine> Load<M> for Bytes {
    type Found = Parcel;

    fn find(
        &self,
        machine: &M,
        processes: &Processes<M>,
        from: &Thread<M::Frame>,
        to: &Thread<M::Frame>,
    ) -> Option<Parcel> {
        let Enclosure::Unread(room) = to.enclosure else { return None };
        let sender = processes[from.process].table.as_ref()?;
        let receiver = processes[to.process].table.as_ref()?;
        let ([source, len], _) = words_at(machine, sender, (self.0, SENT), Access::Read)?;
        let ([target, fits], place) = words_at(machine, receiver, (room, ROOM), Access::Write)?;
        if len > fits.min(MESSAGE_MAX as u64) {
            return None;
        }
        Some(Parcel {
            from: (from.process, UserSlice::new(source, len).ok()?.check(machine, sender)?),
            to: (to.process, UserSlice::new(target, len).ok()?.check(machine, receiver)?),
            receipt: Phys(place.0 + RECEIPT),
        })
    }
}

/// Two words of an envelope that lies in one page, and where it lies.
#[inline(always)]
fn words_at<M: Machine>(
    machine: &M,
    table: &M::PageTable,
    (envelope, offset): (u64, u64),
    access: Access,
) -> Option<([u64; 2], Phys)> {
    if room_in_page(envelope) < Envelope::SIZE {
        return None;
    }
    let place = machine.translate(table, envelope, access)?;
    let mut bytes = [0; 16];
    machine.read(Phys(place.0 + offset), &mut bytes);
    let [first, second] = bytes.as_chunks().0 else { return None };
    Some(([*first, *second].map(u64::from_le_bytes), place))
}

impl<M: Machine> Kernel<M> {
    /// The words went; now the bytes.
    #[inline(always)]
    pub(super) fn hand_over_bytes(&mut self, Parcel { from, to, receipt }: &Parcel) {
        // NOFAIL: both sides were checked by `Parcel::new`, and nothing was unmapped since.
        let _copied = self.copy_user(*from, *to);
        self.machine.write(*receipt, &(from.1.len() as u64).to_le_bytes());
    }
}
