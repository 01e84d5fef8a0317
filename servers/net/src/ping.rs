//! Echo requests.

use crate::Shared;
use crate::server::ip;
use crate::sockets::Place;
use crate::stack::Stack;
use alloc::vec;
use net_api::{Address, NetError};
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::socket::icmp::{self, PacketBuffer, PacketMetadata};
use smoltcp::wire::{Icmpv4Packet, Icmpv4Repr, Icmpv6Packet, Icmpv6Repr, IpAddress, Ipv6Address};

/// The most bytes of a request, the most requests at a time, and the longest time for one.
const BYTES: u16 = 1400;
const MOST: usize = 8;
const LONGEST_MS: u32 = 60_000;

/// Sends a request. Returns the nanoseconds until its answer.
///
/// # Errors
/// [`NetError::TimedOut`], [`NetError::NoRoute`], [`NetError::TooMany`], [`NetError::TooLong`].
pub(crate) async fn ping(
    shared: &Shared,
    to: Address,
    bytes: u16,
    timeout_ms: u32,
) -> Result<u64, NetError> {
    if bytes > BYTES {
        return Err(NetError::TooLong);
    }
    let begun = sys::clock();
    let request = Request::send(shared, ip(to)?, bytes)?;
    shared.kick();
    let timeout_ns = u64::from(timeout_ms.min(LONGEST_MS)) * 1_000_000;
    let answered = shared.until(|stack| request.answer(stack));
    let answered = shared.executor().within(timeout_ns, answered).await;
    answered.map_err(|_| NetError::TimedOut)??;
    Ok(sys::clock().saturating_sub(begun))
}

/// A request; its socket goes with it.
struct Request<'a> {
    shared: &'a Shared,
    place: Place,
    to: IpAddress,
    ident: u16,
}

impl<'a> Request<'a> {
    fn send(shared: &'a Shared, to: IpAddress, bytes: u16) -> Result<Self, NetError> {
        let stack = &mut *shared.stack();
        let number = stack.face_to(to).ok_or(NetError::NoRoute)?;
        let ident = u16::try_from(stack.random() & 0xffff).unwrap_or(0);
        let face = stack.faces.get_mut(number).ok_or(NetError::NoRoute)?;
        let is_ping = |socket: &smoltcp::socket::Socket<'_>| {
            matches!(socket, smoltcp::socket::Socket::Icmp(_))
        };
        if face.sockets.iter().filter(|(_, socket)| is_ping(socket)).count() >= MOST {
            return Err(NetError::TooMany);
        }
        let buffer = || PacketBuffer::new(vec![PacketMetadata::EMPTY; 2], vec![0; 2048]);
        let mut socket = icmp::Socket::new(buffer(), buffer());
        socket.bind(icmp::Endpoint::Ident(ident)).map_err(|_| NetError::BadAddress)?;
        let data = vec![0x50; usize::from(bytes)];
        let checksum = ChecksumCapabilities::default();
        match to {
            IpAddress::Ipv4(_) => {
                let echo = Icmpv4Repr::EchoRequest { ident, seq_no: 1, data: &data };
                let room = socket.send(echo.buffer_len(), to).map_err(|_| NetError::NoRoute)?;
                echo.emit(&mut Icmpv4Packet::new_unchecked(room), &checksum);
            }
            IpAddress::Ipv6(to6) => {
                let echo = Icmpv6Repr::EchoRequest { ident, seq_no: 1, data: &data };
                let from: Ipv6Address = face.iface.get_source_address_ipv6(&to6);
                let room = socket.send(echo.buffer_len(), to).map_err(|_| NetError::NoRoute)?;
                echo.emit(&from, &to6, &mut Icmpv6Packet::new_unchecked(room), &checksum);
            }
        }
        let place = Place { face: number, handle: face.sockets.add(socket) };
        Ok(Self { shared, place, to, ident })
    }

    /// Whether its answer came.
    fn answer(&self, stack: &mut Stack) -> Option<Result<(), NetError>> {
        let Some(face) = stack.faces.get_mut(self.place.face) else {
            return Some(Err(NetError::NoRoute));
        };
        let socket = face.sockets.get_mut::<icmp::Socket<'_>>(self.place.handle);
        while let Ok((bytes, from)) = socket.recv() {
            if from == self.to && is_reply(bytes, from, self.ident) {
                return Some(Ok(()));
            }
        }
        None
    }
}

impl Drop for Request<'_> {
    fn drop(&mut self) {
        self.place.remove(&mut self.shared.stack().faces);
    }
}

/// Whether it is the answer to a request with this number. Its checksum was verified before.
fn is_reply(bytes: &[u8], from: IpAddress, ident: u16) -> bool {
    let found = match from {
        IpAddress::Ipv4(_) => Icmpv4Packet::new_checked(bytes).ok().map(|packet| {
            (packet.msg_type() == smoltcp::wire::Icmpv4Message::EchoReply, packet.echo_ident())
        }),
        IpAddress::Ipv6(_) => Icmpv6Packet::new_checked(bytes).ok().map(|packet| {
            (packet.msg_type() == smoltcp::wire::Icmpv6Message::EchoReply, packet.echo_ident())
        }),
    };
    found == Some((true, ident))
}
