//! Descriptors: the numbers by which the library names what is open.

use super::answer::Result;
use super::files::{Listing, OpenFile};
use super::lock::Mutex;
use super::net::{Datagrams, Listener, Stream};
use super::pipes::{Sink, Source};
use super::poll::Poll;
use super::stdio;
use alloc::sync::Arc;
use alloc::vec::Vec;
use moto_rt::{Error, RtFd};

/// The most descriptors.
const MOST: usize = 4096;

/// Something open. Two descriptors of one file have one offset.
pub(super) enum Open {
    /// Standard input.
    Input,
    /// Standard output.
    Output,
    /// Standard error output.
    Errors,
    /// A file.
    File(OpenFile),
    /// A directory that is read.
    Directory(Mutex<Listing>),
    /// The end of a pipe that is read.
    Source(Mutex<Source>),
    /// The end of a pipe that is written.
    Sink(Mutex<Sink>),
    /// A TCP connection.
    Stream(Stream),
    /// A port where connections come in.
    Listener(Listener),
    /// A UDP port.
    Datagrams(Datagrams),
    /// Sockets that are waited for together.
    Poll(Poll),
}

impl Open {
    /// Reads some bytes; 0 at the end.
    pub(super) fn read(&self, into: &mut [u8]) -> Result<usize> {
        match self {
            Self::Input => stdio::read(into),
            Self::File(file) => file.read(into),
            Self::Source(source) => source.lock().read(into),
            Self::Stream(stream) => stream.read(into),
            Self::Datagrams(datagrams) => datagrams.receive(into, false).map(|(count, _)| count),
            _ => Err(Error::InvalidArgument),
        }
    }

    /// Writes some bytes.
    pub(super) fn write(&self, from: &[u8]) -> Result<usize> {
        match self {
            Self::Output => stdio::write(from),
            Self::Errors => stdio::write_errors(from),
            Self::File(file) => file.write(from),
            Self::Sink(sink) => sink.lock().write(from),
            Self::Stream(stream) => stream.write(from),
            Self::Datagrams(datagrams) => datagrams.send_to(datagrams.peer()?, from),
            _ => Err(Error::InvalidArgument),
        }
    }
}

static OPEN: Mutex<Vec<Option<Arc<Open>>>> = Mutex::new(Vec::new());

/// Opens standard input, output and error output: 0, 1 and 2.
pub(super) fn begin() {
    stdio::begin();
    let standard = [Open::Input, Open::Output, Open::Errors];
    OPEN.lock().extend(standard.map(|open| Some(Arc::new(open))));
}

/// What a descriptor names.
pub(super) fn get(fd: RtFd) -> Result<Arc<Open>> {
    let place = usize::try_from(fd).map_err(|_| Error::BadHandle)?;
    OPEN.lock().get(place).cloned().flatten().ok_or(Error::BadHandle)
}

/// The lowest free descriptor, which now names this.
pub(super) fn add(open: Arc<Open>) -> Result<RtFd> {
    let mut all = OPEN.lock();
    let place = all.iter().position(Option::is_none).unwrap_or(all.len());
    if place >= MOST {
        return Err(Error::OutOfMemory);
    }
    match all.get_mut(place) {
        Some(free) => *free = Some(open),
        None => all.push(Some(open)),
    }
    RtFd::try_from(place).map_err(|_| Error::OutOfMemory)
}

/// Closes a descriptor; with its last one, what it names.
pub(super) fn close(fd: RtFd) -> Result<()> {
    let place = usize::try_from(fd).map_err(|_| Error::BadHandle)?;
    let closed = OPEN.lock().get_mut(place).and_then(Option::take);
    // Outside of the lock: closing a file calls its server.
    closed.map(drop).ok_or(Error::BadHandle)
}
