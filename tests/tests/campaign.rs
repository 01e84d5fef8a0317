//! The short form of `cargo xtask campaign`.

use anyhow::{Result, ensure};
use qemu_harness::{Campaign, Images, campaign_results};

fn some_of_each_kind() -> Result<()> {
    let cpus = std::env::var("POSTERN_CPUS").ok().and_then(|cpus| cpus.parse().ok()).unwrap_or(2);
    let (targets, kinds) = (vec![], vec![]);
    let campaign = Campaign { faults: 200, seed: 7, cpus, targets, kinds, disk_mib: None };
    let outcome = campaign.run(&Images::get()?)?;
    let results = campaign_results(&outcome).join("\n");
    ensure!(outcome.verdict.passed(), "{results}\n{outcome}");
    for line in [
        "kernel failures 0",
        "client operations lost or wrong without an error 0",
        "operations on disks that failed 0",
        "servers neither back nor given up 0",
        "memory, handles, objects back to start: yes",
    ] {
        ensure!(results.contains(line), "no line `{line}` in\n{results}");
    }
    for kind in ["kill", "hang", "flip-ring", "dead-before-bell", "storm"] {
        ensure!(results.lines().any(|line| line.starts_with(kind)), "no {kind} in\n{results}");
    }
    Ok(())
}

#[test]
fn servers_come_back_from_every_kind_of_fault_and_nothing_is_lost() {
    if let Err(error) = some_of_each_kind() {
        panic!("{error:#}");
    }
}
