//! `sh`, and what runs at boot.

use crate::shell::Shell;
use crate::trouble::{Outcome, Trouble};
use alloc::string::String;
use alloc::vec::Vec;
use files::{FilesError, How};

/// The longest script, in bytes.
const SCRIPT_MAX: u64 = 64 << 10;
/// What runs at boot: the first of these that is there.
const RC: [&str; 2] = ["/etc/rc", "/boot/etc/rc"];

pub(crate) fn sh(shell: &mut Shell, words: &[&str]) -> Outcome {
    let (path, arguments) = words.split_first().ok_or(Trouble::Usage)?;
    if *path != "-" {
        let text = read(shell, path)?;
        return shell.run_script(path, &text, arguments);
    }
    let mut text = Vec::new();
    while let Some(piece) = shell.read_piece()? {
        text.extend(piece);
        if text.len() as u64 > SCRIPT_MAX {
            return Err(too_long(path));
        }
    }
    shell.run_script(path, &of_bytes(path, text)?, arguments)
}

/// Runs the script of the boot, if there is one.
///
/// # Errors
/// Those of the script.
pub(crate) fn rc(shell: &mut Shell) -> Result<(), Trouble> {
    let found = RC.iter().find_map(|path| {
        let absent = |error: &files::Error| {
            error.files().is_none_or(|error| {
                matches!(error, FilesError::NotFound | FilesError::Unusable { .. })
            })
        };
        match shell.files.metadata(path) {
            Err(error) if absent(&error) => None,
            _ => Some(*path),
        }
    });
    let Some(path) = found else { return Ok(()) };
    let text = read(shell, path)?;
    shell.run_script(path, &text, &[]).map(drop)
}

fn read(shell: &Shell, path: &str) -> Result<String, Trouble> {
    let mut file = shell.files.open(path, How::READ)?;
    if file.opened().len > SCRIPT_MAX {
        return Err(too_long(path));
    }
    of_bytes(path, file.read_rest(0)?)
}

fn too_long(path: &str) -> Trouble {
    Trouble::new(alloc::format!("{path}: longer than 64 KiB"))
}

fn of_bytes(path: &str, bytes: Vec<u8>) -> Result<String, Trouble> {
    String::from_utf8(bytes).map_err(|_| Trouble::new(alloc::format!("{path}: no text")))
}
