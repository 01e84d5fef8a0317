//! All processes of the machine, also those that no server has made.

use super::Init;
use super::child::Child;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use init_api::{ProcessEntry, ProcessList};
use sys::{Error, Process, ProcessInfo, ProcessState};

/// As many are told in one answer.
const MOST_TOLD: usize = 256;

impl Init {
    /// All living processes but this one and the servers'.
    pub(super) fn list_processes(&self) -> Result<ProcessList, Error> {
        let servers = self.server_pids();
        let mut list = ProcessList::default();
        self.each_process(|_, info| {
            if servers.contains(&info.pid) {
                return false;
            }
            if list.processes.len() < MOST_TOLD {
                list.processes.push(entry(info));
            } else {
                list.more += 1;
            }
            false
        })?;
        Ok(list)
    }

    /// Ends a process that is no server's; false when there is none with this id.
    pub(super) fn end_process(&self, pid: u32, status: u64) -> Result<bool, Error> {
        let servers = self.server_pids();
        let mut killed = Ok(());
        let found = self.each_process(|process, info| {
            let found = info.pid == pid && !servers.contains(&pid);
            if found {
                killed = process.kill(status);
            }
            found
        })?;
        killed.map(|()| found)
    }

    fn server_pids(&self) -> Vec<u32> {
        self.children.iter().filter_map(Child::info).map(|info| info.pid).collect()
    }

    /// Looks at each process until one is found; whether one was.
    fn each_process(
        &self,
        mut look: impl FnMut(&Process, &ProcessInfo) -> bool,
    ) -> Result<bool, Error> {
        let mut slot = 0;
        loop {
            let (process, next) = self.common.boot.resource.find_process(slot)?;
            let found = process.is_some_and(|process| {
                // One that cannot tell has died meanwhile.
                process.info().is_ok_and(|info| look(&process, &info))
            });
            if found || next == 0 {
                return Ok(found);
            }
            slot = next;
        }
    }
}

fn entry(info: &ProcessInfo) -> ProcessEntry {
    let name = String::from_utf8_lossy(&info.name);
    ProcessEntry {
        pid: info.pid,
        name: name.trim_end_matches('\0').to_string(),
        suspended: info.state == ProcessState::Suspended as u32,
        priority: u8::try_from(info.limit.max_priority).unwrap_or(u8::MAX),
        pages: info.used.pages,
        handles: info.used.handles,
        threads: info.used.threads,
        user_ns: info.user_ns,
        kernel_ns: info.kernel_ns,
    }
}
