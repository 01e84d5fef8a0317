//! What programs are started with.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use sys::{OwnedHandle, Pages};

/// A program that is about to start.
#[derive(Debug, Default)]
pub(super) struct Launching {
    pub(super) program: String,
    /// Its own image, and its length.
    pub(super) image: Option<(Pages, usize)>,
    pub(super) handles: Vec<(String, OwnedHandle)>,
    pub(super) facts: Vec<(&'static str, String)>,
}

impl Launching {
    /// A program of the archive, as it is.
    pub(super) fn plain(program: &str) -> Self {
        Self { program: program.to_string(), ..Self::default() }
    }

    /// The bytes of its own image.
    pub(super) fn own_image(&self) -> Option<&[u8]> {
        self.image.as_ref().and_then(|(pages, len)| pages.get(..*len))
    }
}
