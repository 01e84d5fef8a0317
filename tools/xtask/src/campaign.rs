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
    /// Cut the power of a disk with a volume this number of times instead, with ext4 and with FAT: on
    /// the host, from the recorded writes of a checked workload
    #[arg(long, value_name = "N")]
    power_cuts: Option<u32>,
    /// Mount this number of damaged images instead, of ext4 and of FAT: on the host
    #[arg(long, value_name = "N", conflicts_with = "power_cuts")]
    damaged_images: Option<u32>,
    /// Make this number of random steps with files instead, against a model: on the host
    #[arg(long, value_name = "N", conflicts_with_all = ["power_cuts", "damaged_images"])]
    file_steps: Option<u32>,
    /// Only in these servers
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    targets: Vec<String>,
    /// Only these kinds
    #[arg(long, value_name = "X,Y", value_delimiter = ',')]
    kinds: Vec<String>,
    /// The part of each disk that its client works on, in MiB [default: half a MiB]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    disk_mib: Option<u32>,
}

/// The command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8> {
    let Arguments { power_cuts, damaged_images, file_steps, .. } = arguments;
    let counts = [power_cuts, damaged_images, file_steps];
    if let Some((count, suite)) = counts.into_iter().zip(&HOST_SUITES).find_map(of_host) {
        return suite.run(count, arguments.seed);
    }
    setup::qemu()?;
    let images = build::with_tests(&setup::toolchain()?)?;
    let Arguments { faults, seed, cpus, targets, kinds, disk_mib, .. } = arguments;
    let campaign = Campaign {
        faults: *faults,
        seed: *seed,
        cpus: *cpus,
        targets: targets.clone(),
        kinds: kinds.clone(),
        disk_mib: *disk_mib,
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

/// A long test of the volumes' servers that needs no machine.
struct HostSuite {
    what: &'static str,
    packages: &'static [&'static str],
    /// The name of its tests.
    filter: &'static str,
    /// The variables with the count and the seed.
    variables: [&'static str; 2],
}

/// In the order of their options.
const HOST_SUITES: [HostSuite; 3] = [
    HostSuite {
        what: "power cuts",
        packages: &["ext4", "fat"],
        filter: "many_power_cuts",
        variables: ["POWER_CUTS", "POWER_SEED"],
    },
    HostSuite {
        what: "damaged images",
        packages: &["ext4", "fat"],
        filter: "many_damaged_images",
        variables: ["MOUNTS", "MOUNT_SEED"],
    },
    HostSuite {
        what: "steps with files",
        packages: &["ext4"],
        filter: "many_random_operations",
        variables: ["FSX_STEPS", "FSX_SEED"],
    },
];

fn of_host(
    (count, suite): (&Option<u32>, &'static HostSuite),
) -> Option<(u32, &'static HostSuite)> {
    count.map(|count| (count, suite))
}

impl HostSuite {
    fn run(&self, count: u32, seed: u64) -> Result<u8> {
        let mut command = workspace::host_cargo();
        command.args(["test", "--quiet", "--lib"]);
        command.args(self.packages.iter().flat_map(|package| ["--package", package]));
        command.args([self.filter, "--", "--ignored", "--nocapture"]);
        let [of_count, of_seed] = self.variables;
        command.env(of_count, count.to_string()).env(of_seed, seed.to_string());
        println!("{count} {} from seed {seed} …", self.what);
        Ok(u8::from(!command.status().context("cannot start cargo")?.success()))
    }
}

#[cfg(test)]
mod tests {
    use super::HOST_SUITES;
    use crate::workspace;

    #[test]
    fn each_suite_is_an_ignored_test_that_reads_its_variables() {
        for suite in &HOST_SUITES {
            for package in suite.packages {
                let folder = workspace::root().join("servers").join(package).join("src/tests");
                let files = fs_err::read_dir(folder).unwrap();
                let found = files.map(|file| fs_err::read_to_string(file.unwrap().path()).unwrap());
                let is_test = |line: &str| line.starts_with("fn ") && line.contains(suite.filter);
                let wanted = |text: &String| {
                    text.contains("#[ignore")
                        && text.lines().any(is_test)
                        && suite.variables.iter().all(|variable| text.contains(variable))
                };
                assert!(found.into_iter().any(|text| wanted(&text)), "{} of {package}", suite.what);
            }
        }
    }
}
