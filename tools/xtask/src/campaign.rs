//! `campaign`: random faults in servers while clients check each answer.

use crate::{build, setup, workspace};
use anyhow::{Context as _, Result};
use clap::Args;
use qemu_harness::{Campaign, campaign_results};

/// Inject random faults into servers while clients check each answer.
///
/// Kinds: kill, hang, flip-code, flip-data, flip-stack, wrong-reply, lost-notice,
/// doubled-notice, no-handles, no-memory; of drivers also flip-ring, dead-before-bell, storm.
/// Servers: store, template, names, proc; drivers: virtio-blk, nvme.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Number of faults
    #[arg(long, value_name = "N", default_value_t = 1000)]
    faults: u32,
    /// Seed of the random choices
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Number of CPUs
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=64))]
    cpus: u32,
    /// Cut the power of a disk with a volume this number of times instead: on the host, from the
    /// recorded writes of a checked workload
    #[arg(long, value_name = "N")]
    power_cuts: Option<u32>,
    /// Only in these servers
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    targets: Vec<String>,
    /// Only these kinds
    #[arg(long, value_name = "X,Y", value_delimiter = ',')]
    kinds: Vec<String>,
}

/// The command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8> {
    if let Some(cuts) = arguments.power_cuts {
        return power_cuts(cuts, arguments.seed);
    }
    setup::qemu()?;
    let images = build::with_tests(&setup::toolchain()?)?;
    let Arguments { faults, seed, cpus, targets, kinds, .. } = arguments;
    let campaign = Campaign {
        faults: *faults,
        seed: *seed,
        cpus: *cpus,
        targets: targets.clone(),
        kinds: kinds.clone(),
    };
    println!("{faults} faults from seed {seed} on {cpus} CPUs …");
    let outcome = campaign.run(&images)?;
    for line in campaign_results(&outcome) {
        println!("{line}");
    }
    if !outcome.verdict.passed() {
        println!("failed: {}", outcome.explanation().trim_end());
    }
    Ok(outcome.verdict.status())
}

/// Runs the test of the volume's server that makes images of disks (`servers/ext4`).
fn power_cuts(cuts: u32, seed: u64) -> Result<u8> {
    let mut command = workspace::host_cargo();
    command.args(["test", "--quiet", "--package", "ext4", "--lib", "many_power_cuts"]);
    command.args(["--", "--ignored", "--nocapture"]);
    command.env("POWER_CUTS", cuts.to_string()).env("POWER_SEED", seed.to_string());
    println!("{cuts} power cuts from seed {seed} …");
    Ok(u8::from(!command.status().context("cannot start cargo")?.success()))
}
