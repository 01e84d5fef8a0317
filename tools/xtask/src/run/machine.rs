//! The arguments that describe a machine.

use super::disks::DiskArguments;
use super::network::NetworkArguments;
use crate::{build, disk_image, setup};
use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use qemu_harness::{Board, Boot, Images, Machine, check_kernel_words};
use rustix::termios::tcgetwinsize;
use std::fs::File;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::OnceLock;

/// Memory in MiB that the usual manifest needs.
const MEMORY_PROMISED: u32 = 128;

/// The firmware of a disk image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Firmware {
    /// SeaBIOS.
    Bios,
    /// OVMF.
    Uefi,
}

impl Firmware {
    /// Its name in file names.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bios => "bios",
            Self::Uefi => "uefi",
        }
    }
}

/// The board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum BoardName {
    /// PCI Express.
    Q35,
    /// PCI of 1996.
    Pc,
}

/// The machine of a command.
#[derive(Args, Clone)]
pub(crate) struct MachineArguments {
    /// Boot a disk image with this firmware instead of the kernel directly
    #[arg(long, value_name = "FIRMWARE")]
    image: Option<Firmware>,
    /// Number of CPUs
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=255))]
    cpus: u32,
    /// Use the host's virtualisation (/dev/kvm) instead of emulating the CPU
    #[arg(long)]
    kvm: bool,
    /// Memory in MiB
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u32).range(16..=65536))]
    mem: u32,
    /// The board
    #[arg(long, value_name = "BOARD", default_value = "q35")]
    machine: BoardName,
    #[command(flatten)]
    disks: DiskArguments,
    #[command(flatten)]
    network: NetworkArguments,
    /// Add a device, in QEMU's words (may be repeated)
    #[arg(long, value_name = "DEVICE")]
    device: Vec<String>,
    /// Words for the kernel: log=LEVEL, init=NAME, selftest
    #[arg(long, value_name = "WORDS", default_value = "", hide_default_value = true)]
    append: String,
    /// More words for QEMU (may be repeated)
    #[arg(long, value_name = "WORD", allow_hyphen_values = true)]
    qemu: Vec<String>,
}

impl MachineArguments {
    /// Adds words for the kernel.
    pub(crate) fn append(&mut self, words: &str) {
        self.append = format!("{} {words}", self.append).trim().to_owned();
    }

    /// Builds what is missing and sets up the machine; `name` names its log.
    pub(crate) fn prepare(&self, name: &str) -> Result<Machine> {
        self.prepare_with(name, build::all)
    }

    /// The same with the kernel that has debug checks, unless a disk image is booted.
    pub(crate) fn prepare_checked(&self, name: &str) -> Result<Machine> {
        let checked = self.image.is_none();
        self.prepare_with(name, if checked { build::with_checks } else { build::all })
    }

    fn prepare_with(
        &self,
        name: &str,
        build: fn(&setup::Toolchain) -> Result<Images>,
    ) -> Result<Machine> {
        check_kernel_words(&self.append).context("--append")?;
        let words = format!("{} {}", self.append, self.network.words()?).trim().to_owned();
        setup::qemu()?;
        let disks = self.disks.attach()?;
        if self.kvm {
            File::options()
                .read(true)
                .write(true)
                .open("/dev/kvm")
                .context("/dev/kvm can't be used; leave --kvm out, or ask for access to it")?;
        }
        let toolchain = setup::toolchain()?;
        let images = build(&toolchain)?;
        let boot = match self.image {
            None => images.machine(name).boot,
            Some(firmware) => {
                let image = disk_image::make(&toolchain, &images, firmware, &words)?;
                match firmware {
                    Firmware::Bios => Boot::Bios(image),
                    Firmware::Uefi => {
                        setup::ovmf()?;
                        Boot::Uefi(image)
                    }
                }
            }
        };
        let mut machine = images.machine_with(boot, &log_name(name));
        if self.image.is_none() {
            machine.append(&words)?;
            if let Some(word) = terminal_width() {
                machine.append(&word)?;
            }
        }
        // A limit from the user is in seconds of the host.
        machine.patient = false;
        machine.cpus = self.cpus;
        machine.kvm = self.kvm;
        machine.board = match self.machine {
            BoardName::Q35 => Board::Q35,
            BoardName::Pc => Board::Pc,
        };
        if !disks.is_empty() {
            machine.disks = disks;
        }
        machine.random = true;
        machine.network = self.network.attach()?;
        if self.mem < MEMORY_PROMISED {
            eprintln!(
                "note: Postern promises to boot in {MEMORY_PROMISED} MiB; in {} MiB some \
                 servers may not start, and the system says which",
                self.mem
            );
        }
        machine.memory_mib = self.mem;
        let device = |words: &String| ["-device".to_owned(), words.clone()];
        machine.extra =
            self.device.iter().flat_map(device).chain(self.qemu.iter().cloned()).collect();
        Ok(machine)
    }
}

/// The width of the user's terminal, as a word for the kernel's command line: the console edits
/// its line within it.
fn terminal_width() -> Option<String> {
    let terminal = std::io::stdin();
    let size = terminal.is_terminal().then(|| tcgetwinsize(&terminal).ok())??;
    (size.ws_col > 0).then(|| format!("columns={}", size.ws_col))
}

/// The name of the log: `run`, or `run-PID` while another `run` writes to that.
fn log_name(name: &str) -> String {
    static LOCKS: OnceLock<Option<File>> = OnceLock::new();
    let folder: PathBuf = crate::workspace::target().join("logs");
    let lock = LOCKS.get_or_init(|| {
        std::fs::create_dir_all(&folder).ok()?;
        let file = File::create(folder.join(format!("{name}.lock"))).ok()?;
        file.try_lock().ok()?;
        Some(file)
    });
    match lock {
        Some(_) => name.to_owned(),
        None => format!("{name}-{}", std::process::id()),
    }
}
