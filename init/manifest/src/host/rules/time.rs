//! Budgets of time: what is promised can be kept, on the smallest machine.

use super::super::draft::{Draft, ServerDraft};
use super::super::problem::Problems;
use crate::Time;
use std::borrow::ToOwned;
use std::format;
use std::string::String;
use std::vec::Vec;

/// What may be promised of a CPU, in thousandths: the rest is init's, and the kernel's for
/// interrupts and for taking the dead apart. The smallest machine has one CPU.
const PROMISED: u64 = 900;

/// A server with a budget.
struct Budget<'d> {
    draft: &'d ServerDraft,
    name: &'d str,
    priority: u8,
    budget_us: u64,
    period_us: u64,
}

impl<'d> Budget<'d> {
    fn of(draft: &'d ServerDraft) -> Option<Self> {
        let server = &draft.server;
        let Time::Budget { budget_us, period_us } = server.time else { return None };
        let (budget_us, period_us) = (budget_us.into(), period_us.into());
        Some(Self { draft, name: &server.name, priority: server.priority, budget_us, period_us })
    }

    /// Its part of a CPU, in thousandths, rounded up.
    fn share(&self) -> u64 {
        (self.budget_us * 1000).div_ceil(self.period_us)
    }
}

fn percent(thousandths: u64) -> String {
    format!("{}.{}%", thousandths / 10, thousandths % 10)
}

/// A passive server is called; what has a budget has one thread, since that is what is bound.
pub(super) fn kinds(draft: &Draft, to: &Problems<'_>) {
    for it in &draft.servers {
        let server = &it.server;
        if server.time == Time::Clients && !server.service {
            it.problem(to, it.at, "it is `passive` but has no endpoint; add `service = true`");
        }
        let budget = matches!(server.time, Time::Budget { .. });
        if budget && server.limits.threads > 1 {
            let text = format!(
                "it has `time` and {} threads, of which one would have the budget and the others \
                 no limit; remove `threads`",
                server.limits.threads
            );
            it.problem(to, it.time_at, &text);
        }
    }
}

/// All budgets can be given, and each within its own period.
pub(super) fn admission(draft: &Draft, to: &Problems<'_>) {
    let all: Vec<_> = draft.servers.iter().filter_map(Budget::of).collect();
    let sum: u64 = all.iter().map(Budget::share).sum();
    let Some(most) = all.iter().max_by_key(|it| it.share()) else { return };
    if sum > PROMISED {
        let each = |it: &Budget<'_>| format!("`{}` {}", it.name, percent(it.share()));
        let list = all.iter().map(each).collect::<Vec<_>>().join(", ");
        let (sum, promised) = (percent(sum), percent(PROMISED));
        let text = format!(
            "the budgets of all servers are {sum} of a CPU ({list}), but {promised} can be \
             promised; lower `budget_us` or raise `period_us`"
        );
        return most.draft.problem(to, most.draft.time_at, &text);
    }
    for it in &all {
        in_time(it, &all, to);
    }
}

/// In one period of it there is room for its budget and for all that go first then: more
/// urgent ones as often as they can begin a period, equal ones as often as they can end one.
fn in_time(it: &Budget<'_>, all: &[Budget<'_>], to: &Problems<'_>) {
    let room = it.period_us * PROMISED / 1000;
    let takes = |other: &&Budget<'_>| match other.priority.cmp(&it.priority) {
        _ if other.name == it.name => 0,
        core::cmp::Ordering::Greater => it.period_us.div_ceil(other.period_us) * other.budget_us,
        core::cmp::Ordering::Equal => it.period_us / other.period_us * other.budget_us,
        core::cmp::Ordering::Less => 0,
    };
    let others: u64 = all.iter().map(|other| takes(&other)).sum();
    if others + it.budget_us > room {
        let first: Vec<_> = all
            .iter()
            .filter(|other| takes(other) > 0)
            .map(|other| other.name.to_owned())
            .collect();
        let text = format!(
            "in {} us, its period, `{}` may take {others} us before it, which leaves no {} us of \
             the {room} that can be promised; give the shorter period the higher priority",
            it.period_us,
            first.join("`, `"),
            it.budget_us
        );
        it.draft.problem(to, it.draft.time_at, &text);
    }
}
