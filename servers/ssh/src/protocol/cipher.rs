//! Packets on the wire: in the clear, and by `chacha20-poly1305@openssh.com`.
//!
//! Source: RFC 4253, 6; OpenSSH's PROTOCOL.chacha20poly1305. A key has two halves: the second one
//! encrypts the length alone, so that it is known before the rest has come; the first one encrypts
//! the rest, and its first block is the key of the tag over both.

use super::terms::Fault;
use alloc::vec::Vec;
use chacha20::ChaCha20Legacy;
use chacha20::cipher::{KeyIvInit, StreamCipher, StreamCipherSeek};
use poly1305::Poly1305;
use poly1305::universal_hash::KeyInit;

/// The bytes of a key.
pub(super) const KEY_BYTES: usize = 64;
/// The most bytes of a packet behind its length.
const PACKET_MAX: usize = 35_000;
/// Bytes of the tag.
const TAG: usize = 16;
/// What lengths are multiples of.
const BLOCK: usize = 8;
/// Packets by one key: the number of a packet must not come again under it.
const PACKETS_MAX: u32 = 1 << 31;
/// Where the bytes of a packet begin in the key stream: behind the block of the tag's key.
const SECOND_BLOCK: u32 = 64;

/// A direction of the connection.
#[derive(Default)]
pub(super) struct Cipher {
    key: Option<[u8; KEY_BYTES]>,
    number: u32,
}

impl Cipher {
    /// The key from here on. `restart` numbers packets from 0 again.
    pub(super) fn set_key(&mut self, key: [u8; KEY_BYTES], restart: bool) {
        self.key = Some(key);
        if restart {
            self.number = 0;
        }
    }

    /// The number of the next packet.
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    fn count(&mut self) -> Result<u32, Fault> {
        let number = self.number;
        if number >= PACKETS_MAX {
            return Err(Fault::Worn);
        }
        self.number = number.wrapping_add(1);
        Ok(number)
    }

    fn stream(&self, half: usize, number: u32) -> Option<ChaCha20Legacy> {
        let key: [u8; 32] = self.key.as_ref()?.get(half..half.wrapping_add(32))?.try_into().ok()?;
        let nonce = u64::from(number).to_be_bytes();
        Some(ChaCha20Legacy::new(&key.into(), &nonce.into()))
    }

    /// Encrypts or decrypts the length.
    fn length(&self, number: u32, mut bytes: [u8; 4]) -> [u8; 4] {
        if let Some(mut stream) = self.stream(32, number) {
            stream.apply_keystream(&mut bytes);
        }
        bytes
    }

    /// Adds a packet with this content to what is sent. Padding is zeros: it is encrypted.
    pub(super) fn seal(&mut self, payload: &[u8], into: &mut Vec<u8>) -> Result<(), Fault> {
        let number = self.count()?;
        // The length in the clear is part of the first block.
        let before = if self.key.is_some() { 1 } else { 5 };
        let short = (before + payload.len()) % BLOCK;
        let padding = if BLOCK - short < 4 { 2 * BLOCK - short } else { BLOCK - short };
        let mut padded = Vec::with_capacity(payload.len() + 1 + padding);
        padded.push(u8::try_from(padding).map_err(|_| Fault::Malformed)?);
        padded.extend_from_slice(payload);
        padded.resize(padded.len() + padding, 0);
        let length = u32::try_from(padded.len()).map_err(|_| Fault::Malformed)?;
        let start = into.len();
        into.extend_from_slice(&self.length(number, length.to_be_bytes()));
        let Some(mut stream) = self.stream(0, number) else {
            into.extend_from_slice(&padded);
            return Ok(());
        };
        let tag_key = tag_key(&mut stream);
        stream.apply_keystream(&mut padded);
        into.extend_from_slice(&padded);
        let tag = Poly1305::new(&tag_key.into()).compute_unpadded(into.get(start..).unwrap_or(&[]));
        into.extend_from_slice(&tag);
        Ok(())
    }

