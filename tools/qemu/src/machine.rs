//! The machine: which QEMU, with which devices, booting what.

use crate::boot::{check_kernel_words, option};
use crate::devices::{Board, Disk, RANDOM, make_files};
use crate::find::{die_with_parent, find_qemu};
use crate::network::Network;
use crate::{Boot, Elfs, Outcome, Session};
use anyhow::{Context as _, Result, bail, ensure};
use std::ffi::OsString;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Where the guest's serial line goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SerialLine {
    /// To this program, through a [`Session`].
    Session,
    /// To this program's terminal, through pipes: QEMU itself would change the terminal's modes
    /// and make it non-blocking for all that share it. Ctrl-A X leaves.
    Terminal,
}

/// A machine that can be started.
#[derive(Clone, Debug)]
pub struct Machine {
    /// What it boots.
    pub boot: Boot,
    /// Number of CPUs.
    pub cpus: u32,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Hardware virtualisation instead of emulation.
    pub kvm: bool,
    /// Its board.
    pub board: Board,
    /// Its disks, in the order of their slots.
    pub disks: Vec<Disk>,
    /// Whether it has a source of random numbers (virtio-rng).
    pub random: bool,
    /// Its network, behind a card.
    pub network: Option<Network>,
    /// Where its serial line goes.
    pub serial: SerialLine,
    /// The file for the system log; QEMU's own log is beside it.
    pub log: PathBuf,
    /// Where the programs of the log are found.
    pub elfs: Elfs,
    /// Wait for gdb on this port before the first instruction.
    pub gdb_port: Option<u16>,
    /// Whether limits count the CPU time of the machine instead of the host's clock.
    pub patient: bool,
    /// Where its monitor listens, see [`Session::monitor`].
    pub(crate) monitor: Option<PathBuf>,
    /// More words for QEMU.
    pub extra: Vec<String>,
}

impl Machine {
    /// A machine with 1 CPU, 128 MiB for a direct boot, 256 MiB for a disk image, and no devices but
    /// a serial line.
    pub fn new(boot: Boot, log: PathBuf, elfs: Elfs) -> Self {
        let memory_mib = if matches!(boot, Boot::Direct { .. }) { 128 } else { 256 };
        Self {
            boot,
            cpus: 1,
            memory_mib,
            kvm: false,
            board: Board::default(),
            disks: Vec::new(),
            random: false,
            network: None,
            serial: SerialLine::Session,
            log,
            elfs,
            gdb_port: None,
            patient: false,
            monitor: None,
            extra: Vec::new(),
        }
    }

    /// With one more disk.
    pub fn with_disk(mut self, disk: Disk) -> Self {
        self.disks.push(disk);
        self
    }

    /// Adds words to the kernel's command line.
    ///
    /// # Errors
    /// When they are too long, or it boots from a disk image: its command line lies in the boot
    /// archive.
    pub fn append(&mut self, words: &str) -> Result<&mut Self> {
        match &mut self.boot {
            Boot::Direct { command_line, .. } => {
                let all = format!("{command_line} {words}").trim().to_owned();
                check_kernel_words(&all)?;
                *command_line = all;
                Ok(self)
            }
            _ => bail!(
                "a disk image takes no kernel words from QEMU; \
                 they are in the entry `cmdline` of its boot archive"
            ),
        }
    }

    /// The archive of a direct boot.
    pub fn archive(&self) -> Option<&Path> {
        match &self.boot {
            Boot::Direct { archive, .. } => Some(archive),
            _ => None,
        }
    }

    /// Boots this archive instead.
    pub fn with_archive(mut self, file: &Path) -> Self {
        if let Boot::Direct { archive, .. } = &mut self.boot {
            *archive = file.to_owned();
        }
        self
    }

    /// With this number of CPUs. The name of its log has the number, too.
    pub fn with_cpus(mut self, cpus: u32) -> Self {
        self.cpus = cpus;
        if cpus > 1 {
            self.log = self.log.with_extension(format!("{cpus}-cpus.log"));
        }
        self
    }

    /// With a monitor: [`Session::monitor`] reaches it.
    pub fn with_monitor(mut self) -> Self {
        self.monitor = Some(crate::monitor::socket());
        self
    }

