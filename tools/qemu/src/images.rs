//! The images that `cargo xtask` builds, for tests.
//!
//! `cargo xtask test` sets, with absolute paths:
//!
//! | variable | what |
//! |---|---|
//! | `POSTERN_KERNEL` | the ELF of the kernel with debug checks, stripped |
//! | `POSTERN_ARCHIVE` | the boot archive |
//! | `POSTERN_PROGRAMS` | the folder of all user programs, stripped, test programs among them |
//! | `POSTERN_BIOS`, `POSTERN_UEFI` | the disk images |
//! | `POSTERN_XTASK` | the program `xtask` itself |
//! | `POSTERN_CPUS` | how many CPUs the machines of tests have, unless a test says so itself |
//!
//! Without them (a plain `cargo test`) [`Images::get`] runs `cargo xtask build --tests` first and
//! [`Images::bios`] `cargo xtask image`.

use crate::{Boot, Disk, Elfs, Machine, Network, root};
use anyhow::{Context as _, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The file name of the kernel that has the debug checks.
const CHECKED: &str = "postern-checks";

/// The images of a build.
#[derive(Clone, Debug)]
pub struct Images {
    /// The kernel's ELF, stripped.
    pub kernel: PathBuf,
    /// The boot archive.
    pub archive: PathBuf,
    /// The one for campaigns of faults.
    pub campaign: PathBuf,
    /// The folder of all user programs, stripped.
    pub programs: PathBuf,
    /// The system's volume.
    pub volume: PathBuf,
    target: PathBuf,
}

impl Images {
    /// The images of `cargo xtask build` in this target folder.
    pub fn in_target(target: &Path) -> Self {
        let folder = target.join("image");
        Self {
            kernel: folder.join("postern"),
            archive: folder.join("boot.tar"),
            campaign: folder.join("campaign.tar"),
            programs: folder.join("programs"),
            volume: folder.join("root.img"),
            target: target.to_owned(),
        }
    }

    /// The same with the kernel that has the debug checks, which tests boot.
    pub fn with_checks(target: &Path) -> Self {
        let kernel = target.join("image").join(CHECKED);
        Self { kernel, ..Self::in_target(target) }
    }

    /// Where the programs with their debug information are.
    pub fn elfs(&self) -> Elfs {
        if self.kernel.file_name().is_some_and(|name| name == CHECKED) {
            Elfs::with_checks(&self.target)
        } else {
            Elfs::in_target(&self.target)
        }
    }

    /// The images of this test run; builds those that are not there.
    ///
    /// # Errors
    /// When the build fails.
    pub fn get() -> Result<Self> {
        static BUILT: OnceLock<Result<(), String>> = OnceLock::new();
        let mut images = Self::with_checks(&root().join("target"));
        if std::env::var_os("POSTERN_KERNEL").is_none() {
            let built =
                BUILT.get_or_init(|| xtask(&["build", "--tests"]).map_err(|e| format!("{e:#}")));
            built.clone().map_err(anyhow::Error::msg)?;
        }
        let set = |variable: &str, path: &mut PathBuf| {
            if let Some(value) = std::env::var_os(variable) {
                *path = value.into();
            }
        };
        set("POSTERN_KERNEL", &mut images.kernel);
        set("POSTERN_ARCHIVE", &mut images.archive);
        set("POSTERN_PROGRAMS", &mut images.programs);
        Ok(images)
    }

    /// A machine that boots these directly. `name` names its log, `target/logs/NAME.log`.
    pub fn machine(&self, name: &str) -> Machine {
        let boot = Boot::Direct {
            kernel: self.kernel.clone(),
            archive: self.archive.clone(),
            command_line: String::new(),
        };
        self.machine_with(boot, name)
    }

    /// A machine that boots anything; its log is found as for [`Images::machine`]. Limits count
    /// its own time. It has the devices of `cargo xtask run`: a disk with the system's volume, whose
    /// changes are dropped, a random source, a network that ends at its gateway.
    pub fn machine_with(&self, boot: Boot, name: &str) -> Machine {
        let log = self.target.join("logs").join(format!("{name}.log"));
        let mut machine = Machine::new(boot, log, self.elfs()).with_cpus(cpus());
        machine.patient = true;
        machine.disks.push(Disk::volume(&self.volume));
        machine.random = true;
        machine.network = Some(Network::default());
        machine
    }

    /// The boot archive with one more program, beside the usual one.
    ///
    /// # Errors
    /// When there is no such program.
    pub fn archive_with(&self, name: &str) -> Result<PathBuf> {
        self.archive_with_all(name, &[name])
    }

    /// The same with several; `name` names the file.
    ///
    /// # Errors
    /// When there is no such program.
    pub fn archive_with_all(&self, name: &str, programs: &[&str]) -> Result<PathBuf> {
        let file = self.archive.with_file_name(format!("boot-{name}.tar"));
        let mut archive = crate::Archive::read(&self.archive)?;
        for program in programs {
            archive.set(program, self.program(program)?);
        }
        let bytes = archive.to_bytes()?;
        // Another machine may be booting from it.
        if std::fs::read(&file).is_ok_and(|old| old == bytes) {
            return Ok(file);
        }
        // Another thread of this process may write the same draft.
        let writer = std::thread::current().id();
        let draft = file.with_extension(format!("{}-{writer:?}.tar", std::process::id()));
        fs_err::write(&draft, bytes)?;
        fs_err::rename(&draft, &file)?;
        Ok(file)
    }

    /// The stripped ELF of a program, as it goes into an archive.
    ///
    /// # Errors
    /// When there is no such program.
    pub fn program(&self, name: &str) -> Result<Vec<u8>> {
        Ok(fs_err::read(self.programs.join(name))?)
    }

    /// The BIOS disk image; makes one that is not there.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn bios(&self) -> Result<PathBuf> {
        self.disk_image("POSTERN_BIOS", "bios")
    }

    /// The UEFI disk image; makes one that is not there.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn uefi(&self) -> Result<PathBuf> {
        self.disk_image("POSTERN_UEFI", "uefi")
    }

    /// Where `cargo xtask image` puts the image for this firmware.
    pub fn disk_image_path(&self, firmware: &str) -> PathBuf {
        self.target.join("image").join(format!("postern-{firmware}.img"))
    }

    fn disk_image(&self, variable: &str, firmware: &str) -> Result<PathBuf> {
        if let Some(path) = std::env::var_os(variable) {
            return Ok(path.into());
        }
        xtask(&["image", firmware])?;
        Ok(self.disk_image_path(firmware))
    }
}

/// The number of CPUs of this test run.
fn cpus() -> u32 {
    std::env::var("POSTERN_CPUS").ok().and_then(|count| count.parse().ok()).unwrap_or(1)
}

/// Runs a command of the project.
fn xtask(arguments: &[&str]) -> Result<()> {
    let mut command = match std::env::var_os("POSTERN_XTASK") {
        Some(xtask) => Command::new(xtask),
        None => {
            let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
            cargo.arg("xtask");
            cargo
        }
    };
    let status = command
        .args(arguments)
        .current_dir(root())
        .status()
        .context("cannot start `cargo xtask`")?;
    ensure!(status.success(), "`cargo xtask {}` failed", arguments.join(" "));
    Ok(())
}
