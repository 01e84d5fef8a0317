//! The handles of a server: exactly those that the manifest lists.

use super::boot::Boot;
use super::child::Child;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use manifest::NAMES;
use sys::{BorrowedHandle, Endpoint, Rights};

/// Rights to receive, and to mint badged copies for the sessions of clients.
const FOR_SERVER: Rights = Rights::RECEIVE.union(FOR_CLIENTS);
/// Rights to mint badged copies and pass them on to clients.
const FOR_CLIENTS: Rights = Rights::SEND.union(Rights::MINT).union(Rights::TRANSFER);

/// Rights of a server's own handle to call another one, which it may copy for its threads.
const OWN: Rights = Rights::SEND.union(Rights::TRANSFER);

/// The part of a start that all servers share.
pub(crate) struct Common {
    pub(crate) boot: Boot,
    /// init's own endpoint: the System service and faults.
    pub(crate) endpoint: Endpoint,
}

impl Common {
    pub(crate) fn new(boot: Boot, endpoint: Endpoint) -> Self {
        Self { boot, endpoint }
    }
}

/// A handle that the server receives at its start.
pub(crate) struct Grant<'a> {
    name: String,
    handle: BorrowedHandle<'a>,
    rights: Rights,
    badge: u64,
}

impl<'a> Grant<'a> {
    fn new(name: impl ToString, handle: BorrowedHandle<'a>, rights: Rights, badge: u64) -> Self {
        Self { name: name.to_string(), handle, rights, badge }
    }

    pub(crate) fn as_loader(&self) -> loader::Grant<'_> {
        (&self.name, self.handle, self.rights, self.badge)
    }
}

/// Returns the handles of the server at this index.
pub(crate) fn of<'a>(common: &'a Common, children: &'a [Child], index: usize) -> Vec<Grant<'a>> {
    let Some(child) = children.get(index) else { return Vec::new() };
    let names = children.iter().find(|child| child.plan.name == NAMES);
    let names = names.and_then(|names| names.endpoint.as_ref());
    let mut grants = Vec::new();
    if child.plan.name == NAMES {
        grants.extend(children.iter().filter_map(service));
    } else if let Some(names) = names {
        grants.push(Grant::new("names", names.as_handle(), OWN, child.number.into()));
    }
    if let Some(endpoint) = &child.endpoint {
        grants.push(Grant::new("endpoint", endpoint.as_handle(), FOR_SERVER, 0));
    }
    if child.plan.supervisor || child.plan.observer {
        let init = common.endpoint.as_handle();
        grants.push(Grant::new("supervisor", init, OWN, child.number.into()));
    }
    if child.plan.reads_archive() {
        let archive = common.boot.archive_memory.as_handle();
        grants.push(Grant::new("archive", archive, Rights::READ, 0));
    }
    if child.plan.spawn {
        for (name, endpoint) in [("root", names), ("self", child.endpoint.as_ref())] {
            let handle = endpoint.map(Endpoint::as_handle);
            grants.extend(handle.map(|handle| Grant::new(name, handle, FOR_CLIENTS, 0)));
        }
    }
    let devices = if child.plan.bus { Rights::DEVICE } else { Rights::NONE };
    let log = if child.plan.log { Rights::READ } else { Rights::NONE };
    if child.plan.bus || child.plan.log {
        let resource = common.boot.resource.as_handle();
        grants.push(Grant::new("resource", resource, devices | log, 0));
    }
    if let Some(bell) = &child.peers {
        grants.push(Grant::new("peers", bell.as_handle(), Rights::WAIT, 0));
    }
    let lasting = child.lasting.iter();
    grants.extend(lasting.map(|it| Grant::new(&it.name, it.handle.as_handle(), it.rights, 0)));
    grants
}

/// Returns the handle that `names` gets for a service.
fn service(child: &Child) -> Option<Grant<'_>> {
    let endpoint = child.endpoint.as_ref()?.as_handle();
    Some(Grant::new(format!("service:{}", child.plan.name), endpoint, FOR_CLIENTS, 0))
}