    /// Counts instructions as time: each takes 2^`shift` ns, halted time passes at once, and the
    /// clock begins with the guest. So runs do not differ, on a busy host either. It loses its disks,
    /// its random source and its network: those work in the host's time.
    pub fn with_counted_time(mut self, doublings: u32) -> Self {
        self.disks.clear();
        self.random = false;
        self.network = None;
        self.extra.extend(["-icount".to_owned(), format!("shift={doublings},sleep=off")]);
        self.extra.extend(["-rtc".to_owned(), "base=2020-01-01,clock=vm".to_owned()]);
        self
    }

    /// Starts it and takes its serial line.
    ///
    /// # Errors
    /// When QEMU can't be started.
    pub fn start(&self) -> Result<Session> {
        Session::start(self)
    }

    /// Boots to the prompt, runs these commands and shuts down; `limit` is that of each step.
    /// Returns what each command printed, and the end.
    ///
    /// # Errors
    /// When a step takes too long, or the machine does not end well.
    pub fn run_at_prompt(
        &self,
        commands: &[&str],
        limit: Duration,
    ) -> Result<(Vec<String>, Outcome)> {
        let mut session = self.start()?;
        let mut run = || -> Result<Vec<String>> {
            session.wait_prompt(limit)?;
            let run = |command: &&str| session.run(command, limit);
            let printed = commands.iter().map(run).collect::<Result<_>>()?;
            session.send_line("shutdown")?;
            Ok(printed)
        };
        let printed = run();
        let outcome = session.finish(if printed.is_ok() { limit } else { Duration::ZERO });
        let printed = printed.with_context(|| outcome.explanation())?;
        ensure!(outcome.verdict.passed(), "{outcome}");
        Ok((printed, outcome))
    }

    /// QEMU with all its arguments.
    ///
    /// # Errors
    /// When QEMU or its firmware is missing, or the log's folder can't be made.
    pub fn command(&self) -> Result<Command> {
        let qemu = find_qemu().context(
            "qemu-system-x86_64 is not on the PATH; `cargo xtask setup` says how to get it",
        )?;
        fs_err::create_dir_all(self.folder())?;
        make_files(&self.disks, self.folder())?;
        let mut command = die_with_parent(&qemu);
        command.args(self.arguments()?);
        Ok(command)
    }

    /// The folder of the log: for files of the harness.
    fn folder(&self) -> &Path {
        match self.log.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
    }

    /// QEMU's own log, with the cause of a reset. QEMU takes `%` as the start of a pattern and has no
    /// escape for it: such a path is replaced by one in the folder for temporary files.
    pub fn qemu_log(&self) -> PathBuf {
        let beside = self.log.with_extension("qemu.log");
        if !beside.as_os_str().as_encoded_bytes().contains(&b'%') {
            return beside;
        }
        let mut hasher = DefaultHasher::new();
        beside.hash(&mut hasher);
        std::env::temp_dir().join(format!("postern-{:016x}.qemu.log", hasher.finish()))
    }

    /// The registers at a triple fault, if QEMU's log has one.
    pub fn triple_fault(&self) -> Option<String> {
        let bytes = fs_err::read(self.qemu_log()).unwrap_or_default();
        let log = String::from_utf8_lossy(&bytes);
        let lines = log[log.rfind("Triple fault")?..].lines().take(24);
        Some(lines.collect::<Vec<_>>().join("\n"))
    }

