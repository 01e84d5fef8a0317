//! The memory of a program: every address in it is checked.

use crate::error::Errno;

/// The memory.
pub(crate) struct Memory<'a>(pub(crate) &'a mut [u8]);

type Result<T> = std::result::Result<T, Errno>;

/// A piece of the memory: its address and its length.
pub(crate) type Piece = (u32, u32);

impl Memory<'_> {
    fn range(&self, (at, len): Piece) -> Result<std::ops::Range<usize>> {
        let start = usize::try_from(at).map_err(|_| Errno::FAULT)?;
        let len = usize::try_from(len).map_err(|_| Errno::FAULT)?;
        let end = start.checked_add(len).filter(|end| *end <= self.0.len());
        Ok(start..end.ok_or(Errno::FAULT)?)
    }

    pub(crate) fn bytes(&self, piece: Piece) -> Result<&[u8]> {
        let range = self.range(piece)?;
        self.0.get(range).ok_or(Errno::FAULT)
    }

    pub(crate) fn bytes_mut(&mut self, piece: Piece) -> Result<&mut [u8]> {
        let range = self.range(piece)?;
        self.0.get_mut(range).ok_or(Errno::FAULT)
    }

    pub(crate) fn text(&self, piece: Piece) -> Result<&str> {
        std::str::from_utf8(self.bytes(piece)?).map_err(|_| Errno::ILSEQ)
    }

    pub(crate) fn u32(&self, at: u32) -> Result<u32> {
        let bytes = self.bytes((at, 4))?.try_into().map_err(|_| Errno::FAULT)?;
        Ok(u32::from_le_bytes(bytes))
    }

    pub(crate) fn u64(&self, at: u32) -> Result<u64> {
        let bytes = self.bytes((at, 8))?.try_into().map_err(|_| Errno::FAULT)?;
        Ok(u64::from_le_bytes(bytes))
    }

    pub(crate) fn put(&mut self, at: u32, bytes: &[u8]) -> Result<()> {
        let len = u32::try_from(bytes.len()).map_err(|_| Errno::FAULT)?;
        self.bytes_mut((at, len))?.copy_from_slice(bytes);
        Ok(())
    }

    pub(crate) fn put_u32(&mut self, at: u32, value: usize) -> Result<()> {
        self.put(at, &u32::try_from(value).map_err(|_| Errno::INVAL)?.to_le_bytes())
    }

    pub(crate) fn put_u64(&mut self, at: u32, value: u64) -> Result<()> {
        self.put(at, &value.to_le_bytes())
    }

    /// The pieces of a vector of them.
    pub(crate) fn pieces(&self, (at, count): Piece) -> Result<Vec<Piece>> {
        let all = self.bytes((at, count.checked_mul(8).ok_or(Errno::INVAL)?))?;
        let words: Vec<u32> = all
            .chunks_exact(4)
            .map(|word| word.iter().rev().fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
            .collect();
        Ok(words.chunks_exact(2).filter_map(|pair| Some((*pair.first()?, *pair.last()?))).collect())
    }
}
