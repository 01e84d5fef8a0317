//! A process that restores the terminal when this one is killed.

use anyhow::{Context as _, Result, ensure};
use std::fs::File;
use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

/// Its terminal is standard error. It ignores all that a terminal or a person sends to a whole
/// group of processes, and SIGTTOU: it is in the background when it changes the terminal.
const SCRIPT: &str = "trap '' INT QUIT TERM HUP TSTP TTIN TTOU
saved=$(stty -g <&2) && echo ready && cat >/dev/null
stty \"$saved\" <&2";

/// Its message once it has read the modes.
const READY: &[u8] = b"ready\n";

/// A process that restores the terminal when this one is killed, which closes the pipe between
/// them.
#[derive(Debug)]
pub(super) struct Guardian(Child);

impl Guardian {
    /// Starts it. It has read the terminal's modes when this returns.
    pub(super) fn start(terminal: &File) -> Result<Self> {
        let tried = || -> Result<Self> {
            let mut child = Command::new("sh")
                .args(["-c", SCRIPT])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(terminal.try_clone()?)
                .process_group(0)
                .spawn()?;
            let (mut answer, mut output) = ([0; READY.len()], child.stdout.take());
            let told = output.as_mut().map(|output| output.read_exact(&mut answer));
            let guardian = Self(child);
            ensure!(matches!(told, Some(Ok(()))) && answer == READY, "it did not read the modes");
            Ok(guardian)
        };
        tried().context("nothing can watch over the terminal (with `sh` and `stty`)")
    }
}

impl Drop for Guardian {
    /// Ends it, after it has restored the terminal.
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // It was started, and ends when its input does.
        drop(self.0.wait());
    }
}
