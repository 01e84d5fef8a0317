//! Which handles a server gets: exactly what the manifest lists.

use super::boot::Boot;
use super::child::Child;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use manifest::NAMES;
use sys::{BorrowedHandle, Endpoint, Rights};

/// To be served, and badged for sessions of clients.
const FOR_SERVER: Rights = Rights::RECEIVE.union(FOR_CLIENTS);
/// To be badged and passed on to clients.
const FOR_CLIENTS: Rights = Rights::SEND.union(Rights::MINT).union(Rights::TRANSFER);

/// A line of the server's own, which it may copy for its threads.
const OWN: Rights = Rights::SEND.union(Rights::TRANSFER);

/// What all servers' starts have in common.
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

/// A handle to give.
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

/// The handles of the server at this index.
pub(crate) fn of<'a>(common: &'a Common, children: &'a [Child], index: usize) -> Vec<Grant<'a>> {
    let Some(child) = children.get(index) else { return Vec::new() };
    let names = children.iter().find(|child| child.plan.name == NAMES);
    let names = names.and_then(|names| names.line.as_ref());
    let mut grants = Vec::new();
    if child.plan.name == NAMES {
        grants.extend(children.iter().filter_map(service));
    } else if let Some(names) = names {
        grants.push(Grant::new("names", names.as_handle(), OWN, child.number.into()));
    }
    if let Some(line) = &child.line {
        grants.push(Grant::new("endpoint", line.as_handle(), FOR_SERVER, 0));
    }
    if child.plan.supervisor {
        let init = common.endpoint.as_handle();
        grants.push(Grant::new("supervisor", init, OWN, child.number.into()));
    }
    if child.plan.spawn {
        let archive = common.boot.archive_memory.as_handle();
        grants.push(Grant::new("archive", archive, Rights::READ, 0));
        for (name, line) in [("root", names), ("self", child.line.as_ref())] {
            let line = line.map(Endpoint::as_handle);
            grants.extend(line.map(|line| Grant::new(name, line, FOR_CLIENTS, 0)));
        }
    }
    if let Some(bell) = &child.peers {
        grants.push(Grant::new("peers", bell.as_handle(), Rights::WAIT, 0));
    }
    let lasting = child.lasting.iter();
    grants.extend(lasting.map(|it| Grant::new(&it.name, it.handle.as_handle(), it.rights, 0)));
    grants
}

/// What `names` gets for a service.
fn service(child: &Child) -> Option<Grant<'_>> {
    let line = child.line.as_ref()?;
    Some(Grant::new(format!("service:{}", child.plan.name), line.as_handle(), FOR_CLIENTS, 0))
}
