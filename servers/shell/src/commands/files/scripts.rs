//! `sh`, `set`, and what runs at boot.

use crate::shell::Shell;
use crate::trouble::{Outcome, Trouble};
use alloc::string::String;
use files::{FilesError, How};

/// The longest script, in bytes.
const SCRIPT_MAX: u64 = 64 << 10;
/// What runs at boot: the first of these that is there.
const RC: [&str; 2] = ["/etc/rc", "/boot/etc/rc"];

pub(crate) fn sh(shell: &mut Shell, words: &[&str]) -> Outcome {
    let [path] = words else { return Err(Trouble::Usage) };
    let text = read(shell, path)?;
    shell.run_script(path, &text)
}

pub(crate) fn set(shell: &mut Shell, words: &[&str]) -> Outcome {
    if !words.is_empty() {
        return Err(Trouble::Usage);
    }
    let line = |(name, value): (&str, &str)| alloc::format!("{name}={value}\n");
    let text: String = shell.variables().map(line).collect();
    shell.write(text.as_bytes())?;
    Ok(0)
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
    shell.run_script(path, &text).map(drop)
}

fn read(shell: &Shell, path: &str) -> Result<String, Trouble> {
    let mut file = shell.files.open(path, How::READ)?;
    if file.opened().len > SCRIPT_MAX {
        return Err(Trouble::new(alloc::format!("{path}: longer than 64 KiB")));
    }
    let bytes = file.read_rest(0)?;
    String::from_utf8(bytes).map_err(|_| Trouble::new(alloc::format!("{path}: no text")))
}
