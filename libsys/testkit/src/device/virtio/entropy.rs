//! A virtio entropy device. Source: virtio 1.2, section 5.4.

use super::{Chain, Model};
use crate::device::Bus;

/// Gives bytes that count up, in all buffers, at most this number at a time.
#[derive(Debug, Default)]
pub struct Entropy {
    /// The most bytes of a request; 0: all.
    pub most: usize,
    /// The next byte.
    pub next: u8,
}

impl Model for Entropy {
    fn features(&self) -> u64 {
        0
    }

    fn config(&self) -> Vec<u8> {
        Vec::new()
    }

    fn serve(&mut self, chain: &Chain, bus: &Bus) -> u32 {
        let most = if self.most == 0 { usize::MAX } else { self.most };
        let bytes: Vec<u8> = (0..chain.room().min(most))
            .map(|_| {
                self.next = self.next.wrapping_add(1);
                self.next
            })
            .collect();
        chain.write(bus, &bytes)
    }
}
