//! A user at a terminal of its own, who starts `cargo xtask`.

use anyhow::{Context as _, Result, bail, ensure};
use qemu_harness::{Deadline, Screen, root};
use rustix::fs::{OFlags, fcntl_getfl};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// How long anything may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(300);
/// What the user's shell does: it runs the program and tells its status.
const SHELL: &str = "\"$@\"; echo \"status $? is the end\"; exec sleep 1000000";
/// What follows the status.
const END: &str = " is the end\n";
/// Between two looks at what cannot be waited for.
const PAUSE: Duration = Duration::from_millis(10);

/// A program on a terminal.
pub struct User {
    keys: File,
    terminal: File,
    shown: Arc<(Mutex<Screen>, Condvar)>,
    shell: Child,
    /// The modes of the terminal before the program had it.
    pub before: String,
}

impl User {
    /// Starts `xtask` with these arguments in the foreground of a terminal.
    ///
    /// # Errors
    /// When there is no terminal to be had, or it cannot be started.
    pub fn starts(arguments: &[&str]) -> Result<Self> {
        let keys = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
        grantpt(&keys)?;
        unlockpt(&keys)?;
        let name = ptsname(&keys, Vec::new())?;
        let terminal = File::options().read(true).write(true).open(name.to_str()?)?;
        let before = modes(&terminal)?;
        let xtask = std::env::var_os("POSTERN_XTASK").context("POSTERN_XTASK is not set")?;
        // As a user's shell does: it has the terminal, and still has it when the program ends.
        let shell = Command::new("setsid")
            .args(["--ctty", "sh", "-c", SHELL, "sh"])
            .arg(xtask)
            .args(arguments)
            .current_dir(root())
            .stdin(terminal.try_clone()?)
            .stdout(terminal.try_clone()?)
            .stderr(terminal.try_clone()?)
            .spawn()
            .context("cannot start setsid")?;
        let keys = File::from(keys);
        let shown = Arc::new((Mutex::new(Screen::new()), Condvar::new()));
        watch(keys.try_clone()?, Arc::clone(&shown));
        Ok(Self { keys, terminal, shown, shell, before })
    }

    /// Types keys.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn types(&mut self, keys: &[u8]) -> Result<()> {
        Ok(self.keys.write_all(keys)?)
    }

    /// Waits until this is shown.
    ///
    /// # Errors
    /// When it is not.
    pub fn sees(&self, text: &str) -> Result<()> {
        let (screen, changed) = &*self.shown;
        let screen = screen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let missing = |screen: &mut Screen| !screen.text().contains(text);
        let waited = changed.wait_timeout_while(screen, LIMIT, missing);
        let (screen, waited) = waited.unwrap_or_else(std::sync::PoisonError::into_inner);
        ensure!(!waited.timed_out(), "`{text}` is not shown but\n{}", screen.text());
        Ok(())
    }

    /// The process of the program.
    ///
    /// # Errors
    /// When it has ended.
    pub fn program(&self) -> Result<u32> {
        children(self.shell.id())?.first().copied().context("the program has ended")
    }

    /// The process of the machine that it runs.
    ///
    /// # Errors
    /// When there is none.
    pub fn machine(&self) -> Result<u32> {
        for child in children(self.program()?)? {
            if std::fs::read_to_string(format!("/proc/{child}/comm"))?.starts_with("qemu") {
                return Ok(child);
            }
        }
        bail!("no machine runs")
    }

    /// Sends a signal by its name to a process.
    ///
    /// # Errors
    /// When there is no such process.
    pub fn kills(&self, signal: &str, process: u32) -> Result<()> {
        let status = Command::new("kill").args(["-s", signal, &process.to_string()]).status()?;
        ensure!(status.success(), "kill -s {signal} {process}: {status}");
        Ok(())
    }

    /// Waits for the end of the program: its status, as a shell tells it.
    ///
    /// # Errors
    /// When it does not end.
    pub fn awaits_end(&self) -> Result<u32> {
        self.sees(END)?;
        let text = self.shown.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).text();
        let (before, _) = text.rsplit_once(END).context("the shell's last line")?;
        Ok(before.rsplit(' ').next().unwrap_or_default().parse()?)
    }

    /// Waits until the terminal is as it was: a guardian may still be at work.
    ///
    /// # Errors
    /// When it stays otherwise.
    pub fn has_the_terminal_back(&self) -> Result<()> {
        self.awaits_modes(&self.before)?;
        let flags = fcntl_getfl(&self.terminal)?;
        ensure!(!flags.contains(OFlags::NONBLOCK), "the terminal is left non-blocking");
        Ok(())
    }

    /// Waits until the terminal has these modes.
    ///
    /// # Errors
    /// When it keeps others.
    pub fn awaits_modes(&self, wanted: &str) -> Result<()> {
        until("the terminal's modes", || Ok((self.modes()? == wanted).then_some(())))
    }

    /// The terminal, for another program.
    ///
    /// # Errors
    /// When there can be no more files.
    pub fn tty(&self) -> Result<File> {
        Ok(self.terminal.try_clone()?)
    }

    /// The modes of the terminal now.
    ///
    /// # Errors
    /// When it is gone.
    pub fn modes(&self) -> Result<String> {
        modes(&self.terminal)
    }
}

impl Drop for User {
    fn drop(&mut self) {
        // It has ended unless the test failed.
        drop(self.shell.kill());
        drop(self.shell.wait());
    }
}

/// Waits for what cannot be waited for otherwise.
///
/// # Errors
/// When it does not come.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let end = Deadline::after(LIMIT);
    while !end.is_over() {
        if let Some(found) = look()? {
            return Ok(found);
        }
        std::thread::sleep(PAUSE);
    }
    bail!("waited for {what}: it did not come in {} s", LIMIT.as_secs())
}

/// The children of a process.
fn children(process: u32) -> Result<Vec<u32>> {
    let mut found = Vec::new();
    for task in std::fs::read_dir(format!("/proc/{process}/task"))? {
        let children = std::fs::read_to_string(task?.path().join("children"))?;
        found.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
    }
    Ok(found)
}

fn modes(terminal: &File) -> Result<String> {
    let output = Command::new("stty").arg("-g").stdin(terminal.try_clone()?).output()?;
    ensure!(output.status.success(), "stty: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// Shows what is printed, as long as the terminal is there.
fn watch(mut terminal: File, shown: Arc<(Mutex<Screen>, Condvar)>) {
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = terminal.read(&mut bytes) {
            let mut screen = shown.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            screen.push(&bytes[..count]);
            shown.1.notify_all();
        }
    });
}
