//! A UDP port.

use super::place::Place;
use crate::face::Face;
use crate::quota::Held;
use alloc::vec;
use alloc::vec::Vec;
use net_api::{Interest, NetError};
use service::{Lent, LentMut};
use smoltcp::socket::udp::{self, PacketBuffer, PacketMetadata, SendError, UdpMetadata};
use smoltcp::wire::IpEndpoint;

/// Bytes and datagrams of each buffer.
const BUFFER: usize = 16 << 10;
const DATAGRAMS: usize = 16;

/// A UDP port.
pub(crate) struct DatagramEntry {
    pub(crate) owner: u64,
    pub(crate) port: u16,
    pub(crate) places: Vec<Place>,
}

impl DatagramEntry {
    /// A port of all interfaces.
    pub(crate) fn new(owner: u64, port: u16, faces: &mut [Face]) -> Self {
        let mut entry = Self { owner, port, places: Vec::new() };
        for face in 0..faces.len() {
            entry.join_face(face, faces);
        }
        entry
    }

    /// Bytes that a port has.
    pub(crate) fn bytes(faces: usize) -> usize {
        2 * BUFFER * faces
    }

    pub(super) fn held(&self) -> Held {
        Held { owner: self.owner, bytes: Self::bytes(self.places.len()) }
    }

    pub(super) fn join_face(&mut self, face: usize, faces: &mut [Face]) {
        let Some(its) = faces.get_mut(face) else { return };
        let buffer = || PacketBuffer::new(vec![PacketMetadata::EMPTY; DATAGRAMS], vec![0; BUFFER]);
        let mut socket = udp::Socket::new(buffer(), buffer());
        // The port is not 0, and the socket is new.
        if socket.bind(self.port).is_ok() {
            let handle = its.sockets.add(socket);
            self.places.push(Place { face, handle });
        }
    }

    pub(super) fn forget_face(&mut self, face: usize) {
        self.places.retain(|place| place.face != face);
    }

    pub(super) fn remove(self, faces: &mut [Face]) {
        for place in self.places {
            place.remove(faces);
        }
    }

    /// What of this is possible, if something is.
    pub(crate) fn ready(&self, interest: Interest, faces: &mut [Face]) -> Option<Interest> {
        let mut ready = Interest::default();
        for place in &self.places {
            let Some(socket) = place.udp(faces) else { continue };
            ready.receive |= interest.receive && socket.can_recv();
            ready.send |= interest.send && socket.can_send();
        }
        (ready.receive || ready.send).then_some(ready)
    }

    /// Sends a datagram by this interface.
    pub(crate) fn send(
        &self,
        face: usize,
        to: IpEndpoint,
        bytes: Lent<'_>,
        faces: &mut [Face],
    ) -> Result<(), NetError> {
        let place = self.places.iter().find(|place| place.face == face).ok_or(NetError::NoRoute)?;
        let mtu = faces.get(face).map_or(0, |face| face.phy_mtu());
        let socket = place.udp(faces).ok_or(NetError::NoRoute)?;
        // Without fragments a datagram is a packet: 48 bytes are headers at most.
        if bytes.len() > socket.payload_send_capacity().min(mtu.saturating_sub(48)) {
            return Err(NetError::TooLong);
        }
        let room = socket.send(bytes.len(), to).map_err(|error| match error {
            SendError::BufferFull => NetError::WouldBlock,
            SendError::Unaddressable => NetError::BadAddress,
        })?;
        if bytes.read(0, room).is_err() {
            // Nothing of another datagram goes out in its place.
            room.fill(0);
        }
        Ok(())
    }

    /// Receives a datagram.
    pub(crate) fn receive(
        &self,
        into: &mut LentMut<'_>,
        faces: &mut [Face],
    ) -> Result<(u32, IpEndpoint), NetError> {
        for place in &self.places {
            let Some(socket) = place.udp(faces) else { continue };
            let Ok((bytes, UdpMetadata { endpoint, .. })) = socket.recv() else { continue };
            let length = bytes.len().min(into.len());
            into.write(0, &bytes[..length]).map_err(|_| NetError::BadAddress)?;
            return Ok((u32::try_from(length).unwrap_or(u32::MAX), endpoint));
        }
        Err(NetError::WouldBlock)
    }
}
