//! A card whose wire comes back: for measuring everything else, and for tests.

use crate::{Backend, Completed, DeviceFrame, FRAME_BYTES, Link, NicError, Operation, Submitted};
use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;
use sys::{DeviceAddress, Mapping, Memory, Protection};

/// A card that receives all frames that it transmits. It loses those for which it has no slot.
#[derive(Debug)]
pub struct LoopCard {
    link: Link,
    pool: Option<Mapping>,
    empty: VecDeque<DeviceFrame>,
    done: VecDeque<Completed>,
}

impl LoopCard {
    /// With this hardware address.
    #[must_use]
    pub fn new(mac: [u8; 6]) -> Self {
        let link = Link { mac, mtu: 1500, depth: 64 };
        Self { link, pool: None, empty: VecDeque::new(), done: VecDeque::new() }
    }

    /// Copies a frame into the next empty slot.
    fn receive(&mut self, bytes: &[u8]) {
        let Some((pool, slot)) = self.pool.as_ref().zip(self.empty.pop_front()) else { return };
        let length = bytes.len().min(slot.bytes.into());
        let place = usize::try_from(slot.address.0).unwrap_or(usize::MAX);
        let written = pool.write_at(place, &bytes[..length]);
        let length = u16::try_from(length).map_err(|_| NicError::Device);
        let result = written.map_err(NicError::from).and(length);
        self.done.push_back(Completed { tag: slot.tag, result });
    }

    fn frame(&self, frame: &DeviceFrame) -> Option<Vec<u8>> {
        let mut bytes = vec![0; frame.bytes.min(u16::try_from(FRAME_BYTES).ok()?).into()];
        let place = usize::try_from(frame.address.0).ok()?;
        self.pool.as_ref()?.read_at(place, &mut bytes).ok()?;
        Some(bytes)
    }
}

impl Backend for LoopCard {
    fn link(&self) -> Link {
        self.link
    }

    fn map_pool(&mut self, pool: &Memory, pages: u64) -> Result<DeviceAddress, NicError> {
        self.pool = Some(pool.map_part(0, pages, Protection::ReadWrite)?);
        Ok(DeviceAddress(0))
    }

    fn submit(&mut self, frame: &DeviceFrame) -> Submitted {
        match frame.operation {
            Operation::Fill => self.empty.push_back(*frame),
            Operation::Transmit => {
                let bytes = self.frame(frame);
                let result = bytes.as_ref().map(|_| 0).ok_or(NicError::Device);
                self.done.push_back(Completed { tag: frame.tag, result });
                if let Some(bytes) = bytes {
                    self.receive(&bytes);
                }
            }
        }
        Submitted::Accepted
    }

    fn kick(&mut self) {}

    fn complete(&mut self) -> Option<Completed> {
        self.done.pop_front()
    }
}
