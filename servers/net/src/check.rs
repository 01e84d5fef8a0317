//! What is wrong with a frame, before smoltcp sees it.
//!
//! smoltcp drops silently. Here lengths and checksums are verified once, with its parsers, and what
//! is dropped has a reason that is counted; then smoltcp need not verify them.

use alloc::vec::Vec;
use smoltcp::wire::{
    ArpPacket, EthernetAddress, EthernetFrame, EthernetProtocol, Icmpv4Packet, Icmpv6Packet,
    IpAddress, IpProtocol, Ipv4Packet, Ipv6Packet, TcpPacket, UdpPacket,
};

/// Why a frame is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drop {
    /// It is too short for what it says it is.
    Truncated,
    /// For another card.
    NotOurs,
    /// No IP and no ARP.
    UnknownProtocol,
    /// A checksum of IPv4's header is wrong.
    IpChecksum,
    /// A checksum of TCP, UDP or ICMP is wrong.
    Checksum,
    /// A fragment.
    Fragment,
    /// An extension header of IPv6.
    Extension,
    /// Its sender's address cannot be one: a group, all, or this system itself.
    Spoofed,
    /// There was no room for it.
    NoRoom,
}

const NAMES: [(Drop, &str); 9] = [
    (Drop::Truncated, "dropped: truncated"),
    (Drop::NotOurs, "dropped: for another card"),
    (Drop::UnknownProtocol, "dropped: unknown protocol"),
    (Drop::IpChecksum, "dropped: bad IP checksum"),
    (Drop::Checksum, "dropped: bad checksum"),
    (Drop::Fragment, "dropped: fragment"),
    (Drop::Extension, "dropped: IPv6 extension"),
    (Drop::Spoofed, "dropped: spoofed sender"),
    (Drop::NoRoom, "dropped: no room"),
];

/// How many frames were dropped, by reason.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Drops([u64; NAMES.len()]);

impl Drops {
    pub(crate) fn count(&mut self, why: Drop) {
        if let Some(count) = self.0.get_mut(why as usize) {
            *count += 1;
        }
    }

    /// Those that are not 0.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let all = NAMES.iter().map(|(why, name)| (*name, self.0[*why as usize]));
        all.filter(|(_, count)| *count > 0).collect::<Vec<_>>().into_iter()
    }
}

/// Checks an Ethernet frame for a card with this address.
pub(crate) fn frame(bytes: &[u8], mac: EthernetAddress) -> Result<(), Drop> {
    let frame = EthernetFrame::new_checked(bytes).map_err(|_| Drop::Truncated)?;
    let to = frame.dst_addr();
    if to != mac && !to.is_broadcast() && !to.is_multicast() {
        return Err(Drop::NotOurs);
    }
    if !frame.src_addr().is_unicast() || frame.src_addr() == mac {
        return Err(Drop::Spoofed);
    }
    match frame.ethertype() {
        EthernetProtocol::Ipv4 => ipv4(frame.payload()),
        EthernetProtocol::Ipv6 => ipv6(frame.payload()),
        EthernetProtocol::Arp => {
            ArpPacket::new_checked(frame.payload()).map(|_| ()).map_err(|_| Drop::Truncated)
        }
        EthernetProtocol::Unknown(_) => Err(Drop::UnknownProtocol),
    }
}

fn ipv4(bytes: &[u8]) -> Result<(), Drop> {
    let packet = Ipv4Packet::new_checked(bytes).map_err(|_| Drop::Truncated)?;
    if packet.version() != 4 || packet.header_len() < 20 {
        return Err(Drop::Truncated);
    }
    if !packet.verify_checksum() {
        return Err(Drop::IpChecksum);
    }
    if packet.more_frags() || packet.frag_offset() != 0 {
        return Err(Drop::Fragment);
    }
    let from = packet.src_addr();
    if from.is_multicast() || from.is_broadcast() || from.is_loopback() {
        return Err(Drop::Spoofed);
    }
    let (from, to) = (packet.src_addr().into(), packet.dst_addr().into());
    transport(packet.next_header(), packet.payload(), from, to)
}

fn ipv6(bytes: &[u8]) -> Result<(), Drop> {
    let packet = Ipv6Packet::new_checked(bytes).map_err(|_| Drop::Truncated)?;
    if packet.version() != 6 {
        return Err(Drop::Truncated);
    }
    let from = packet.src_addr();
    if from.is_multicast() || from.is_loopback() {
        return Err(Drop::Spoofed);
    }
    let (from, to) = (packet.src_addr().into(), packet.dst_addr().into());
    transport(packet.next_header(), packet.payload(), from, to)
}

fn transport(
    protocol: IpProtocol,
    bytes: &[u8],
    from: IpAddress,
    to: IpAddress,
) -> Result<(), Drop> {
    let good = match protocol {
        IpProtocol::Tcp => {
            let packet = TcpPacket::new_checked(bytes).map_err(|_| Drop::Truncated)?;
            packet.verify_checksum(&from, &to)
        }
        IpProtocol::Udp => {
            let packet = UdpPacket::new_checked(bytes).map_err(|_| Drop::Truncated)?;
            packet.verify_checksum(&from, &to)
        }
        IpProtocol::Icmp => {
            let packet = Icmpv4Packet::new_checked(bytes).map_err(|_| Drop::Truncated)?;
            packet.verify_checksum()
        }
        IpProtocol::Icmpv6 => {
            let (IpAddress::Ipv6(from), IpAddress::Ipv6(to)) = (from, to) else {
                return Err(Drop::UnknownProtocol);
            };
            let packet = Icmpv6Packet::new_checked(bytes).map_err(|_| Drop::Truncated)?;
            packet.verify_checksum(&from, &to)
        }
        IpProtocol::HopByHop
        | IpProtocol::Ipv6Route
        | IpProtocol::Ipv6Frag
        | IpProtocol::Ipv6Opts => return Err(Drop::Extension),
        _ => return Err(Drop::UnknownProtocol),
    };
    if good { Ok(()) } else { Err(Drop::Checksum) }
}

#[cfg(test)]
mod tests;
