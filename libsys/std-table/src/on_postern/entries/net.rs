//! Names, sockets.

use super::super::answer::{Result, code, count, descriptor};
use super::super::descriptors::{self, Open};
use super::super::foreign;
use super::super::net::{self, Datagrams, Listener, Options, Stream};
use alloc::alloc::Layout;
use alloc::sync::Arc;
use core::net::SocketAddr;
use moto_rt::net::{
    PROTO_TCP, PROTO_UDP, SHUTDOWN_READ, SHUTDOWN_WRITE, SO_ERROR, SO_NODELAY, SO_NONBLOCKING,
    SO_RCVTIMEO, SO_SHUTDOWN, SO_SNDTIMEO,
};
use moto_rt::netc::{AF_INET, AF_INET6, sockaddr};
use moto_rt::{E_NOT_IMPLEMENTED, E_OK, Error, ErrorCode, RtFd};

/// The alignment of a list of addresses, which the library frees by it.
const LIST_ALIGN: usize = 16;

/// An address of the library.
///
/// # Safety
/// The library passes a reference.
unsafe fn address(at: *const sockaddr) -> Result<SocketAddr> {
    // SAFETY: the caller's duty. Both variants begin with the family.
    match unsafe { (*at).v4.sin_family } {
        // SAFETY: the library has written the variant that the family names.
        AF_INET | AF_INET6 => Ok(unsafe { *at }.into()),
        _ => Err(Error::InvalidArgument),
    }
}

/// The addresses of a name, in a list that the library frees.
pub(in super::super) unsafe extern "C" fn lookup(
    name: *const u8,
    len: usize,
    port: u16,
    list: *mut usize,
    list_len: *mut usize,
) -> ErrorCode {
    // SAFETY: the library passes a text.
    let name = unsafe { foreign::text(name, len) };
    let found = name.and_then(|name| net::resolve(name, port)).and_then(|addresses| {
        let size = size_of::<sockaddr>().checked_mul(addresses.len()).filter(|size| *size > 0);
        let layout = size.and_then(|size| Layout::from_size_align(size, LIST_ALIGN).ok());
        let layout = layout.ok_or(Error::NotFound)?;
        // SAFETY: the size is not 0.
        let block = unsafe { alloc::alloc::alloc(layout) }.cast::<sockaddr>();
        if block.is_null() {
            return Err(Error::OutOfMemory);
        }
        for (place, address) in addresses.iter().enumerate() {
            // SAFETY: the block has room for all of them, with a stricter alignment.
            unsafe { block.add(place).write((*address).into()) };
        }
        Ok((block.expose_provenance(), addresses.len()))
    });
    code(found.map(|(block, count)| {
        // SAFETY: the library passes references to two numbers.
        unsafe {
            foreign::put(list, block);
            foreign::put(list_len, count);
        }
    }))
}

pub(in super::super) unsafe extern "C" fn bind(protocol: u8, at: *const sockaddr) -> RtFd {
    // SAFETY: the library passes a reference.
    let address = unsafe { address(at) };
    let open = address.and_then(|address| match protocol {
        PROTO_TCP => Listener::bind(address).map(Open::Listener),
        PROTO_UDP => Datagrams::bind(address).map(Open::Datagrams),
        _ => Err(Error::InvalidArgument),
    });
    descriptor(open.and_then(|open| descriptors::add(Arc::new(open))))
}

/// A listener listens from the start.
pub(in super::super) extern "C" fn listen(fd: RtFd, _backlog: u32) -> ErrorCode {
    code(descriptors::get(fd).map(drop))
}

pub(in super::super) unsafe extern "C" fn accept(fd: RtFd, from: *mut sockaddr) -> RtFd {
    let accepted = descriptors::get(fd).and_then(|open| match &*open {
        Open::Listener(listener) => listener.accept(),
        _ => Err(Error::InvalidArgument),
    });
    descriptor(accepted.and_then(|(stream, peer)| {
        // SAFETY: the library passes a reference.
        unsafe { foreign::put(from, peer.into()) };
        descriptors::add(Arc::new(Open::Stream(stream)))
    }))
}

