//! Machines whose manifest has more sections than the usual one.

use anyhow::{Context as _, Result, bail};
use manifest::System;
use qemu_harness::{Archive, Images, Machine, root};

/// What these machines have: more than the smallest.
const MEMORY_MIB: u32 = 160;
/// Pages that their programs may have.
const USER_PAGES: u32 = (MEMORY_MIB - 20) * 256;

/// A machine with these sections behind those of the system's manifest. A server or program
/// `NAME-SOMETHING` that is not built is the program `NAME`.
///
/// # Errors
/// When the manifest is wrong, or a program is missing.
pub fn machine_with_sections(name: &str, sections: &str) -> Result<Machine> {
    machine_with_changes(name, sections, |_| ())
}

/// A machine whose memory can be counted: without the servers that keep more the longer it runs.
/// Volumes cache files, and `syslog` keeps lines.
///
/// # Errors
/// As for [`machine_with_sections`].
pub fn machine_without_caches(name: &str) -> Result<Machine> {
    machine_with_changes(name, "", |system| {
        system.servers.retain(|server| server.volume.is_none() && server.name != "syslog");
    })
}

/// The same as [`machine_with_sections`]; what the change makes of the manifest is not checked.
///
/// # Errors
/// As for [`machine_with_sections`].
pub fn machine_with_changes(
    name: &str,
    sections: &str,
    change: impl FnOnce(&mut System),
) -> Result<Machine> {
    let images = Images::get()?;
    let text = std::fs::read_to_string(root().join("init/system.toml"))? + sections;
    let mut system = checked(&text)?;
    change(&mut system);
    let mut archive = Archive::read(&images.archive)?;
    for file in system.program_files() {
        if archive.get(file).is_none() {
            let program = file.split_once('-').map_or(file, |(program, _)| program);
            archive.set(file, images.program(file).or_else(|_| images.program(program))?);
        }
    }
    archive.set(manifest::FILE, manifest::encode(&system));
    let file = images.archive.with_file_name(format!("boot-{name}.tar"));
    archive.write(&file)?;
    let mut machine = images.machine(name).with_archive(&file);
    machine.memory_mib = MEMORY_MIB;
    Ok(machine)
}

fn checked(text: &str) -> Result<System> {
    let names = manifest::mentioned_programs(text);
    match manifest::check(text, "the test's manifest", &names, USER_PAGES) {
        Ok(system) => Ok(system),
        Err(problems) => {
            let problem = problems.first().context("no problem is named")?;
            bail!("{problem}")
        }
    }
}
