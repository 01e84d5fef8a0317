//! The call graph as it is: read from the handle tables of all processes that init knows.

use super::Init;
use super::child::Child;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use init_api::{GraphInfo, LinkInfo};
use init_core::Holder;
use manifest::INIT_PRIORITY;
use sys::{Endpoint, Error, HandleRecord, Process, Quota, Rights};

/// Quota of a process that only holds handles. Its priority, init's, is that of its reaping.
const PROBE: Quota = Quota {
    pages: 8,
    handles: 128,
    threads: 0,
    objects: 8,
    max_priority: INIT_PRIORITY as u32,
    reserved: 0,
};

impl Init {
    /// Returns the links from clients to the servers that they can call now.
    pub(super) fn current_links(&self) -> Result<GraphInfo, Error> {
        let all = sys::system_info()?.living;
        let children = self.children.iter().filter_map(Child::process);
        let adopted = self.children.iter().flat_map(Child::adopted);
        let holders: Vec<Holder> = children.chain(adopted).filter_map(holder).collect();
        let links = init_core::links(&holders, &self.endpoints_by_object()?).into_iter();
        let known = holders.len() as u64 + 1;
        Ok(GraphInfo {
            links: links.map(|(client, server)| LinkInfo { client, server }).collect(),
            unseen: all.saturating_sub(known),
        })
    }

    /// Returns the names of all servers and init, by the kernel's number of their endpoints. A
    /// handle does not show that number to its holder, so a process that never runs holds copies.
    fn endpoints_by_object(&self) -> Result<Vec<(u64, String)>, Error> {
        let own = (&self.common.endpoint, manifest::INIT);
        let servers = self.children.iter();
        let servers =
            servers.filter_map(|child| Some((child.endpoint.as_ref()?, child.plan.name.as_str())));
        let all: Vec<(&Endpoint, &str)> = servers.chain([own]).collect();
        let probe = Process::create("probe", &PROBE, None)?;
        let objects = objects_of(&probe, &all);
        probe.kill(0)?;
        objects
    }
}

fn objects_of(
    probe: &Process,
    endpoints: &[(&Endpoint, &str)],
) -> Result<Vec<(u64, String)>, Error> {
    let give = |(endpoint, name): &(&Endpoint, &'_ str)| {
        Ok((probe.give(*endpoint, Rights::SEND, 0)?, name.to_string()))
    };
    let given: Vec<_> = endpoints.iter().map(give).collect::<Result<_, Error>>()?;
    let records = probe.handles()?;
    let named = |record: &HandleRecord| {
        let found = given.iter().find(|(handle, _)| handle.0 == record.handle)?;
        Some((record.object, found.1.clone()))
    };
    Ok(records.iter().filter_map(named).collect())
}

/// Returns a living process with its handles.
fn holder(process: &Process) -> Option<Holder> {
    let info = process.info().ok()?;
    let name = String::from_utf8_lossy(&info.name);
    Some((name.trim_end_matches('\0').to_string(), process.handles().ok()?))
}