pub(in super::super) unsafe extern "C" fn tcp_connect(
    to: *const sockaddr,
    timeout_ns: u64,
    nonblocking: bool,
) -> RtFd {
    // SAFETY: the library passes a reference.
    let address = unsafe { address(to) };
    let timeout_ns = (!nonblocking).then_some(timeout_ns);
    let stream = address.and_then(|address| Stream::connect(address, timeout_ns));
    descriptor(stream.and_then(|stream| {
        stream.options.set_waits(!nonblocking);
        descriptors::add(Arc::new(Open::Stream(stream)))
    }))
}

/// Does something with a UDP port.
fn on_datagrams<T>(fd: RtFd, work: impl FnOnce(&Datagrams) -> Result<T>) -> Result<T> {
    match &*descriptors::get(fd)? {
        Open::Datagrams(datagrams) => work(datagrams),
        _ => Err(Error::InvalidArgument),
    }
}

pub(in super::super) unsafe extern "C" fn udp_connect(fd: RtFd, to: *const sockaddr) -> ErrorCode {
    // SAFETY: the library passes a reference.
    let address = unsafe { address(to) };
    code(address.and_then(|address| on_datagrams(fd, |it| it.connect(address))))
}

pub(in super::super) unsafe extern "C" fn socket_addr(fd: RtFd, into: *mut sockaddr) -> ErrorCode {
    let address = descriptors::get(fd).and_then(|open| match &*open {
        Open::Stream(stream) => stream.ends().map(|(here, _)| here),
        Open::Listener(listener) => Ok(listener.address()),
        Open::Datagrams(datagrams) => Ok(datagrams.address()),
        _ => Err(Error::InvalidArgument),
    });
    // SAFETY: the library passes a reference.
    code(address.map(|address| unsafe { foreign::put(into, address.into()) }))
}

pub(in super::super) unsafe extern "C" fn peer_addr(fd: RtFd, into: *mut sockaddr) -> ErrorCode {
    let address = descriptors::get(fd).and_then(|open| match &*open {
        Open::Stream(stream) => stream.ends().map(|(_, there)| there),
        Open::Datagrams(datagrams) => datagrams.peer(),
        _ => Err(Error::InvalidArgument),
    });
    // SAFETY: the library passes a reference.
    code(address.map(|address| unsafe { foreign::put(into, address.into()) }))
}

/// The options of a socket, and its stream if it is one.
fn on_options<T>(fd: RtFd, work: impl FnOnce(&Options, Option<&Stream>) -> Result<T>) -> Result<T> {
    match &*descriptors::get(fd)? {
        Open::Stream(stream) => work(&stream.options, Some(stream)),
        Open::Listener(listener) => work(&listener.options, None),
        Open::Datagrams(datagrams) => work(&datagrams.options, None),
        _ => Err(Error::InvalidArgument),
    }
}

/// A number of 1 or 8 bytes; `None` for another length.
///
/// # Safety
/// The library passes the address and the size of a number.
unsafe fn option(at: usize, len: usize) -> Option<u64> {
    let at = core::ptr::with_exposed_provenance::<u8>(at);
    // SAFETY: the caller's duty.
    let bytes = unsafe { foreign::bytes(at, len) };
    match *bytes {
        [byte] => Some(byte.into()),
        _ => bytes.try_into().ok().map(u64::from_ne_bytes),
    }
}

