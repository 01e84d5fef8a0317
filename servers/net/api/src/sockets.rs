//! Sockets that wait.

use crate::{
    Address, DatagramsClient, Interest, ListenerClient, NetClient, NetError, Peer, StreamClient,
};
use service::LendBytesMut;

/// How long a name may take.
const RESOLVE_NS: u64 = 30_000_000_000;
const RECEIVE: Interest = Interest { receive: true, send: false };
const SEND: Interest = Interest { receive: false, send: true };

/// The first address of a name, or the address that it is.
///
/// # Errors
/// [`NetError::NoName`], and what the server says.
pub fn resolve(net: &NetClient, name: &str) -> Result<Address, NetError> {
    if let Ok(address) = name.parse() {
        return Ok(address);
    }
    let addresses = net.within(RESOLVE_NS).resolve(name)?;
    addresses.first().copied().ok_or(NetError::NoName)
}

/// A TCP connection. It is closed when this is dropped; what was sent is delivered.
#[derive(Debug)]
pub struct TcpStream {
    stream: StreamClient,
    timeout_ns: u64,
}

impl TcpStream {
    /// Connects.
    ///
    /// # Errors
    /// [`NetError::Refused`], [`NetError::TimedOut`] after ten seconds, and what the server says.
    pub fn connect(net: &NetClient, to: Peer) -> Result<Self, NetError> {
        let stream = net.tcp_connect(to)?;
        stream.wait(SEND)?;
        Ok(Self::over(stream))
    }

    /// Over a session.
    #[must_use]
    pub fn over(stream: StreamClient) -> Self {
        Self { stream, timeout_ns: u64::MAX }
    }

    /// Waits at most this long in each call.
    #[must_use]
    pub fn with_timeout(self, timeout_ns: u64) -> Self {
        Self { timeout_ns, ..self }
    }

    fn wait(&self, interest: Interest) -> Result<(), NetError> {
        self.stream.within(self.timeout_ns).wait(interest)?;
        Ok(())
    }

    /// Its session: for calls that do not wait, or not for long (`within`).
    #[must_use]
    pub fn session(&self) -> &StreamClient {
        &self.stream
    }

    /// Reads what is there, and waits when there is nothing. Returns the number of bytes; 0: the
    /// other side has closed. A [`sys::Buffer`] saves copies.
    ///
    /// # Errors
    /// [`NetError::Reset`], [`NetError::TimedOut`], and what the server says.
    pub fn read(&mut self, into: &mut (impl LendBytesMut + ?Sized)) -> Result<usize, NetError> {
        loop {
            match self.stream.receive(&mut *into).map_err(NetError::from) {
                Err(NetError::WouldBlock) => self.wait(RECEIVE)?,
                received => return received.map(count),
            };
        }
    }

    /// Writes some bytes, and waits for room when there is none. Returns their number.
    ///
    /// # Errors
    /// As for [`TcpStream::read`].
    pub fn write(&mut self, bytes: &[u8]) -> Result<usize, NetError> {
        loop {
            match self.stream.send(bytes).map_err(NetError::from) {
                Err(NetError::WouldBlock) => self.wait(SEND)?,
                sent => return sent.map(count),
            };
        }
    }

    /// Writes all bytes.
    ///
    /// # Errors
    /// As for [`TcpStream::read`].
    pub fn write_all(&mut self, mut bytes: &[u8]) -> Result<(), NetError> {
        while !bytes.is_empty() {
            let written = self.write(bytes)?;
            bytes = bytes.get(written..).ok_or(NetError::Gone)?;
        }
        Ok(())
    }

    /// Says that nothing more will be written.
    ///
    /// # Errors
    /// What the server says.
    pub fn shutdown(&mut self) -> Result<(), NetError> {
        Ok(self.stream.shutdown()?)
    }
}

/// A port where connections come in.
#[derive(Debug)]
pub struct TcpListener(ListenerClient);

impl TcpListener {
    /// Listens on a port.
    ///
    /// # Errors
    /// [`NetError::NotAllowed`], [`NetError::InUse`], and what the server says.
    pub fn bind(net: &NetClient, port: u16, backlog: u8) -> Result<Self, NetError> {
        Ok(Self(net.tcp_listen(port, backlog)?))
    }

    /// Waits for a connection: the stream, and from where it comes.
    ///
    /// # Errors
    /// What the server says.
    pub fn accept(&mut self) -> Result<(TcpStream, Peer), NetError> {
        loop {
            match self.0.accept().map_err(NetError::from) {
                Err(NetError::WouldBlock) => self.0.wait()?,
                accepted => {
                    let (stream, peer) = accepted?;
                    return Ok((TcpStream::over(stream), peer));
                }
            }
        }
    }
}

/// A UDP port.
#[derive(Debug)]
pub struct UdpSocket {
    datagrams: DatagramsClient,
    port: u16,
    timeout_ns: u64,
}

impl UdpSocket {
    /// Binds a port; 0: one that is free.
    ///
    /// # Errors
    /// [`NetError::NotAllowed`], [`NetError::InUse`], and what the server says.
    pub fn bind(net: &NetClient, port: u16) -> Result<Self, NetError> {
        let (datagrams, port) = net.udp_bind(port)?;
        Ok(Self { datagrams, port, timeout_ns: u64::MAX })
    }

    /// Waits at most this long in each call.
    #[must_use]
    pub fn with_timeout(self, timeout_ns: u64) -> Self {
        Self { timeout_ns, ..self }
    }

    fn wait(&self, interest: Interest) -> Result<(), NetError> {
        self.datagrams.within(self.timeout_ns).wait(interest)?;
        Ok(())
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Sends a datagram; waits for room.
    ///
    /// # Errors
    /// What the server says.
    pub fn send_to(&mut self, to: Peer, bytes: &[u8]) -> Result<(), NetError> {
        loop {
            match self.datagrams.send_to(to, bytes).map_err(NetError::from) {
                Err(NetError::WouldBlock) => self.wait(SEND)?,
                sent => return sent,
            };
        }
    }

    /// Waits for a datagram: its length and its sender.
    ///
    /// # Errors
    /// What the server says.
    pub fn receive_from(&mut self, into: &mut [u8]) -> Result<(usize, Peer), NetError> {
        loop {
            match self.datagrams.receive_from(&mut *into).map_err(NetError::from) {
                Err(NetError::WouldBlock) => self.wait(RECEIVE)?,
                received => return received.map(|(length, from)| (count(length), from)),
            };
        }
    }
}

fn count(bytes: u32) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
