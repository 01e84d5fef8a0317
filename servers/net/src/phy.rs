//! Cards, as smoltcp wants them.

use crate::check::{self, Drop, Drops};
use crate::tap::Tap;
use alloc::collections::VecDeque;
use alloc::rc::Rc;
use alloc::vec;
use alloc::vec::Vec;
use nic::{FRAME_BYTES, HEADER_BYTES, Link, NicClient};
use smoltcp::phy::{
    Checksum, ChecksumCapabilities, Device, DeviceCapabilities, Medium, RxToken, TxToken,
};
use smoltcp::time::Instant;
use smoltcp::wire::EthernetAddress;

/// Bytes of the largest packet of the loopback interface, and its most packets on the way.
pub(crate) const LOOP_MTU: usize = 9000;
const LOOP_PACKETS: usize = 64;

/// What an interface sends to and receives from.
pub(crate) enum Phy {
    /// This system itself.
    Loop(Looped),
    /// A card.
    Card(Card),
}

/// Packets that come back.
#[derive(Default)]
pub(crate) struct Looped {
    packets: VecDeque<Vec<u8>>,
    counts: (u64, u64),
}

/// A card behind its driver.
pub(crate) struct Card {
    pub(crate) client: Rc<NicClient>,
    pub(crate) link: Link,
    pub(crate) drops: Drops,
    pub(crate) tap: Tap,
}

impl Phy {
    /// Whether a packet can be sent: no time-out of smoltcp's is worth a poll otherwise.
    pub(crate) fn can_send(&self) -> bool {
        match self {
            Self::Loop(looped) => looped.packets.len() < LOOP_PACKETS,
            Self::Card(card) => card.client.frames().can_transmit(),
        }
    }

    /// Whether packets wait to be received.
    pub(crate) fn has_received(&self) -> bool {
        match self {
            Self::Loop(looped) => !looped.packets.is_empty(),
            Self::Card(card) => card.client.frames().has_received(),
        }
    }

    /// Packets and bytes that came, and that went.
    pub(crate) fn counts(&self) -> [(u64, u64); 2] {
        match self {
            Self::Loop(looped) => [looped.counts; 2],
            Self::Card(card) => {
                let counts = card.client.frames().counts();
                [
                    (counts.received, counts.received_bytes),
                    (counts.transmitted, counts.transmitted_bytes),
                ]
            }
        }
    }

    fn next(&mut self) -> Option<Vec<u8>> {
        match self {
            Self::Loop(looped) => looped.packets.pop_front(),
            Self::Card(card) => card.next(),
        }
    }
}

impl Card {
    /// The next frame that is none to be dropped.
    fn next(&mut self) -> Option<Vec<u8>> {
        let mut bytes = vec![0; FRAME_BYTES as usize];
        loop {
            let length = self.client.frames().receive(&mut bytes)?;
            let frame = bytes.get(..length)?;
            self.tap.record(frame);
            match check::frame(frame, EthernetAddress(self.link.mac)) {
                Ok(()) => {
                    bytes.truncate(length);
                    return Some(bytes);
                }
                Err(why) => self.drops.count(why),
            }
        }
    }
}

/// A packet that came.
pub(crate) struct Received(Vec<u8>);

impl RxToken for Received {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(&self.0)
    }
}

/// Room for a packet to be sent.
pub(crate) struct Sending<'a>(&'a mut Phy);

impl TxToken for Sending<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, f: F) -> R {
        match self.0 {
            Phy::Loop(looped) => {
                let mut packet = vec![0; length];
                let result = f(&mut packet);
                looped.counts = (looped.counts.0 + 1, looped.counts.1 + length as u64);
                looped.packets.push_back(packet);
                result
            }
            Phy::Card(card) => {
                let mut frame = [0; FRAME_BYTES as usize];
                let Some(frame) = frame.get_mut(..length) else {
                    // Longer than the MTU that smoltcp was told.
                    card.drops.count(Drop::NoRoom);
                    return f(&mut vec![0; length]);
                };
                let result = f(frame);
                card.tap.record(frame);
                if !card.client.frames().transmit(frame) {
                    card.drops.count(Drop::NoRoom);
                }
                result
            }
        }
    }
}

impl Device for Phy {
    type RxToken<'a> = Received;
    type TxToken<'a> = Sending<'a>;

    /// Without room for an answer nothing is received: that is back pressure.
    fn receive(&mut self, _: Instant) -> Option<(Received, Sending<'_>)> {
        if !self.can_send() && matches!(self, Self::Card(_)) {
            return None;
        }
        let packet = self.next()?;
        Some((Received(packet), Sending(self)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Sending<'_>> {
        self.can_send().then_some(Sending(self))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        let mut checksum = ChecksumCapabilities::ignored();
        match self {
            // What comes back needs none.
            Self::Loop(_) => {
                capabilities.medium = Medium::Ip;
                capabilities.max_transmission_unit = LOOP_MTU;
            }
            // Those of received frames are verified by `check`.
            Self::Card(card) => {
                capabilities.medium = Medium::Ethernet;
                capabilities.max_transmission_unit =
                    usize::from(card.link.mtu) + usize::from(HEADER_BYTES);
                checksum.ipv4 = Checksum::Tx;
                checksum.udp = Checksum::Tx;
                checksum.tcp = Checksum::Tx;
                checksum.icmpv4 = Checksum::Tx;
                checksum.icmpv6 = Checksum::Tx;
            }
        }
        capabilities.checksum = checksum;
        capabilities
    }
}
