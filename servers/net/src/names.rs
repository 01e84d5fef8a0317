//! Names.

use crate::Shared;
use crate::stack::Stack;
use alloc::vec::Vec;
use net_api::{Address, NAME_MAX, NetError};
use smoltcp::iface::SocketHandle;
use smoltcp::socket::dns::{self, GetQueryResultError, QueryHandle, StartQueryError};
use smoltcp::wire::DnsQueryType;

/// The addresses of a name, those of IPv4 first.
///
/// # Errors
/// [`NetError::NoName`], [`NetError::NoNameServer`], [`NetError::TooMany`].
pub(crate) async fn resolve(shared: &Shared, name: &str) -> Result<Vec<Address>, NetError> {
    if let Ok(address) = name.parse() {
        return Ok(alloc::vec![address]);
    }
    if name == "localhost" {
        return Ok(alloc::vec![Address::V4([127, 0, 0, 1])]);
    }
    if name.len() > NAME_MAX {
        return Err(NetError::NoName);
    }
    let mut addresses = query(shared, name, DnsQueryType::A).await.or_else(none)?;
    // A name without an address of one kind is no error of the other.
    addresses.extend(query(shared, name, DnsQueryType::Aaaa).await.or_else(none)?);
    if addresses.is_empty() { Err(NetError::NoName) } else { Ok(addresses) }
}

fn none(error: NetError) -> Result<Vec<Address>, NetError> {
    if error == NetError::NoName { Ok(Vec::new()) } else { Err(error) }
}

async fn query(shared: &Shared, name: &str, kind: DnsQueryType) -> Result<Vec<Address>, NetError> {
    let query = Query::start(shared, name, kind)?;
    shared.kick();
    shared.until(|stack| query.result(stack)).await
}

/// A query; dropped before its end it gives its place back.
struct Query<'a> {
    shared: &'a Shared,
    mac: [u8; 6],
    handle: core::cell::Cell<Option<QueryHandle>>,
}

impl<'a> Query<'a> {
    fn start(shared: &'a Shared, name: &str, kind: DnsQueryType) -> Result<Self, NetError> {
        let stack = &mut *shared.stack();
        let (face, dns, mac) = find(stack).ok_or(NetError::NoNameServer)?;
        let face = stack.faces.get_mut(face).ok_or(NetError::NoNameServer)?;
        if face.name_servers.is_empty() {
            return Err(NetError::NoNameServer);
        }
        let socket = face.sockets.get_mut::<dns::Socket<'_>>(dns);
        let started = socket.start_query(face.iface.context(), name, kind);
        let handle = started.map_err(|error| match error {
            StartQueryError::NoFreeSlot => NetError::TooMany,
            StartQueryError::InvalidName | StartQueryError::NameTooLong => NetError::NoName,
        })?;
        Ok(Self { shared, mac, handle: core::cell::Cell::new(Some(handle)) })
    }

    /// Its result, once it has one; asked for no more after that.
    fn result(&self, stack: &mut Stack) -> Option<Result<Vec<Address>, NetError>> {
        let Some(handle) = self.handle.get() else { return Some(Err(NetError::NoName)) };
        let Some((face, dns, mac)) = find(stack) else {
            return Some(Err(NetError::NoNameServer));
        };
        if mac != self.mac {
            // Another card: its sockets are others.
            self.handle.set(None);
            return Some(Err(NetError::NoNameServer));
        }
        let face = stack.faces.get_mut(face)?;
        let result = face.sockets.get_mut::<dns::Socket<'_>>(dns).get_query_result(handle);
        if matches!(result, Err(GetQueryResultError::Pending)) {
            return None;
        }
        self.handle.set(None);
        let all = |found: &[smoltcp::wire::IpAddress]| {
            found.iter().map(|it| core::net::IpAddr::from(*it).into()).collect()
        };
        Some(result.map(|found| all(&found)).map_err(|_| NetError::NoName))
    }
}

impl Drop for Query<'_> {
    fn drop(&mut self) {
        let Some(handle) = self.handle.get() else { return };
        let stack = &mut *self.shared.stack();
        if let Some((face, dns, mac)) = find(stack)
            && mac == self.mac
            && let Some(face) = stack.faces.get_mut(face)
        {
            face.sockets.get_mut::<dns::Socket<'_>>(dns).cancel_query(handle);
        }
    }
}

/// The interface that asks servers of names, its socket for that, and its card.
fn find(stack: &Stack) -> Option<(usize, SocketHandle, [u8; 6])> {
    stack.faces.iter().enumerate().find_map(|(number, face)| {
        let crate::phy::Phy::Card(card) = &face.phy else { return None };
        Some((number, face.dns?, card.link.mac))
    })
}
