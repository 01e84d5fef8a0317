//! Keeps the lines in memory that survives this server.

use crate::lines::{Lines, VERSION};
use keep::{KeepError, Kept};
use sys::Memory;

/// The kept memory, if there is any.
pub struct Keeper {
    kept: Option<Kept<Lines>>,
    found: Lines,
}

impl Keeper {
    /// Looks for what an earlier life left.
    pub fn open(memory: Option<Memory>) -> Self {
        let Some(opened) = memory.map(|memory| Kept::open(&memory, VERSION)) else {
            return Self { kept: None, found: Lines::default() };
        };
        match opened {
            Ok((kept, found)) => {
                Self { kept: Some(kept), found: found.or_report("lines").unwrap_or_default() }
            }
            Err(error) => {
                warn(error);
                Self { kept: None, found: Lines::default() }
            }
        }
    }

    /// What was found, once.
    pub fn take_found(&mut self) -> Lines {
        core::mem::take(&mut self.found)
    }

    /// Saves the lines. When they do not fit, they live only as long as this server.
    pub fn save(&mut self, lines: &Lines) {
        if let Some(Err(error)) = self.kept.as_mut().map(|kept| kept.save(lines)) {
            warn(error);
        }
    }
}

#[cfg(target_os = "none")]
fn warn(error: KeepError) {
    let text = alloc::format!("{error}");
    defmt::warn!("lines would not survive a restart: {=str}", text.as_str());
}

/// There is no log on the host.
#[cfg(not(target_os = "none"))]
fn warn(_: KeepError) {}
