//! Looks into the handle tables of all processes that init knows.

use super::Init;
use super::child::Child;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use init_api::{GraphInfo, LinkInfo};
use init_core::Holder;
use manifest::INIT_PRIORITY;
use sys::{Endpoint, Error, HandleRecord, Process, Quota, Rights};

/// Of a process that only holds handles, and is taken apart as urgently as init runs.
const PROBE: Quota = Quota {
    pages: 8,
    handles: 128,
    threads: 0,
    objects: 8,
    max_priority: INIT_PRIORITY as u32,
    reserved: 0,
};

impl Init {
    /// Who can call whom now.
    pub(super) fn look_at_links(&self) -> Result<GraphInfo, Error> {
        let all = sys::system_info()?.living;
        let children = self.children.iter().filter_map(Child::process);
        let adopted = self.children.iter().flat_map(Child::adopted);
        let holders: Vec<Holder> = children.chain(adopted).filter_map(holder).collect();
        let links = init_core::links(&holders, &self.lines_by_object()?).into_iter();
        let known = holders.len() as u64 + 1;
        Ok(GraphInfo {
            links: links.map(|(client, server)| LinkInfo { client, server }).collect(),
            unseen: all.saturating_sub(known),
        })
    }

    /// The endpoints of all servers and of init, by the kernel's number for them. Handles do
    /// not tell it to their holder, so a process that never runs holds copies of them.
    fn lines_by_object(&self) -> Result<Vec<(u64, String)>, Error> {
        let own = (&self.common.endpoint, manifest::INIT);
        let lines = self.children.iter();
        let lines =
            lines.filter_map(|child| Some((child.line.as_ref()?, child.plan.name.as_str())));
        let all: Vec<(&Endpoint, &str)> = lines.chain([own]).collect();
        let probe = Process::create("probe", &PROBE, None)?;
        let asked = ask(&probe, &all);
        probe.kill(0)?;
        asked
    }
}

fn ask(probe: &Process, lines: &[(&Endpoint, &str)]) -> Result<Vec<(u64, String)>, Error> {
    let given = lines.iter().map(|(line, name)| Ok((probe.give(*line, Rights::SEND, 0)?, *name)));
    let given: Vec<_> = given.collect::<Result<_, Error>>()?;
    let records = probe.handles()?;
    let named = |record: &HandleRecord| {
        let found = given.iter().find(|(handle, _)| handle.0 == record.handle)?;
        Some((record.object, found.1.to_string()))
    };
    Ok(records.iter().filter_map(named).collect())
}

/// A process with its handles, as long as it lives.
fn holder(process: &Process) -> Option<Holder> {
    let info = process.info().ok()?;
    let name = String::from_utf8_lossy(&info.name);
    Some((name.trim_end_matches('\0').to_string(), process.handles().ok()?))
}
