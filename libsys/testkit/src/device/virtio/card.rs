//! A virtio network card. Source: virtio 1.2, section 5.1.

use super::{Chain, Model};
use crate::device::Bus;
use std::collections::VecDeque;

const MTU: u64 = 1 << 3;
const MAC: u64 = 1 << 5;
const STATUS: u64 = 1 << 16;
/// The queue of received frames.
const RECEIVE: usize = 0;
/// Bytes before each frame.
const HEADER: usize = 12;

/// A card that keeps what it transmits, and receives what the test gives it.
#[derive(Debug)]
pub struct Card {
    /// Its hardware address; without one it does not offer to have one.
    pub mac: Option<[u8; 6]>,
    /// What it says its MTU is.
    pub mtu: Option<u16>,
    /// What it transmitted.
    pub transmitted: VecDeque<Vec<u8>>,
}

impl Card {
    /// With this hardware address.
    pub fn new(mac: [u8; 6]) -> Self {
        Self { mac: Some(mac), mtu: None, transmitted: VecDeque::new() }
    }

    /// What a device writes for a received frame.
    pub fn receive(frame: &[u8], chain: &Chain, bus: &Bus) -> u32 {
        let mut bytes = vec![0; HEADER];
        bytes[HEADER - 2] = 1;
        bytes.extend_from_slice(frame);
        chain.write(bus, &bytes)
    }
}

impl Model for Card {
    fn features(&self) -> u64 {
        let mac = if self.mac.is_some() { MAC } else { 0 };
        let mtu = if self.mtu.is_some() { MTU } else { 0 };
        STATUS | mac | mtu
    }

    fn config(&self) -> Vec<u8> {
        let mut config = vec![0; 12];
        config[..6].copy_from_slice(&self.mac.unwrap_or_default());
        config[6] = 1;
        config[10..].copy_from_slice(&self.mtu.unwrap_or_default().to_le_bytes());
        config
    }

    fn queues(&self) -> usize {
        2
    }

    /// A frame to be transmitted.
    fn serve(&mut self, chain: &Chain, bus: &Bus) -> u32 {
        if let Some((_, frame)) = chain.read(bus).split_at_checked(HEADER) {
            self.transmitted.push_back(frame.to_vec());
        }
        0
    }

    fn serve_queue(&mut self, queue: usize, chain: &Chain, bus: &Bus) -> Option<u32> {
        (queue != RECEIVE).then(|| self.serve(chain, bus))
    }
}
