//! Upcalls: how the gate diverts a thread to its handler, and how it comes back.

use crate::kernel::Kernel;
use crate::machine::{Frame, Machine};
use crate::mem::{UserSlice, Writable};
use crate::object::{Fault, NotificationId, ThreadId, Upcall};
use abi::{Error, FaultKind, SavedFrame};
use zerocopy::IntoBytes;

const FRAME_LEN: u64 = size_of::<SavedFrame>() as u64;
/// Bytes between the handler's stack pointer and its frame, as after a call.
const BELOW_FRAME: u64 = 8;
/// Fault code of a write.
const WRITE: u64 = 1;

impl<M: Machine> Kernel<M> {
    /// Registers, replaces or takes away a thread's handler.
    pub(crate) fn set_upcall(&mut self, id: ThreadId, upcall: Option<Upcall>) {
        if let Some(new) = upcall {
            self.objects.notifications[new.notification].refs += 1;
        }
        if let Some(old) = self.objects.threads[id].upcall.take() {
            self.objects.notifications[old.notification].upcall = None;
            self.release_notification(old.notification);
        }
        if let Some(new) = upcall {
            self.objects.notifications[new.notification].upcall = Some(id);
            self.objects.threads[id].upcall = Some(new);
            self.recheck_upcall(id);
        }
    }

    /// Binds a notification to a thread's `Recv`, or unbinds.
    pub(crate) fn bind(&mut self, id: ThreadId, notification: Option<NotificationId>) {
        if let Some(new) = notification {
            self.objects.notifications[new].refs += 1;
        }
        if let Some(old) = self.objects.threads[id].ipc.bound.take() {
            self.objects.notifications[old].bound = None;
            self.release_notification(old);
        }
        if let Some(new) = notification {
            self.objects.notifications[new].bound = Some(id);
            self.objects.threads[id].ipc.bound = Some(new);
        }
    }

    /// Diverts the current thread: its registers go onto its stack, it enters its handler.
    /// A stack that cannot be written is the thread's fault; the bits stay pending.
    pub(crate) fn deliver_upcall(&mut self, id: ThreadId) {
        let bits = self.objects.upcall_bits(id);
        let Some(upcall) = self.objects.threads[id].upcall.filter(|_| bits != 0) else { return };
        let frame = &self.objects.threads[id].frame;
        let mut saved = frame.save();
        saved.mask = upcall.mask;
        saved.bits = bits;
        // Wrapping: below 0 are addresses of the kernel, which the slice refuses.
        let address = upcall.stack_for(bits, frame.stack_pointer()).wrapping_sub(FRAME_LEN) & !15;
        let process = self.objects.threads[id].process;
        // Checked: a frame at 0 leaves no address for the stack pointer, so the stack ends there.
        let stack = address.checked_sub(BELOW_FRAME).ok_or(Error::BadAddress).and_then(|stack| {
            let slice = UserSlice::<Writable>::new(address, FRAME_LEN)?;
            self.memory().write_user(process, slice, saved.as_bytes()).map(|()| stack)
        });
        let Ok(stack) = stack else {
            self.sched().raise(id, &Fault { kind: FaultKind::Page, code: WRITE, address }, None);
            return;
        };
        // Point of no return: the bits are the handler's.
        self.objects.notifications[upcall.notification].bits &= !bits;
        let thread = &mut self.objects.threads[id];
        thread.upcall = Some(Upcall { mask: u64::MAX, ..upcall });
        thread.frame.divert(upcall.entry, stack, bits, address);
    }

    /// `UpcallReturn`: the registers in the saved frame, as far as they are safe.
    pub(crate) fn upcall_return(&mut self, id: ThreadId, address: u64) -> Result<(), Error> {
        let mut saved = SavedFrame::default();
        self.memory().read_record(id, address, saved.as_mut_bytes())?;
        // What comes back is no result of this call: none is owed to its block.
        self.objects.threads[id].frame.end_compat();
        self.objects.threads[id].frame.restore(&saved);
        self.set_upcall_mask(id, saved.mask);
        Ok(())
    }

    /// Sets the mask: the old one. Newly unmasked bits divert at this exit.
    pub(crate) fn set_upcall_mask(&mut self, id: ThreadId, mask: u64) -> u64 {
        let Some(upcall) = self.objects.threads[id].upcall.as_mut() else { return 0 };
        let old = core::mem::replace(&mut upcall.mask, mask);
        self.recheck_upcall(id);
        old
    }
}
