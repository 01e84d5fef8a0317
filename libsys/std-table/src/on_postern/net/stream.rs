//! TCP connections.

use super::super::answer::Result;
use super::super::lock::Mutex;
use super::{Options, Readiness, net, of_net, of_peer, to_peer};
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::sync::atomic::{AtomicBool, Ordering};
use moto_rt::Error;
use net_api::{Interest, NetError, StreamClient};
use sys::Notification;

const RECEIVE: Interest = Interest { receive: true, send: false };
const SEND: Interest = Interest { receive: false, send: true };

/// A connection.
pub(in super::super) struct Stream {
    reader: Mutex<Reader>,
    writer: Mutex<StreamClient>,
    /// For a poll, while other threads wait.
    watcher: Mutex<StreamClient>,
    /// The program said that it reads no more.
    closed: AtomicBool,
    pub(in super::super) options: Options,
    pub(in super::super) readiness: Readiness,
}

struct Reader {
    client: StreamClient,
    /// What was looked at and not read yet.
    peeked: Vec<u8>,
}

impl Stream {
    pub(super) fn over(client: StreamClient) -> Self {
        let (writer, watcher) = (Mutex::new(client.twin()), Mutex::new(client.twin()));
        let reader = Mutex::new(Reader { client, peeked: Vec::new() });
        let (options, readiness) = (Options::default(), Readiness::default());
        Self { reader, writer, watcher, closed: AtomicBool::new(false), options, readiness }
    }

    /// Connects, and waits for the connection at most this long; `None`: not at all.
    pub(in super::super) fn connect(to: SocketAddr, timeout_ns: Option<u64>) -> Result<Self> {
        let client = net()?.tcp_connect(to_peer(to)).map_err(|error| of_net(error.into()))?;
        if let Some(timeout_ns) = timeout_ns {
            wait(&client, SEND, timeout_ns)?;
        }
        Ok(Self::over(client))
    }

    /// What is possible now; where nothing is, signals these bits once something is.
    pub(in super::super) fn watch(
        &self,
        interest: Interest,
        bell: &Notification,
        bits: u64,
    ) -> core::result::Result<Interest, NetError> {
        let found = self.watcher.lock().watch(interest, bell, bits).map_err(NetError::from)?;
        // What was looked at is there to be read. A thread that reads has news of its own.
        let peeked = self.reader.try_lock().is_some_and(|reader| !reader.peeked.is_empty());
        Ok(Interest { receive: found.receive || interest.receive && peeked, ..found })
    }

    /// Reads some bytes; 0 at the end.
    pub(in super::super) fn read(&self, into: &mut [u8]) -> Result<usize> {
        let mut reader = self.reader.lock();
        let count = reader.peeked.len().min(into.len());
        if count > 0 {
            let peeked = reader.peeked.drain(..count);
            into.iter_mut().zip(peeked).for_each(|(to, from)| *to = from);
            self.readiness.has_read();
            return Ok(count);
        }
        let received = self.receive(&reader.client, into);
        if received != Ok(0) {
            // Behind the end there is no news.
            self.readiness.has_read();
        }
        received
    }

    /// The same, and the next read gives the bytes again.
    pub(in super::super) fn peek(&self, into: &mut [u8]) -> Result<usize> {
        let mut reader = self.reader.lock();
        if reader.peeked.is_empty() {
            let mut piece = alloc::vec![0; into.len()];
            let count = self.receive(&reader.client, &mut piece)?;
            piece.truncate(count);
            reader.peeked = piece;
        }
        into.iter_mut().zip(&reader.peeked).for_each(|(to, from)| *to = *from);
        Ok(reader.peeked.len().min(into.len()))
    }

    fn receive(&self, client: &StreamClient, into: &mut [u8]) -> Result<usize> {
        if into.is_empty() || self.closed.load(Ordering::Relaxed) {
            return Ok(0);
        }
        loop {
            match client.receive(&mut *into).map_err(NetError::from) {
                Ok(count) => return Ok(usize::try_from(count).unwrap_or(0).min(into.len())),
                Err(NetError::Closed) => return Ok(0),
                Err(NetError::WouldBlock) if self.options.waits() => {
                    wait(client, RECEIVE, self.options.receive_ns())?;
                }
                Err(error) => return Err(of_net(error)),
            }
        }
    }

    /// Writes some bytes.
    pub(in super::super) fn write(&self, from: &[u8]) -> Result<usize> {
        let client = self.writer.lock();
        if from.is_empty() {
            return Ok(0);
        }
        loop {
            match client.send(from).map_err(NetError::from) {
                Ok(count) => {
                    let count = usize::try_from(count).unwrap_or(0).min(from.len());
                    if count < from.len() {
                        self.readiness.was_full();
                    }
                    return Ok(count);
                }
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

    /// Ends one direction or both. A read that waits already goes on waiting.
    pub(in super::super) fn shutdown(&self, reading: bool, writing: bool) -> Result<()> {
        if reading {
            self.closed.store(true, Ordering::Relaxed);
        }
        if writing {
            return match self.writer.lock().shutdown().map_err(NetError::from) {
                Ok(()) | Err(NetError::Closed) => Ok(()),
                Err(error) => Err(of_net(error)),
            };
        }
        Ok(())
    }

    /// The address here, then the other side's.
    pub(in super::super) fn ends(&self) -> Result<(SocketAddr, SocketAddr)> {
        let ends = self.writer.lock().ends().map_err(|error| of_net(error.into()))?;
        Ok((of_peer(ends.0), of_peer(ends.1)))
    }
}

fn wait(client: &StreamClient, interest: Interest, timeout_ns: u64) -> Result<()> {
    let waited = match timeout_ns {
        u64::MAX => client.wait(interest),
        ns => client.within(ns).wait(interest),
    };
    match waited.map_err(NetError::from) {
        Ok(_) => Ok(()),
        Err(NetError::TimedOut) => Err(Error::TimedOut),
        Err(error) => Err(of_net(error)),
    }
}
