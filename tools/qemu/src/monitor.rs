//! QEMU's monitor: commands to the machine from outside.

use crate::Deadline;
use anyhow::{Context as _, Result, bail};
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// What the monitor prints when it waits for a command.
const READY: &str = "(qemu) ";
/// The limit of an answer on a busy host.
const LIMIT: Duration = Duration::from_secs(300);

/// A place for the socket: short, since such paths are limited to 107 bytes.
pub(crate) fn socket() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("postern-{}-{number}.monitor", std::process::id()))
}

/// A connection to the monitor of a running machine.
#[derive(Debug)]
pub struct Monitor {
    stream: UnixStream,
}

impl Monitor {
    /// Connects as soon as QEMU listens there.
    pub(crate) fn connect(socket: &Path) -> Result<Self> {
        let end = Deadline::after(LIMIT);
        let stream = loop {
            match UnixStream::connect(socket) {
                Ok(stream) => break stream,
                Err(_) if !end.is_over() => std::thread::sleep(Duration::from_millis(5)),
                Err(error) => {
                    return Err(error)
                        .with_context(|| format!("no monitor at {}", socket.display()));
                }
            }
        };
        // No other program finds the socket.
        drop(std::fs::remove_file(socket));
        stream.set_read_timeout(Some(LIMIT))?;
        let mut monitor = Self { stream };
        monitor.until_ready()?;
        Ok(monitor)
    }

    /// Sends a command. Returns the answer.
    ///
    /// # Errors
    /// When the machine has ended.
    pub fn command(&mut self, command: &str) -> Result<String> {
        self.stream.write_all(format!("{command}\n").as_bytes()).context("the monitor is gone")?;
        let shown = self.until_ready()?;
        // The first line is the echo of the command.
        Ok(shown.split_once('\n').map(|(_, answer)| answer.to_owned()).unwrap_or_default())
    }

    fn until_ready(&mut self) -> Result<String> {
        let (mut shown, mut bytes) = (Vec::new(), [0; 4096]);
        while !shown.ends_with(READY.as_bytes()) {
            match self.stream.read(&mut bytes).context("the monitor does not answer")? {
                0 => bail!("the machine has ended"),
                count => shown.extend_from_slice(&bytes[..count]),
            }
        }
        shown.truncate(shown.len() - READY.len());
        Ok(String::from_utf8_lossy(&shown).replace('\r', ""))
    }
}

#[cfg(test)]
mod tests {
    use super::{Monitor, socket};
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::UnixListener;

    #[test]
    fn a_command_has_its_answer() {
        let place = socket();
        let listener = UnixListener::bind(&place).unwrap();
        let machine = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(b"QEMU monitor\r\n(qemu) ").unwrap();
            let mut command = [0; 9];
            stream.read_exact(&mut command).unwrap();
            stream.write_all(b"info cpus\r\n* CPU #0\r\n(qe").unwrap();
            stream.write_all(b"mu) ").unwrap();
            command
        });
        let mut monitor = Monitor::connect(&place).unwrap();
        assert_eq!(monitor.command("info cpus").unwrap(), "* CPU #0\n");
        assert_eq!(&machine.join().unwrap(), b"info cpus");
        assert!(monitor.command("nmi").is_err(), "the machine has ended");
    }
}
