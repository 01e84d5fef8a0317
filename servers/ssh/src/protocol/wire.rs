//! Fields of packets (RFC 4251, 5).

use super::terms::Fault;
use alloc::vec::Vec;

/// Reads the fields of a packet, one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Fault::Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Fault> {
        self.take(1)?.first().copied().ok_or(Fault::Malformed)
    }

    pub(crate) fn boolean(&mut self) -> Result<bool, Fault> {
        Ok(self.byte()? != 0)
    }

    pub(crate) fn number(&mut self) -> Result<u32, Fault> {
        let bytes = self.take(4)?.try_into().map_err(|_| Fault::Malformed)?;
        Ok(u32::from_be_bytes(bytes))
    }

    /// Bytes with their length before them.
    pub(crate) fn string(&mut self) -> Result<&'a [u8], Fault> {
        let len = self.number()?;
        self.take(usize::try_from(len).map_err(|_| Fault::Malformed)?)
    }

    /// Bytes of a fixed length, with that length before them.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        self.string()?.try_into().map_err(|_| Fault::Malformed)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Fault> {
        core::str::from_utf8(self.string()?).map_err(|_| Fault::Malformed)
    }

    pub(crate) fn skip(&mut self, count: usize) -> Result<(), Fault> {
        self.take(count).map(drop)
    }
}

/// Writes fields.
#[derive(Clone, Debug, Default)]
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    /// A packet of this kind.
    pub(crate) fn packet(kind: u8) -> Self {
        Self(Vec::from([kind]))
    }

    pub(crate) fn byte(mut self, byte: u8) -> Self {
        self.0.push(byte);
        self
    }

    pub(crate) fn boolean(self, value: bool) -> Self {
        self.byte(u8::from(value))
    }

    pub(crate) fn number(mut self, number: u32) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    pub(crate) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Bytes with their length before them. Packets are far below 4 GiB.
    pub(crate) fn string(self, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        self.number(u32::try_from(bytes.len()).unwrap_or(u32::MAX)).bytes(bytes)
    }

    /// A positive number: without zeros in front, and with one where it would look negative.
    pub(crate) fn positive(self, bytes: &[u8]) -> Self {
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let digits = bytes.get(zeros..).unwrap_or(&[]);
        match digits.first() {
            Some(first) if *first >= 0x80 => self.string([&[0], digits].concat()),
            _ => self.string(digits),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Reader, Writer};
    use crate::protocol::Fault;

    #[test]
    fn fields_come_back() {
        let packet = Writer::packet(7).boolean(true).number(5).string("abc").bytes(b"x").0;
        let mut reader = Reader::new(&packet);
        assert_eq!((reader.byte(), reader.boolean(), reader.number()), (Ok(7), Ok(true), Ok(5)));
        assert_eq!((reader.text(), reader.byte()), (Ok("abc"), Ok(b'x')));
        assert_eq!(reader.byte(), Err(Fault::Malformed));
        assert_eq!(Reader::new(&[0, 0, 0, 9, 1]).string(), Err(Fault::Malformed));
        assert_eq!(Reader::new(&[0, 0, 0, 1, 0xff]).text(), Err(Fault::Malformed));
    }

    #[test]
    fn numbers_are_positive_and_short() {
        let positive = |bytes: &[u8]| Writer::default().positive(bytes).0;
        assert_eq!(positive(&[0, 0]), [0, 0, 0, 0]);
        assert_eq!(positive(&[0, 0x7f]), [0, 0, 0, 1, 0x7f]);
        assert_eq!(positive(&[0, 0x80, 1]), [0, 0, 0, 3, 0, 0x80, 1]);
    }
}