    fn arguments(&self) -> Result<Vec<OsString>> {
        let mut words: Vec<OsString> = Vec::new();
        let mut add = |text: &str| words.extend(text.split(' ').map(OsString::from));
        add(&format!("-M {}", self.board.name()));
        add("-nodefaults -no-user-config -display none -no-reboot");
        add(if self.kvm {
            "-accel kvm -cpu host,-arch-capabilities"
        } else {
            "-accel tcg -cpu max"
        });
        add(&format!("-m {}M -smp {}", self.memory_mib, self.cpus));
        add("-device isa-debug-exit,iobase=0xf4,iosize=0x04");
        add(match self.serial {
            SerialLine::Session => "-chardev stdio,id=com1,signal=off -serial chardev:com1",
            SerialLine::Terminal => "-serial mon:stdio",
        });
        add("-d cpu_reset,guest_errors -D");
        words.push(self.qemu_log().into());
        words.push("-debugcon".into());
        words.push(prefixed("file:", &self.log));
        words.extend(self.boot.arguments()?);
        let folder = self.folder();
        for (number, disk) in self.disks.iter().enumerate() {
            words.extend(disk.arguments(number, folder));
        }
        if self.random {
            words.extend(RANDOM.map(OsString::from));
        }
        if let Some(network) = &self.network {
            words.extend(network.arguments().map(OsString::from));
        }
        if let Some(port) = self.gdb_port {
            words.extend(["-S".into(), "-gdb".into(), format!("tcp:127.0.0.1:{port}").into()]);
        }
        if let Some(socket) = &self.monitor {
            let place = option("socket,id=monitor,server=on,wait=off,path=", socket);
            words.extend(["-chardev".into(), place, "-mon".into(), "monitor".into()]);
        }
        words.extend(self.extra.iter().map(OsString::from));
        Ok(words)
    }
}

fn prefixed(prefix: &str, path: &Path) -> OsString {
    let mut word = OsString::from(prefix);
    word.push(path);
    word
}

#[cfg(test)]
mod tests {
    use super::{Boot, Machine};
    use crate::Elfs;

    fn machine(boot: Boot) -> Machine {
        Machine::new(boot, "logs/a.log".into(), Elfs::in_target("target".as_ref()))
    }

    fn words(machine: &Machine) -> String {
        let words = machine.arguments().unwrap();
        words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    fn direct() -> Boot {
        Boot::Direct { kernel: "k".into(), archive: "a,b.tar".into(), command_line: String::new() }
    }

    #[test]
    fn a_direct_boot_names_kernel_archive_and_words() {
        let mut machine = machine(direct());
        machine.append("selftest").unwrap().append("log=info").unwrap();
        machine.cpus = 2;
        let words = words(&machine);
        assert!(words.contains("-kernel k -initrd a,b.tar -append selftest log=info"), "{words}");
        assert!(words.contains("-m 128M -smp 2"), "{words}");
        assert!(words.contains("-debugcon file:logs/a.log"), "{words}");
        assert!(words.contains("-D logs/a.qemu.log"), "{words}");
    }

    #[test]
    fn a_disk_image_is_not_written_to_and_takes_no_words() {
        let mut machine = machine(Boot::Bios("d.img".into()));
        assert!(words(&machine).contains("snapshot=on,file=d.img"));
        assert!(machine.append("selftest").is_err());
    }

    #[test]
    fn a_comma_is_doubled_where_words_are_lists() {
        let mut machine = machine(Boot::Bios("a,b/d.img".into()));
        machine.monitor = Some("m,n".into());
        let words = words(&machine);
        assert!(words.contains("snapshot=on,file=a,,b/d.img"), "{words}");
        assert!(words.contains("wait=off,path=m,,n"), "{words}");
    }

    #[test]
    fn a_log_that_qemu_would_take_for_a_pattern_is_elsewhere() {
        let mut machine = machine(direct());
        machine.log = "100%d/a.log".into();
        let log = machine.qemu_log();
        assert!(!log.display().to_string().contains('%'), "{}", log.display());
        machine.log = "100%e/a.log".into();
        assert_ne!(machine.qemu_log(), log);
    }

    #[test]
    fn words_that_are_too_long_are_refused_with_the_limit() {
        let mut machine = machine(direct());
        machine.append(&"x".repeat(abi::CMDLINE_MAX - 1)).unwrap();
        let error = machine.append("y").unwrap_err().to_string();
        assert!(error.contains("2049 bytes long; at most 2048"), "{error}");
        assert!(!words(&machine).contains("x y"), "nothing of it was taken");
    }

    #[test]
    fn each_number_of_cpus_has_its_log() {
        let machine = machine(direct()).with_cpus(4);
        let words = words(&machine);
        assert!(words.contains("-smp 4") && words.contains("logs/a.4-cpus.log"), "{words}");
    }

    #[test]
    fn emulation_is_the_default_and_kvm_a_choice() {
        let mut machine = machine(direct());
        assert!(words(&machine).contains("-accel tcg"));
        machine.kvm = true;
        assert!(words(&machine).contains("-accel kvm"));
    }
}
