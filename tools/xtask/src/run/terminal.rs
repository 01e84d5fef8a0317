//! The user's terminal in raw mode: each key goes to the machine at once.
//!
//! Only the modes are changed, and no other process gets the terminal. [`Terminal`] restores them
//! when the command ends or a signal ends it, its guardian when the command is killed.

use super::guardian::Guardian;
use anyhow::{Context as _, Result};
use rustix::termios::{
    ControlModes, InputModes, LocalModes, OptionalActions, OutputModes, SpecialCodeIndex, Termios,
    tcgetattr, tcsetattr,
};
use std::fs::File;
use std::os::fd::AsFd;

/// A terminal in raw mode.
#[derive(Debug)]
pub(super) struct Terminal {
    file: File,
    saved: Termios,
    _guardian: Guardian,
}

impl Terminal {
    /// Changes the modes. `None` when this is no terminal.
    ///
    /// # Errors
    /// When they could not be restored later.
    pub(super) fn raw(file: impl AsFd) -> Result<Option<Self>> {
        let Ok(saved) = tcgetattr(&file) else { return Ok(None) };
        let file = File::from(file.as_fd().try_clone_to_owned().context("the terminal")?);
        let guardian = Guardian::start(&file)?;
        let terminal = Self { file, saved, _guardian: guardian };
        terminal.pass_keys();
        Ok(Some(terminal))
    }

    /// Changes the modes, also after something else changed them.
    pub(super) fn pass_keys(&self) {
        self.set(&raw(self.saved.clone()));
    }

    /// Restores the modes.
    pub(super) fn restore(&self) {
        self.set(&self.saved);
    }

    fn set(&self, modes: &Termios) {
        // A terminal that is gone needs no modes.
        let _ = tcsetattr(&self.file, OptionalActions::Drain, modes);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.restore();
    }
}

/// QEMU's modes: input is not changed, echoed, buffered or made a signal; output still gets its
/// carriage returns.
fn raw(mut modes: Termios) -> Termios {
    modes.input_modes -= InputModes::IGNBRK
        | InputModes::BRKINT
        | InputModes::PARMRK
        | InputModes::ISTRIP
        | InputModes::INLCR
        | InputModes::IGNCR
        | InputModes::ICRNL
        | InputModes::IXON;
    modes.output_modes |= OutputModes::OPOST;
    modes.local_modes -= LocalModes::ECHO
        | LocalModes::ECHONL
        | LocalModes::ICANON
        | LocalModes::IEXTEN
        | LocalModes::ISIG;
    modes.control_modes -= ControlModes::CSIZE | ControlModes::PARENB;
    modes.control_modes |= ControlModes::CS8;
    modes.special_codes[SpecialCodeIndex::VMIN] = 1;
    modes.special_codes[SpecialCodeIndex::VTIME] = 0;
    modes
}

#[cfg(test)]
mod tests {
    use super::{Guardian, Terminal};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use std::fs::File;
    use std::os::fd::OwnedFd;
    use std::process::Command;

    /// Both ends of a terminal of its own.
    fn terminal() -> (OwnedFd, File) {
        let end = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&end).unwrap();
        unlockpt(&end).unwrap();
        let name = ptsname(&end, Vec::new()).unwrap();
        (end, File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap())
    }

    fn modes(terminal: &File) -> String {
        let input = terminal.try_clone().unwrap();
        let output = Command::new("stty").arg("-g").stdin(input).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    #[test]
    fn the_modes_are_put_back() {
        let (_end, file) = terminal();
        let before = modes(&file);
        let raw = Terminal::raw(&file).unwrap().unwrap();
        let changed = modes(&file);
        assert_ne!(changed, before);
        raw.restore();
        assert_eq!(modes(&file), before);
        raw.pass_keys();
        assert_eq!(modes(&file), changed);
        drop(raw);
        assert_eq!(modes(&file), before);
    }

    #[test]
    fn the_guardian_puts_back_what_is_left_changed() {
        let (_end, file) = terminal();
        let before = modes(&file);
        let guardian = Guardian::start(&file).unwrap();
        assert!(Command::new("stty").arg("raw").stdin(file.try_clone().unwrap()).status().is_ok());
        assert_ne!(modes(&file), before);
        drop(guardian);
        assert_eq!(modes(&file), before);
    }

    #[test]
    fn what_is_no_terminal_is_left_alone() {
        assert!(Terminal::raw(File::open("/dev/null").unwrap()).unwrap().is_none());
    }
}
