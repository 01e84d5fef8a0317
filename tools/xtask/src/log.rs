//! `log`: prints a system log as text, and follows one while a machine writes it.

use crate::{build, output};
use anyhow::{Context as _, Result};
use clap::Args;
use log_decoder::LogDecoder;
use qemu_harness::Elfs;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Print a system log as text, with the strings of the programs of the last build.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The log [default: target/logs/run.log, of the last run]
    file: Option<PathBuf>,
    /// Follow the log as it grows; Ctrl-C leaves
    #[arg(long, short)]
    follow: bool,
}

/// The command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8> {
    let default = || crate::workspace::target().join("logs/run.log");
    let file = arguments.file.clone().unwrap_or_else(default);
    if arguments.follow {
        let stop = AtomicBool::new(false);
        follow(&file, &build::elfs(), &stop, |line| {
            if !output::print(format_args!("{line}\n")) {
                stop.store(true, Ordering::Release);
            }
        });
        return Ok(0);
    }
    let lines = log_decoder::decode_file(&file, build::elfs().finder());
    for line in lines.context("no log; `cargo xtask run` writes one")? {
        if !output::print(format_args!("{line}\n")) {
            break;
        }
    }
    Ok(0)
}

/// Prints a log to standard error while a machine writes it. Its drop prints what is left.
pub(crate) struct Follower {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Follower {
    /// Starts with an empty log: an older one is removed.
    pub(crate) fn start(file: &Path, elfs: &Elfs) -> Self {
        // Before the first run there is no log.
        drop(std::fs::remove_file(file));
        let stop = Arc::new(AtomicBool::new(false));
        let (file, elfs, stopped) = (file.to_owned(), elfs.clone(), Arc::clone(&stop));
        let thread =
            std::thread::spawn(move || follow(&file, &elfs, &stopped, |line| eprintln!("{line}")));
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        // A panic of the thread was printed.
        drop(self.thread.take().map(JoinHandle::join));
    }
}

/// Gives each line to `show` as the file grows, until `stop` is set and all is read.
fn follow(file: &Path, elfs: &Elfs, stop: &AtomicBool, mut show: impl FnMut(&log_decoder::Line)) {
    let mut decoder = LogDecoder::new(elfs.finder());
    let mut source = None;
    loop {
        // Read before the log: what was written before the stop is still shown.
        let last_turn = stop.load(Ordering::Acquire);
        if source.is_none() {
            source = File::open(file).ok();
        }
        let mut bytes = Vec::new();
        if let Some(source) = &mut source
            && source.read_to_end(&mut bytes).is_ok()
        {
            decoder.push(&bytes).iter().for_each(&mut show);
        }
        if last_turn {
            decoder.finish().iter().for_each(&mut show);
            return;
        }
        std::thread::sleep(Duration::from_millis(30));
    }
}

#[cfg(test)]
mod tests {
    use super::follow;
    use abi::{LogHeader, LogKind};
    use qemu_harness::Elfs;
    use std::io::Write as _;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn a_growing_log_is_shown_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.log");
        let elfs = Elfs::in_target(folder.path());
        let stop = AtomicBool::new(false);
        let shown = std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut lines = Vec::new();
                follow(&file, &elfs, &stop, |line| lines.push(line.text.clone()));
                lines
            });
            let header = LogHeader { kind: LogKind::Text, source: 1, time_ns: 1, len: 2 };
            let record = [&header.encode()[..], b"hi"].concat();
            let mut log = std::fs::File::create(&file).unwrap();
            for half in [&record[..9], &record[9..]] {
                log.write_all(half).unwrap();
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
            stop.store(true, Ordering::Release);
            reader.join().unwrap()
        });
        assert_eq!(shown.last().map(String::as_str), Some("hi"));
    }
}
