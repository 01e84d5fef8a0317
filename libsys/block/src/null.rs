//! A disk that does nothing, at once: for measuring everything else.

use crate::{Backend, BlockError, Completed, DeviceRequest, Identity, Submitted};
use alloc::collections::VecDeque;
use alloc::string::String;
use sys::{DeviceAddress, Memory};

/// A disk that completes all requests and moves no data.
#[derive(Debug)]
pub struct NullDisk {
    identity: Identity,
    done: VecDeque<u16>,
}

impl NullDisk {
    /// Of this number of sectors.
    #[must_use]
    pub fn new(sectors: u64) -> Self {
        let identity = Identity {
            model: String::from("null"),
            sectors,
            alignment: 1,
            max_sectors: 2048,
            depth: 64,
            discard: true,
            ..Identity::default()
        };
        Self { identity, done: VecDeque::new() }
    }
}

impl Backend for NullDisk {
    fn identity(&self) -> Identity {
        self.identity.clone()
    }

    fn map_pool(&mut self, _: &Memory, _: u64) -> Result<DeviceAddress, BlockError> {
        Ok(DeviceAddress(0))
    }

    fn unmap_pool(&mut self, _: DeviceAddress, _: u64) {}

    fn submit(&mut self, request: &DeviceRequest) -> Submitted {
        self.done.push_back(request.tag);
        Submitted::Accepted
    }

    fn kick(&mut self) {}

    fn complete(&mut self) -> Option<Completed> {
        self.done.pop_front().map(|tag| Completed { tag, result: Ok(()) })
    }
}