/// Other options, such as the time to live, are `net`'s own.
pub(in super::super) unsafe extern "C" fn setsockopt(
    fd: RtFd,
    name: u64,
    at: usize,
    len: usize,
) -> ErrorCode {
    // SAFETY: the library passes the address and the size of a number.
    let Some(value) = (unsafe { option(at, len) }) else { return E_NOT_IMPLEMENTED };
    code(on_options(fd, |options, stream| {
        match name {
            SO_RCVTIMEO => options.set_receive_ns(value),
            SO_SNDTIMEO => options.set_send_ns(value),
            SO_NONBLOCKING => options.set_waits(value == 0),
            SO_NODELAY => options.set_no_delay(value != 0),
            SO_SHUTDOWN => {
                let has = |side: u8| value & u64::from(side) != 0;
                let stream = stream.ok_or(Error::NotConnected)?;
                return stream.shutdown(has(SHUTDOWN_READ), has(SHUTDOWN_WRITE));
            }
            _ => return Err(Error::NotImplemented),
        }
        Ok(())
    }))
}

pub(in super::super) unsafe extern "C" fn getsockopt(
    fd: RtFd,
    name: u64,
    at: usize,
    len: usize,
) -> ErrorCode {
    let value = on_options(fd, |options, _| match name {
        SO_RCVTIMEO => Ok(options.receive_ns()),
        SO_SNDTIMEO => Ok(options.send_ns()),
        SO_NONBLOCKING => Ok(u64::from(!options.waits())),
        SO_NODELAY => Ok(u64::from(options.no_delay())),
        // Errors are told by the call that fails.
        SO_ERROR => Ok(E_OK.into()),
        _ => Err(Error::NotImplemented),
    });
    let at = core::ptr::with_exposed_provenance_mut::<u8>(at);
    code(value.and_then(|value| {
        // SAFETY: the library passes the address and the size of a number that is initialised.
        let place = unsafe { foreign::bytes_mut(at, len) };
        let bytes = value.to_ne_bytes();
        let bytes = bytes.get(..len).ok_or(Error::InvalidArgument)?;
        place.copy_from_slice(bytes);
        Ok(())
    }))
}

pub(in super::super) unsafe extern "C" fn peek(fd: RtFd, into: *mut u8, len: usize) -> i64 {
    // SAFETY: the library passes a slice.
    let into = unsafe { foreign::bytes_mut(into, len) };
    count(descriptors::get(fd).and_then(|open| match &*open {
        Open::Stream(stream) => stream.peek(into),
        Open::Datagrams(datagrams) => datagrams.receive(into, true).map(|(count, _)| count),
        _ => Err(Error::InvalidArgument),
    }))
}

pub(in super::super) unsafe extern "C" fn udp_recv_from(
    fd: RtFd,
    into: *mut u8,
    len: usize,
    from: *mut sockaddr,
) -> i64 {
    // SAFETY: the library passes a slice, and a reference.
    unsafe { receive(fd, into, len, from, false) }
}

pub(in super::super) unsafe extern "C" fn udp_peek_from(
    fd: RtFd,
    into: *mut u8,
    len: usize,
    from: *mut sockaddr,
) -> i64 {
    // SAFETY: as above.
    unsafe { receive(fd, into, len, from, true) }
}

/// # Safety
/// The library passes a slice, and a reference.
unsafe fn receive(fd: RtFd, into: *mut u8, len: usize, from: *mut sockaddr, peek: bool) -> i64 {
    // SAFETY: the caller's duty.
    let into = unsafe { foreign::bytes_mut(into, len) };
    count(on_datagrams(fd, |it| it.receive(into, peek)).map(|(count, sender)| {
        // SAFETY: the caller's duty.
        unsafe { foreign::put(from, sender.into()) };
        count
    }))
}

pub(in super::super) unsafe extern "C" fn udp_send_to(
    fd: RtFd,
    from: *const u8,
    len: usize,
    to: *const sockaddr,
) -> i64 {
    // SAFETY: the library passes a slice, and a reference.
    let (bytes, address) = unsafe { (foreign::bytes(from, len), address(to)) };
    count(address.and_then(|address| on_datagrams(fd, |it| it.send_to(address, bytes))))
}

/// `net` joins no groups.
pub(in super::super) extern "C" fn multicast(_fd: RtFd) -> ErrorCode {
    E_NOT_IMPLEMENTED
}
