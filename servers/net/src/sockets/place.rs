//! Where a socket is.

use crate::face::Face;
use smoltcp::iface::SocketHandle;
use smoltcp::socket::{tcp, udp};

/// Where a socket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) face: usize,
    pub(crate) handle: SocketHandle,
}

impl Place {
    /// The TCP socket there, if its interface is.
    pub(crate) fn tcp(self, faces: &mut [Face]) -> Option<&mut tcp::Socket<'static>> {
        Some(faces.get_mut(self.face)?.sockets.get_mut(self.handle))
    }

    /// The UDP socket there, if its interface is.
    pub(crate) fn udp(self, faces: &mut [Face]) -> Option<&mut udp::Socket<'static>> {
        Some(faces.get_mut(self.face)?.sockets.get_mut(self.handle))
    }

    pub(crate) fn remove(self, faces: &mut [Face]) {
        if let Some(face) = faces.get_mut(self.face) {
            face.sockets.remove(self.handle);
        }
    }
}
