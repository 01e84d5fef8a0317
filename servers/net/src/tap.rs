//! A copy of the frames that come and go, for one client.

use alloc::collections::VecDeque;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::{RefCell, RefMut};
use net_api::{NetError, RECORD_BYTES};
use service::{LentMut, Session};

/// Bytes of records that wait for their client.
const ROOM: usize = 256 << 10;

/// The capture, if there is one. Copies are the same one.
#[derive(Clone, Default)]
pub(crate) struct Tap(Rc<RefCell<Option<Captured>>>);

/// Records that were not taken.
struct Captured {
    session: Session,
    /// The most bytes of a frame.
    most: usize,
    records: VecDeque<Vec<u8>>,
    bytes: usize,
    lost: u64,
}

impl Tap {
    fn captured(&self) -> RefMut<'_, Option<Captured>> {
        self.0.borrow_mut()
    }

    /// Begins.
    ///
    /// # Errors
    /// [`NetError::TooMany`] when there is one.
    pub(crate) fn open(&self, session: Session, most: usize) -> Result<(), NetError> {
        let mut captured = self.captured();
        if captured.is_some() {
            return Err(NetError::TooMany);
        }
        let records = VecDeque::new();
        *captured = Some(Captured { session, most, records, bytes: 0, lost: 0 });
        Ok(())
    }

    /// Ends, if it belongs to this session.
    pub(crate) fn close(&self, session: Session) {
        self.captured().take_if(|it| it.session == session);
    }

    /// Copies a frame.
    pub(crate) fn record(&self, frame: &[u8]) {
        if let Some(captured) = &mut *self.captured() {
            captured.add(frame);
        }
    }

    /// Moves whole records to the client: their bytes, and the number of frames that were lost.
    ///
    /// # Errors
    /// [`NetError::Closed`], and [`NetError::TooLong`] when not even one fits.
    pub(crate) fn take(
        &self,
        session: Session,
        into: &mut LentMut<'_>,
    ) -> Result<(u32, u64), NetError> {
        let mut captured = self.captured();
        let its = captured.as_mut().filter(|it| it.session == session);
        let its = its.ok_or(NetError::Closed)?;
        let mut written = 0;
        while let Some(record) = its.records.front() {
            if record.len() > into.len() - written {
                break;
            }
            into.write(written, record).map_err(|_| NetError::Closed)?;
            written += record.len();
            its.bytes -= record.len();
            its.records.pop_front();
        }
        if written == 0 && !its.records.is_empty() {
            return Err(NetError::TooLong);
        }
        Ok((u32::try_from(written).unwrap_or(u32::MAX), its.lost))
    }
}

impl Captured {
    fn add(&mut self, frame: &[u8]) {
        let kept = frame.get(..frame.len().min(self.most)).unwrap_or(frame);
        let length = RECORD_BYTES + kept.len();
        if self.bytes + length > ROOM {
            self.lost = self.lost.saturating_add(1);
            return;
        }
        let number = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
        let mut record = Vec::with_capacity(length);
        record.extend_from_slice(&sys::clock().to_le_bytes());
        record.extend_from_slice(&number(frame.len()));
        record.extend_from_slice(&number(kept.len()));
        record.extend_from_slice(kept);
        self.bytes += record.len();
        self.records.push_back(record);
    }
}
