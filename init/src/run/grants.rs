//! Which handles a server gets: exactly what the manifest lists.

use super::boot::Boot;
use super::child::Child;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use manifest::NAMES;
use sys::{Endpoint, Handle, Rights};

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
pub(crate) struct Grant {
    name: String,
    handle: Handle,
    rights: Rights,
    badge: u64,
}

impl Grant {
    fn new(name: impl ToString, handle: Handle, rights: Rights, badge: u64) -> Self {
        Self { name: name.to_string(), handle, rights, badge }
    }

    pub(crate) fn as_loader(&self) -> loader::Grant<'_> {
        (&self.name, self.handle, self.rights, self.badge)
    }
}

/// The handles of the server at this index.
pub(crate) fn of(common: &Common, children: &[Child], index: usize) -> Vec<Grant> {
    let Some(child) = children.get(index) else { return Vec::new() };
    let names = children.iter().find(|child| child.plan.name == NAMES);
    let names = names.and_then(|names| names.line.as_ref());
    let mut grants = Vec::new();
    if child.plan.name == NAMES {
        grants.extend(children.iter().filter_map(service));
    } else if let Some(names) = names {
        grants.push(Grant::new("names", names.handle(), OWN, child.number.into()));
    }
    if let Some(line) = &child.line {
        grants.push(Grant::new("endpoint", line.handle(), FOR_SERVER, 0));
    }
    if child.plan.supervisor {
        let init = common.endpoint.handle();
        grants.push(Grant::new("supervisor", init, OWN, child.number.into()));
    }
    if child.plan.spawn {
        let archive = common.boot.archive_memory.handle();
        grants.push(Grant::new("archive", archive, Rights::READ, 0));
        let lines = [("root", names), ("self", child.line.as_ref())];
        let line = |(name, line): (&str, Option<&Endpoint>)| {
            line.map(|line| Grant::new(name, line.handle(), FOR_CLIENTS, 0))
        };
        grants.extend(lines.into_iter().filter_map(line));
    }
    if let Some(bell) = &child.peers {
        grants.push(Grant::new("peers", bell.handle(), Rights::WAIT, 0));
    }
    let lasting = child.lasting.iter();
    grants.extend(lasting.map(|it| Grant::new(&it.name, it.handle.handle(), it.rights, 0)));
    grants
}

/// What `names` gets for a service.
fn service(child: &Child) -> Option<Grant> {
    let line = child.line.as_ref()?;
    Some(Grant::new(format!("service:{}", child.plan.name), line.handle(), FOR_CLIENTS, 0))
}
