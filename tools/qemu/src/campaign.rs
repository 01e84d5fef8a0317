//! A campaign of faults: a system of servers, clients and one program that injects.

use crate::{Backend, Controller, Disk, Format, Images, Outcome};
use anyhow::Result;
use std::time::Duration;

/// Memory of such a machine in MiB.
const MEMORY: u32 = 128;
/// The limit of boot, warm-up and end.
const MORE: Duration = Duration::from_secs(180);
/// The limit of a fault with its consequences.
const EACH: Duration = Duration::from_millis(400);
/// The first words of the program's results in the log.
const MARK: &str = "| ";

/// A campaign.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// Number of faults.
    pub faults: u32,
    /// The same seed makes the same choices; their times vary.
    pub seed: u64,
    /// Number of CPUs.
    pub cpus: u32,
    /// Servers; none: all.
    pub targets: Vec<String>,
    /// Kinds of faults; none: all.
    pub kinds: Vec<String>,
    /// The part of each disk that its client works on, in MiB; none: half a MiB of a scratch disk.
    pub disk_mib: Option<u32>,
}

impl Campaign {
    /// Runs it. Returns its end.
    ///
    /// # Errors
    /// When the machine cannot be started.
    pub fn run(&self, images: &Images) -> Result<Outcome> {
        let machine = images.machine("campaign").with_archive(&images.campaign);
        let mut machine = machine.with_cpus(self.cpus);
        let (targets, kinds) = (self.targets.join(","), self.kinds.join(","));
        let Self { faults, seed, .. } = self;
        machine.append(&format!(
            "faults={faults} seed={seed} targets={targets} kinds={kinds} log=info"
        ))?;
        machine.memory_mib = MEMORY;
        machine.disks.push(Disk { controller: Controller::Nvme, backend: Backend::Scratch });
        if let Some(mib) = self.disk_mib {
            machine.append(&format!("disk-mib={mib}"))?;
            let backend = sparse(images, mib)?;
            machine.disks.iter_mut().for_each(|disk| disk.backend = backend.clone());
        }
        Ok(machine.start()?.finish(MORE + EACH * self.faults))
    }
}

/// A disk of zeros of this size; writes are dropped at the end.
fn sparse(images: &Images, mib: u32) -> Result<Backend> {
    let file = images.campaign.with_file_name(format!("campaign-{mib}-mib.img"));
    // Others may be at it; each sets the same size.
    let opened = fs_err::OpenOptions::new().write(true).create(true).open(&file)?;
    opened.set_len(u64::from(mib) << 20)?;
    Ok(Backend::File { file, format: Format::Raw, kept: false })
}

/// The results that the program wrote into the log.
pub fn results(outcome: &Outcome) -> Vec<String> {
    let lines = outcome.log_lines();
    let result = |line: &String| {
        let text = line.split_once(MARK)?.1;
        // The place in the source, in the program's own folder.
        Some(text.rsplit_once(" (").map_or(text, |(text, _)| text).to_owned())
    };
    lines.iter().filter_map(result).collect()
}
