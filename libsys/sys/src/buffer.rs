//! Bytes in whole pages of their own, which can be lent without a copy.

use crate::{Error, Loan, Memory, PAGE_SIZE, Pages, Protection};
use core::ops::{Deref, DerefMut};

/// Bytes in whole pages of their own: what can be lent to a server without a copy.
///
/// ```
/// let mut buffer = sys::Buffer::new(10_000)?;
/// buffer[9_999] = 1;
/// assert_eq!((buffer.len(), buffer[0]), (10_000, 0));
/// # Ok::<(), sys::Error>(())
/// ```
#[derive(Debug)]
pub struct Buffer {
    pages: Pages,
    len: usize,
}

impl Buffer {
    /// `len` zeros.
    pub fn new(len: usize) -> Result<Self, Error> {
        let pages = (len as u64).div_ceil(PAGE_SIZE).max(1);
        Ok(Self { pages: Pages::create(pages)?, len })
    }

    /// Keeps the first `len` bytes. The pages stay.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Lends its pages for reading while `work` runs. The borrower cannot read them afterwards.
    pub fn lend<T>(&self, work: impl FnOnce(&Memory) -> T) -> Result<T, Error> {
        lend(&self.pages, Protection::Read, work)
    }

    /// Lends its pages for writing while `work` runs. The borrower cannot write them afterwards.
    pub fn lend_mut<T>(&mut self, work: impl FnOnce(&Memory) -> T) -> Result<T, Error> {
        lend(&self.pages, Protection::ReadWrite, work)
    }
}

/// The loan never leaves this function: so the pages are the buffer's alone again when the
/// borrow ends, as its slices need it. A process that cannot take them back ends here.
fn lend<T>(
    pages: &Pages,
    protection: Protection,
    work: impl FnOnce(&Memory) -> T,
) -> Result<T, Error> {
    let count = pages.len() as u64 / PAGE_SIZE;
    let loan = Loan::of(pages.memory(), 0, count, protection)?;
    let shown = Memory::from(loan.handle_to_send()?);
    let done = work(&shown);
    drop(shown);
    if loan.end().is_err() {
        crate::exit(abi::EXIT_PANIC);
    }
    Ok(done)
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.pages.get(..self.len).unwrap_or(&[])
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        self.pages.get_mut(..self.len).unwrap_or(&mut [])
    }
}
