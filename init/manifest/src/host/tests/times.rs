//! Budgets of time, and passive servers.

use super::{GOOD, PROGRAMS, check, one, problems};
use crate::{Time, decode, encode};
use std::format;
use std::string::String;

/// The good system with `time` for these servers: (name, budget, period).
fn timed(budgets: &[(&str, u32, u32)]) -> String {
    let add = |text: String, (name, budget, period): &(&str, u32, u32)| {
        let time = format!("time = {{ budget_us = {budget}, period_us = {period} }}");
        let section = format!("[server.{name}]");
        text.replacen(&section, &format!("{section}\n{time}"), 1)
    };
    budgets.iter().fold(String::from(GOOD), add)
}

#[test]
fn times_are_read() {
    let text = timed(&[("shell", 3000, 10_000)]).replacen("clients", "passive = true\nclients", 1);
    let system = check(&text, "s.toml", &PROGRAMS, 1000).unwrap();
    let shell = system.server("shell").unwrap();
    assert_eq!(shell.time, Time::Budget { budget_us: 3000, period_us: 10_000 });
    assert_eq!(system.server("console").unwrap().time, Time::Clients);
    assert_eq!(system.server("names").unwrap().time, Time::Own);
    assert_eq!(decode(&encode(&system)).as_ref(), Some(&system));
}

#[test]
fn budgets_are_promised_only_as_far_as_there_is_time() {
    let good = timed(&[("shell", 3000, 10_000), ("console", 6000, 10_000)]);
    assert!(check(&good, "s.toml", &PROGRAMS, 1000).is_ok(), "90% exactly");
    let wrong =
        timed(&[("names", 100, 10_000), ("shell", 3000, 10_000), ("console", 6000, 10_000)]);
    assert_eq!(
        problems(&wrong),
        [
            "s.toml:8: server `console`: the budgets of all servers are 91.0% of a CPU (`names` 1.0%, \
          `console` 60.0%, `shell` 30.0%), but 90.0% can be promised; lower `budget_us` or raise \
          `period_us`"
        ]
    );
}

#[test]
fn a_budget_can_be_had_within_its_own_period() {
    // Half of a second for the more urgent one: 200 periods of the other go by.
    let wrong = timed(&[("shell", 1000, 2500), ("console", 500_000, 1_000_000)]);
    assert_eq!(
        problems(&wrong),
        ["s.toml:26: server `shell`: in 2500 us, its period, `console` may take 500000 us before \
          it, which leaves no 1000 us of the 2250 that can be promised; give the shorter period the \
          higher priority"]
    );
    let good = timed(&[("shell", 500_000, 1_000_000), ("console", 1000, 2500)]);
    assert!(check(&good, "s.toml", &PROGRAMS, 1000).is_ok());
}

#[test]
fn what_times_need() {
    one(
        "supervisor = true",
        "passive = true",
        "s.toml:24: server `shell`: it is `passive` but has no endpoint; add `service = true`",
    );
    one(
        "supervisor = true",
        "threads = 2\ntime = { budget_us = 100, period_us = 1000 }",
        "s.toml:29: server `shell`: it has `time` and 2 threads, of which one would have the budget and the others no limit; remove `threads`",
    );
    one(
        "service = true",
        "service = true\npassive = true\ntime = { budget_us = 100, period_us = 1000 }",
        "s.toml:6: server `names`: it is `passive` and has `time`; a passive server works on its clients' time, so remove one",
    );
    one(
        "supervisor = true",
        "time = { budget_us = 2000, period_us = 1000 }",
        "s.toml:28: server `shell`, `time`: `budget_us` is 2000, but must be 10 to 1000",
    );
}
