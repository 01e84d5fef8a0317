//! What a side has once, for all of its rings: the memory, the bells, the lifelines.

use crate::QueueError;
use crate::bell::{Ear, Life, ring};
use crate::layout::{
    BACK_BYTES_AT, CREATOR_BELL_AT, CREATOR_CLOSED_AT, EPOCH_AT, Form, Layout, MAGIC_AT,
    OTHER_BELL_AT, OTHER_CLOSED_AT, SLOT_BYTES_AT, SLOTS_AT,
};
use core::sync::atomic::{AtomicU32, Ordering};
use sys::{Error, Lifeline, Mapping, Notification};

/// One end of a queue, without its rings.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) mapping: Mapping,
    /// What this side hears.
    pub(crate) ear: Ear,
    /// How it knows that the other side is there.
    pub(crate) life: Life,
    /// The other side's bell.
    pub(crate) peer: Notification,
    /// While it is open, the other side knows that this one is there.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "held for its life, which the other side watches")
    )]
    pub(crate) held: Lifeline,
    /// Which of the two bells of the header is its own.
    pub(crate) creator: bool,
}

impl Link {
    /// Writes the header of fresh memory.
    pub(crate) fn describe(
        &self,
        layout: &Layout,
        other_bell: u32,
        epoch: u32,
    ) -> Result<(), Error> {
        let [first, second] = layout.rings;
        let header = [
            (SLOTS_AT, first.slots),
            (SLOT_BYTES_AT, first.slot_bytes),
            (BACK_BYTES_AT, second.slot_bytes),
            (CREATOR_BELL_AT, self.ear.number()),
            (OTHER_BELL_AT, other_bell),
            (EPOCH_AT, epoch),
        ];
        for (offset, value) in header {
            self.word(offset)?.store(value, Ordering::Relaxed);
        }
        self.word(MAGIC_AT)?.store(layout.form.magic(), Ordering::Release);
        Ok(())
    }

    /// Reads the layout and the epoch once, and believes them only if the memory is large enough.
    pub(crate) fn read_layout(mapping: &Mapping, form: Form) -> Result<(Layout, u32), QueueError> {
        let shared = mapping.shared();
        let word = |offset| Ok::<u32, Error>(shared.u32_at(offset)?.load(Ordering::Acquire));
        if word(MAGIC_AT)? != form.magic() {
            return Err(QueueError::Corrupt);
        }
        let bytes = [word(SLOT_BYTES_AT)?, word(BACK_BYTES_AT)?];
        let layout = Layout::new(form, word(SLOTS_AT)?, bytes);
        let large_enough = |l: &Layout| l.pages() * sys::PAGE_SIZE <= mapping.len() as u64;
        let layout = layout.filter(large_enough).ok_or(QueueError::Corrupt)?;
        Ok((layout, word(EPOCH_AT)?))
    }

    pub(crate) fn word(&self, offset: usize) -> Result<&AtomicU32, Error> {
        self.mapping.shared().u32_at(offset)
    }

    pub(crate) fn ring_peer(&self) -> Result<(), Error> {
        let number = if self.creator { OTHER_BELL_AT } else { CREATOR_BELL_AT };
        ring(&self.peer, self.word(number)?)
    }

    /// An error when the other side has said that it closes. No system call.
    pub(crate) fn check_open(&self) -> Result<(), QueueError> {
        let closed = if self.creator { OTHER_CLOSED_AT } else { CREATOR_CLOSED_AT };
        match self.word(closed)?.load(Ordering::SeqCst) {
            0 => Ok(()),
            _ => Err(QueueError::Closed),
        }
    }

    /// An error when the other side is gone, however it ended.
    pub(crate) fn check_peer(&self) -> Result<(), QueueError> {
        self.check_open()?;
        if self.life.holds(&self.ear) { Ok(()) } else { Err(QueueError::PeerDied) }
    }

    /// Waits for the bell, which the other side's end rings too.
    pub(crate) fn wait(&self, deadline_ns: u64) -> Result<(), QueueError> {
        self.check_peer()?;
        self.ear.wait(deadline_ns)
    }

    /// Waits for the bell, and asks for the other side's life only when that rang too.
    pub(crate) fn wait_for_news(&self, deadline_ns: u64) -> Result<(), QueueError> {
        if self.ear.rang_for_the_end() {
            self.check_peer()?;
        }
        self.ear.wait(deadline_ns)?;
        if self.ear.rang_for_the_end() { self.check_peer() } else { Ok(()) }
    }

    #[cfg(test)]
    pub(crate) fn die(mut self) {
        let (_, unused) = Lifeline::create(&self.peer, 0).unwrap();
        drop(core::mem::replace(&mut self.held, unused));
        core::mem::forget(self);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let closed = if self.creator { CREATOR_CLOSED_AT } else { OTHER_CLOSED_AT };
        // The other side may be gone or hostile: then there is no one to tell.
        let _ = self.word(closed).map(|word| word.store(1, Ordering::SeqCst));
        let _ = self.ring_peer();
    }
}
