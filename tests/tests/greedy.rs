//! Quotas and shares under attack: a server that takes all it can get, for ever, takes nothing
//! from others.

use anyhow::ensure;
use qemu_harness::Machine;
use system_tests::{expect, machine_with_sections, server_row, until_logged, with_machine};

/// Servers that are busy at one priority: two that work, and the attacker.
const BUSY: [&str; 2] = ["sick-works", "sick-works2"];
/// Windows of half a second that the workers count: the attack begins in the third.
const BEFORE: usize = 1;
const AFTER: std::ops::Range<usize> = 3..8;

fn sections(kind: &str) -> String {
    let worker = |name: &&str| {
        format!("[server.{name}]\npriority = 10\npages = 128\nargs = [\"works\"]\n\n")
    };
    let greedy = format!(
        "[server.sick-greedy]\npriority = 10\npages = 2048\nhandles = 512\nthreads = 24\n\
         objects = 1024\nargs = [\"greedy\", \"{kind}\"]\n"
    );
    BUSY.iter().map(worker).collect::<String>() + &greedy
}

/// Returns the log of a machine on which the attacker takes this kind as fast as it can, or all.
fn attacked(kind: &str) -> Vec<String> {
    let name = format!("greedy-{kind}");
    let machine = machine_with_sections(&name, &sections(kind));
    let mut machine = machine.unwrap_or_else(|error| panic!("{error:#}")).with_counted_time(2);
    machine.cpus = 1;
    let change = |changed: &mut Machine| {
        changed.clone_from(&machine);
        Ok(())
    };
    let outcome = with_machine(&name, change, |session| {
        until_logged(&machine, "the last window of each worker", |log| {
            BUSY.iter().all(|worker| units(log, worker).len() >= AFTER.end)
        })?;
        // More urgent servers do not notice.
        expect(session, "call template add 40 2", &["42"])?;
        let row = server_row(session, "sick-greedy")?;
        ensure!(row.contains("running") && !row.contains("fault"), "{row}");
        Ok(())
    });
    outcome.log_lines()
}

/// Returns the units of work that a worker did in each window.
fn units(log: &[String], worker: &str) -> Vec<u32> {
    let told = log.iter().filter(|line| line.contains(&format!(" {worker} ")));
    told.filter_map(|line| line.split_once("units ")?.1.split(' ').next()?.parse().ok()).collect()
}

fn others_keep_their_share(kind: &str) {
    let log = attacked(kind);
    let begun = log.iter().any(|line| line.contains("sick-greedy INFO  has 23 more threads"));
    assert!(begun, "the attack did not begin\n{}", log.join("\n"));
    for worker in BUSY {
        let units = units(&log, worker);
        assert!(units.len() >= AFTER.end, "{worker} counted only {units:?}");
        // Two had a half each, three have a third.
        let share = f64::from(units[BEFORE]) * 2.0 / 3.0;
        let kept: Vec<f64> = units[AFTER].iter().map(|it| f64::from(*it) / share).collect();
        println!("{kind:<9} {worker:<11} of its share {kept:.3?}");
        assert!(kept.iter().all(|kept| *kept >= 0.9), "{worker}: {units:?}, {kept:?}");
    }
}

#[test]
fn a_server_that_takes_all_it_can_get_leaves_others_their_share() {
    others_keep_their_share("all");
}

#[test]
fn a_server_that_makes_processes_leaves_others_their_share() {
    others_keep_their_share("processes");
}

#[test]
fn a_server_that_takes_memory_leaves_others_their_share() {
    others_keep_their_share("memory");
}

#[test]
fn a_server_that_takes_handles_leaves_others_their_share() {
    others_keep_their_share("handles");
}

#[test]
fn a_server_that_calls_without_end_leaves_others_their_share() {
    others_keep_their_share("calls");
}
