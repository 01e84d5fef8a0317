//! UDP ports.

use super::super::answer::Result;
use super::super::lock::Mutex;
use super::{Options, Readiness, net, of_net, of_peer, port_of_all, to_peer};
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use moto_rt::Error;
use net_api::{DatagramsClient, Interest, NetError};
use sys::Notification;

const RECEIVE: Interest = Interest { receive: true, send: false };
const SEND: Interest = Interest { receive: false, send: true };

/// A UDP port.
pub(in super::super) struct Datagrams {
    reader: Mutex<Reader>,
    writer: Mutex<DatagramsClient>,
    /// For a poll, while other threads wait.
    watcher: Mutex<DatagramsClient>,
    port: u16,
    /// The one address that the program talks with, if it chose one.
    peer: Mutex<Option<SocketAddr>>,
    pub(in super::super) options: Options,
    pub(in super::super) readiness: Readiness,
}

struct Reader {
    client: DatagramsClient,
    /// What was looked at and not received yet.
    peeked: VecDeque<(Vec<u8>, SocketAddr)>,
}

impl Datagrams {
    pub(in super::super) fn bind(address: SocketAddr) -> Result<Self> {
        let bound = net()?.udp_bind(port_of_all(address)?);
        let (client, port) = bound.map_err(|error| of_net(error.into()))?;
        let (writer, watcher) = (Mutex::new(client.twin()), Mutex::new(client.twin()));
        let reader = Mutex::new(Reader { client, peeked: VecDeque::new() });
        let (options, readiness) = (Options::default(), Readiness::default());
        Ok(Self { reader, writer, watcher, port, peer: Mutex::new(None), options, readiness })
    }

    /// What is possible now; where nothing is, signals these bits once something is.
    pub(in super::super) fn watch(
        &self,
        interest: Interest,
        bell: &Notification,
        bits: u64,
    ) -> core::result::Result<Interest, NetError> {
        let found = self.watcher.lock().watch(interest, bell, bits).map_err(NetError::from)?;
        let peeked = self.reader.try_lock().is_some_and(|reader| !reader.peeked.is_empty());
        Ok(Interest { receive: found.receive || interest.receive && peeked, ..found })
    }

    pub(in super::super) fn address(&self) -> SocketAddr {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), self.port)
    }

    /// From now on only this peer's datagrams are received.
    pub(in super::super) fn connect(&self, to: SocketAddr) -> Result<()> {
        *self.peer.lock() = Some(to);
        Ok(())
    }

    pub(in super::super) fn peer(&self) -> Result<SocketAddr> {
        (*self.peer.lock()).ok_or(Error::NotConnected)
    }

    pub(in super::super) fn send_to(&self, to: SocketAddr, bytes: &[u8]) -> Result<usize> {
        let client = self.writer.lock();
        loop {
            match client.send_to(to_peer(to), bytes).map_err(NetError::from) {
                Ok(()) => return Ok(bytes.len()),
                Err(NetError::WouldBlock) if self.options.waits() => {
                    wait(&client, SEND, self.options.send_ns())?;
                }
                Err(NetError::WouldBlock) => {
                    self.readiness.was_full();
                    return Err(Error::NotReady);
                }
                Err(error) => return Err(of_net(error)),
            }
        }
    }

    /// Receives a datagram; what does not fit is cut off. One that is only looked at comes again.
    pub(in super::super) fn receive(
        &self,
        into: &mut [u8],
        peek: bool,
    ) -> Result<(usize, SocketAddr)> {
        let mut reader = self.reader.lock();
        self.readiness.has_read();
        if let Some((bytes, from)) = reader.peeked.front() {
            let (count, from) = (bytes.len().min(into.len()), *from);
            into.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
            if !peek {
                reader.peeked.pop_front();
            }
            return Ok((count, from));
        }
        let (count, from) = self.next(&reader.client, into)?;
        if peek {
            reader.peeked.push_back((into.get(..count).unwrap_or(&[]).to_vec(), from));
        }
        Ok((count, from))
    }

    fn next(&self, client: &DatagramsClient, into: &mut [u8]) -> Result<(usize, SocketAddr)> {
        let peer = *self.peer.lock();
        loop {
            match client.receive_from(&mut *into).map_err(NetError::from) {
                Ok((count, from)) if peer.is_none_or(|peer| peer == of_peer(from)) => {
                    let count = usize::try_from(count).unwrap_or(0).min(into.len());
                    return Ok((count, of_peer(from)));
                }
                // Of another sender than the one that the program chose.
                Ok(_) => {}
                Err(NetError::WouldBlock) if self.options.waits() => {
                    wait(client, RECEIVE, self.options.receive_ns())?;
                }
                Err(error) => return Err(of_net(error)),
            }
        }
    }
}

fn wait(client: &DatagramsClient, interest: Interest, timeout_ns: u64) -> Result<()> {
    let waited = match timeout_ns {
        u64::MAX => client.wait(interest),
        ns => client.within(ns).wait(interest),
    };
    waited.map(drop).map_err(|error| of_net(error.into()))
}
