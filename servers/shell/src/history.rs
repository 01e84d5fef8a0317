//! Lines that were typed, kept on the volume.

use alloc::string::String;
use alloc::vec::Vec;
use files::{File, How, Kind, Namespace};

const DIRECTORY: &str = "/home";
const FILE: &str = "/home/.history";
/// The file is cut to half of this when the shell finds it longer.
const FILE_MAX: usize = 64 << 10;
/// Bytes of lines that the console is told: they fit into one message.
const TOLD: usize = 3000;

/// The file of the history, where there is a volume for it.
#[derive(Debug, Default)]
pub(crate) struct History(Option<File>);

/// All lines that are kept, the oldest first.
///
/// # Errors
/// Those of the file.
pub(crate) fn lines(files: &Namespace) -> Result<Vec<String>, files::Error> {
    let text = files.read(FILE)?;
    Ok(String::from_utf8_lossy(&text).lines().map(String::from).collect())
}

impl History {
    /// The last lines, the oldest first.
    pub(crate) fn load(files: &Namespace) -> Vec<String> {
        let Ok(bytes) = files.read(FILE) else { return Vec::new() };
        if bytes.len() > FILE_MAX {
            let rest = bytes.get(bytes.len() - FILE_MAX / 2..).unwrap_or(&[]);
            let whole = rest.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            // A volume that cannot be written keeps the long file.
            let _ = files.replace(FILE, rest.get(whole..).unwrap_or(&[]));
        }
        let text = String::from_utf8_lossy(&bytes);
        let mut told = 0;
        let mut lines: Vec<String> = text
            .lines()
            .rev()
            .take_while(|line| {
                told += line.len() + 2;
                told <= TOLD
            })
            .map(String::from)
            .collect();
        lines.reverse();
        lines
    }

    /// Adds a line. A volume that does not take it is asked again at the next one.
    pub(crate) fn add(&mut self, files: &Namespace, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        if self.0.is_none() && files.metadata(DIRECTORY).is_ok_and(|it| it.kind == Kind::Directory)
        {
            self.0 = files.open(FILE, How::CREATE).ok();
        }
        let line = alloc::format!("{line}\n");
        if self.0.as_mut().is_some_and(|file| file.append(line.as_bytes()).is_err()) {
            self.0 = None;
        }
    }
}
