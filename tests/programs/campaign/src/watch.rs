//! How a fault shows, and when the server does its work again.

use crate::books::{BOOKS, TARGETS};
use crate::faults::Kind;
use alloc::string::{String, ToString};
use init_api::{ServerState, SystemClient};
use rt::Failure;
use sys::{Process, ProcessState};

const POLL_NS: u64 = 300_000;
/// So long is looked for an effect of what need not have one.
const WINDOW_NS: u64 = 15_000_000;
/// So long a server may take to be back.
const LIMIT_NS: u64 = 40_000_000_000;
/// Right operations that show that it works.
const ENOUGH: u64 = 2;

/// What was seen of a fault.
pub(crate) struct Seen {
    pub(crate) shown: Shown,
    /// From the fault to the server's death: until it showed, or was found.
    pub(crate) detection_ns: u64,
    /// From the server's death until it did its work again.
    pub(crate) recovery_ns: u64,
}

/// How it showed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shown {
    /// The server died, by this.
    Died(String),
    /// Operations failed or were refused, and the server lived.
    Told,
    /// Nothing was seen.
    Nothing,
    /// The server was given up, as its policy says.
    GivenUp,
    /// It never worked again, and was not given up.
    Lost,
}

/// What a target's book said before the fault.
#[derive(Clone, Copy)]
pub(crate) struct Before {
    pub(crate) at_ns: u64,
    told: u64,
}

pub(crate) fn before(target: usize) -> Before {
    Before { at_ns: sys::clock(), told: BOOKS[target].told() }
}

fn is_dead(process: &Process) -> bool {
    process.info().is_ok_and(|info| info.state == ProcessState::Dead as u32)
}

/// Watches a server after a fault.
pub(crate) fn watch(
    init: &SystemClient,
    target: usize,
    process: &Process,
    kind: Kind,
    before: Before,
) -> Result<Seen, Failure> {
    let end = before.at_ns + LIMIT_NS;
    let start = BOOKS[target].right();
    let mut died = None;
    while sys::clock() < end {
        let (now, right) = (sys::clock(), BOOKS[target].right());
        match died {
            None if is_dead(process) => died = Some((now, right)),
            None => {
                let told = BOOKS[target].told() - before.told;
                let works = right >= start + ENOUGH;
                // What is damaged for good may fail for good, as long as it says so.
                let fails = kind.lasts() && told >= ENOUGH;
                let over = !kind.is_fatal() && now > before.at_ns + WINDOW_NS;
                if over && (works || fails) {
                    let shown = if told > 0 { Shown::Told } else { Shown::Nothing };
                    return Ok(Seen { shown, detection_ns: 0, recovery_ns: 0 });
                }
            }
            Some((at_ns, then)) if right >= then + ENOUGH => {
                let shown = Shown::Died(cause(init, target, before.at_ns));
                let (detection_ns, recovery_ns) = (at_ns - before.at_ns, now - at_ns);
                return Ok(Seen { shown, detection_ns, recovery_ns });
            }
            Some(_) => {}
        }
        sys::sleep_for(POLL_NS);
    }
    let servers = init.servers()?;
    let state = servers.iter().find(|server| server.name == TARGETS[target]);
    let given_up = state.is_some_and(|server| matches!(server.state, ServerState::GivenUp { .. }));
    let shown = if given_up { Shown::GivenUp } else { Shown::Lost };
    Ok(Seen { shown, detection_ns: 0, recovery_ns: LIMIT_NS })
}

/// What init wrote down about the death.
fn cause(init: &SystemClient, target: usize, since_ns: u64) -> String {
    let records = init.faults().unwrap_or_default();
    let of_it = |record: &&init_api::FaultRecord| {
        record.server == TARGETS[target] && record.at_ns >= since_ns
    };
    records.iter().rev().find(of_it).map_or("killed".to_string(), |record| record.kind.clone())
}

/// A new life without a fault: what flipped bits left goes with the old one.
pub(crate) fn renew(target: usize, process: &Process) -> bool {
    let _ = process.kill(abi::KILLED + 15);
    let end = sys::clock() + LIMIT_NS;
    let mut then = None;
    while sys::clock() < end {
        let right = BOOKS[target].right();
        match then {
            None if is_dead(process) => then = Some(right),
            Some(then) if right >= then + ENOUGH => return true,
            _ => {}
        }
        sys::sleep_for(POLL_NS);
    }
    false
}
