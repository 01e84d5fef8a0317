//! Taking stock: everything stands still, every server has a new life in which each client has
//! used it once, all is counted.

use crate::books::{REST, RESTING, TARGETS, TURN, TURNS_DONE};
use crate::clients;
use core::sync::atomic::Ordering;
use init_api::{ServerState, SystemClient};
use rt::Failure;

const POLL_NS: u64 = 1_000_000;
const LIMIT_NS: u64 = 20_000_000_000;
/// After the last answer, until what ended is taken apart.
const QUIET_NS: u64 = 100_000_000;

/// What there is: the same before and after, if nothing was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stock {
    pub(crate) frames_free: u64,
    pub(crate) processes: u64,
    pub(crate) threads: u64,
    pub(crate) handles: u64,
    pub(crate) objects: u64,
}

/// Lets the clients rest, renews all targets, counts, lets them go on.
pub(crate) fn take_stock(init: &SystemClient) -> Result<Stock, Failure> {
    REST.store(true, Ordering::Release);
    until(|| Ok(RESTING.load(Ordering::Acquire) == clients::COUNT))?;
    for target in TARGETS {
        init.kill(target, 9)?;
    }
    until(|| {
        let servers = init.servers()?;
        let running = |name: &&str| {
            let server = servers.iter().find(|server| server.name == **name);
            server.is_some_and(|server| server.state == ServerState::Running)
        };
        Ok(TARGETS.iter().all(running))
    })?;
    // A server that runs may be on its way up; one that answers is not.
    let turn = TURN.fetch_add(1, Ordering::AcqRel) + 1;
    until(|| Ok(TURNS_DONE.load(Ordering::Acquire) == turn * clients::COUNT))?;
    sys::sleep_for(QUIET_NS);
    let info = sys::system_info()?;
    REST.store(false, Ordering::Release);
    Ok(Stock {
        frames_free: info.frames_free,
        processes: info.processes,
        threads: info.threads,
        handles: info.handles,
        objects: info.objects,
    })
}

fn until(mut done: impl FnMut() -> Result<bool, Failure>) -> Result<(), Failure> {
    let end = sys::clock() + LIMIT_NS;
    while sys::clock() < end {
        if done()? {
            return Ok(());
        }
        sys::sleep_for(POLL_NS);
    }
    Err(Failure::from("the system did not come to rest"))
}
