//! A volume whose disk comes later, or never.

use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use files::{FilesError, State, VolumeInfo};

/// Opens the disk, or says why it cannot be had.
pub type Opener<D> = Box<dyn FnMut() -> Result<D, String>>;

/// The pause between two attempts to mount.
const AGAIN_NS: u64 = 1_000_000_000;

/// What is mounted as soon as its disk is there. Until then each use says why it is not, and tries
/// again, at most once in a second.
pub struct Late<M> {
    device: String,
    mount: Opener<M>,
    mounted: Option<M>,
    why: String,
    again_ns: u64,
}

impl<M> core::fmt::Debug for Late<M> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Late").field("device", &self.device).finish_non_exhaustive()
    }
}

impl<M> Late<M> {
    /// On the disk with this name.
    pub fn new(device: &str, mount: Opener<M>) -> Self {
        let device = device.to_string();
        let mut late = Self { device, mount, mounted: None, why: String::new(), again_ns: 0 };
        // Each use says what is wrong, and tries again.
        let _ = late.get();
        late
    }

    /// What is mounted.
    ///
    /// # Errors
    /// [`FilesError::Unusable`].
    pub fn get(&mut self) -> Result<&mut M, FilesError> {
        if self.mounted.is_none() && sys::clock() >= self.again_ns {
            match (self.mount)() {
                Ok(mounted) => self.mounted = Some(mounted),
                Err(why) => self.failed(why),
            }
        }
        let why = &self.why;
        self.mounted.as_mut().ok_or_else(|| FilesError::Unusable { why: why.clone() })
    }

    fn failed(&mut self, why: String) {
        #[cfg(target_os = "none")]
        if self.why != why {
            defmt::warn!("no volume on {=str}: {=str}", self.device.as_str(), why.as_str());
        }
        self.why = why;
        self.again_ns = sys::clock().saturating_add(AGAIN_NS);
    }

    /// What the volume is; `state` says it of what is mounted.
    pub fn info(&mut self, format: &str, state: impl FnOnce(&mut M) -> State) -> VolumeInfo {
        let state = match self.get() {
            Ok(mounted) => state(mounted),
            Err(_) => State::Unusable { why: self.why.clone() },
        };
        VolumeInfo { format: format.into(), device: self.device.clone(), state }
    }
}