    /// Takes a packet from what has come: its content; `None` while it is not complete.
    pub(super) fn open(&mut self, from: &mut Vec<u8>) -> Result<Option<Vec<u8>>, Fault> {
        let Some(Ok(length)) = from.get(..4).map(TryInto::<[u8; 4]>::try_into) else {
            return Ok(None);
        };
        let length = u32::from_be_bytes(self.length(self.number, length));
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let whole = if self.key.is_some() { length } else { length.saturating_add(4) };
        if !(BLOCK..=PACKET_MAX).contains(&length) || whole % BLOCK != 0 {
            return Err(Fault::Malformed);
        }
        let tag = if self.key.is_some() { TAG } else { 0 };
        let Some(packet) = from.get(..4 + length + tag) else { return Ok(None) };
        let (sealed, tag) = packet.split_at(4 + length);
        let mut content = sealed.get(4..).unwrap_or(&[]).to_vec();
        let number = self.count()?;
        if let Some(mut stream) = self.stream(0, number) {
            let tag_key = tag_key(&mut stream);
            let right = Poly1305::new(&tag_key.into()).compute_unpadded(sealed);
            if !is_same(&right, tag) {
                return Err(Fault::Forged);
            }
            stream.apply_keystream(&mut content);
        }
        from.drain(..4 + length + TAG * usize::from(self.key.is_some()));
        let padding = usize::from(content.first().copied().unwrap_or(0));
        let end = content.len().checked_sub(padding).filter(|end| *end > 1 && padding >= 4);
        let payload = content.get(1..end.ok_or(Fault::Malformed)?);
        Ok(payload.map(<[u8]>::to_vec))
    }
}

/// The key of the tag: the first block of the stream, which goes on behind it.
fn tag_key(stream: &mut ChaCha20Legacy) -> [u8; 32] {
    let mut key = [0; 32];
    stream.apply_keystream(&mut key);
    stream.seek(SECOND_BLOCK);
    key
}

/// Compares in a time that does not tell where the difference is.
fn is_same(left: &[u8], right: &[u8]) -> bool {
    let difference = left.iter().zip(right).fold(0, |sum, (a, b)| sum | (a ^ b));
    left.len() == right.len() && core::hint::black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use super::Cipher;
    use crate::protocol::Fault;

    fn pair() -> (Cipher, Cipher) {
        let mut both = (Cipher::default(), Cipher::default());
        both.0.set_key([7; 64], true);
        both.1.set_key([7; 64], true);
        both
    }

    #[test]
    fn packets_of_all_lengths_come_back() {
        for (mut sender, mut receiver) in [pair(), Default::default()] {
            let mut wire = Vec::new();
            for len in 1..100_u8 {
                sender.seal(&vec![len; usize::from(len)], &mut wire).unwrap();
            }
            for len in 1..100_u8 {
                let payload = receiver.open(&mut wire).unwrap().unwrap();
                assert_eq!(payload, vec![len; usize::from(len)]);
            }
            assert_eq!(receiver.open(&mut wire), Ok(None));
        }
    }

    #[test]
    fn a_part_of_a_packet_waits_and_a_changed_one_is_refused() {
        let (mut sender, mut receiver) = pair();
        let mut wire = Vec::new();
        sender.seal(b"hello", &mut wire).unwrap();
        for end in 0..wire.len() {
            assert_eq!(receiver.open(&mut wire[..end].to_vec()), Ok(None));
        }
        for place in 4..wire.len() {
            let (_, mut receiver) = pair();
            let mut changed = wire.clone();
            changed[place] ^= 1;
            assert_eq!(receiver.open(&mut changed), Err(Fault::Forged), "{place}");
        }
        let (_, mut receiver) = pair();
        wire[0] ^= 0x80;
        assert_eq!(receiver.open(&mut wire), Err(Fault::Malformed), "its length");
    }

    #[test]
    fn a_repeated_packet_is_refused() {
        let (mut sender, mut receiver) = pair();
        let mut wire = Vec::new();
        sender.seal(b"hello", &mut wire).unwrap();
        let mut twice = [wire.clone(), wire].concat();
        assert_eq!(receiver.open(&mut twice), Ok(Some(b"hello".to_vec())));
        assert!(receiver.open(&mut twice).is_err());
    }
}
