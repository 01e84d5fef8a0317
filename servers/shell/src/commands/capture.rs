//! `tcpdump`: frames of the card into a file that other tools read.

use crate::shell::Shell;
use crate::trouble::{Outcome, Trouble};
use alloc::format;
use alloc::vec::Vec;
use clock_api::WallClock;
use files::{File, How};
use net_api::{CaptureClient, NetError, RECORD_BYTES};
use sys::Buffer;

/// The most bytes of a frame that are kept, and of a file.
const FRAME_BYTES: u16 = 2048;
const FILE_BYTES: u64 = 16 << 20;
/// Bytes that are taken at a time, and the pause between two takes.
const PIECE: usize = 128 << 10;
const PAUSE_NS: u64 = 100_000_000;
/// The head of a file: nanoseconds, version 2.4, Ethernet. Source: draft-ietf-opsawg-pcap, section 4.
const MAGIC: u32 = 0xa1b2_3c4d;
const VERSION: [u16; 2] = [2, 4];
const ETHERNET: u32 = 1;

pub(crate) fn tcpdump(shell: &mut Shell, words: &[&str]) -> Outcome {
    let ["-w", path, command @ ..] = words else { return Err(Trouble::Usage) };
    let mut dump = Dump::begin(shell, path)?;
    let status = match command.split_first() {
        Some((name, arguments)) => shell.run_words(name, arguments),
        None => {
            // Ctrl-C is how it ends.
            while dump.drain()? && shell.interrupts.sleep(PAUSE_NS).is_ok() {}
            shell.interrupts.clear();
            0
        }
    };
    dump.drain()?;
    let Dump { frames, lost, bytes, .. } = dump;
    let left_out = if bytes >= FILE_BYTES { "; the file is full" } else { "" };
    shell.print(&format!("{frames} frames in {path}, {lost} lost{left_out}\n"));
    Ok(status)
}

/// A file that frames come into.
struct Dump {
    capture: CaptureClient,
    file: File,
    piece: Buffer,
    clock: WallClock,
    bytes: u64,
    frames: u64,
    lost: u64,
}

impl Dump {
    fn begin(shell: &Shell, path: &str) -> Result<Self, Trouble> {
        let mut file = shell.files.open(path, How::REPLACE)?;
        let head = head();
        file.write_at(0, &head)?;
        // Without the time of day, since the boot.
        let clock = shell.wall_clock().unwrap_or_default();
        let capture = shell.net()?.capture(FRAME_BYTES).map_err(NetError::from)?;
        let (bytes, piece) = (head.len() as u64, Buffer::new(PIECE)?);
        Ok(Self { capture, file, piece, clock, bytes, frames: 0, lost: 0 })
    }

    /// Writes what has come: whether there is room for more.
    fn drain(&mut self) -> Result<bool, Trouble> {
        loop {
            let (count, lost) = self.capture.take(&mut self.piece).map_err(NetError::from)?;
            self.lost = lost;
            let count = usize::try_from(count).unwrap_or(0);
            let records = self.piece.get(..count).unwrap_or_default();
            let (text, frames) =
                converted(records, self.clock.now_ns().saturating_sub(sys::clock()));
            if frames == 0 {
                return Ok(true);
            }
            if self.bytes.saturating_add(text.len() as u64) > FILE_BYTES {
                self.bytes = FILE_BYTES;
                return Ok(false);
            }
            self.file.write_at(self.bytes, &text)?;
            self.bytes += text.len() as u64;
            self.frames += frames;
        }
    }
}

fn head() -> Vec<u8> {
    let mut head = MAGIC.to_le_bytes().to_vec();
    VERSION.iter().for_each(|it| head.extend_from_slice(&it.to_le_bytes()));
    for word in [0, 0, u32::from(FRAME_BYTES), ETHERNET] {
        head.extend_from_slice(&word.to_le_bytes());
    }
    head
}

/// Records of `net` as those of a file, and their number. `booted_at_ns` is the time of the boot.
fn converted(mut records: &[u8], booted_at_ns: u64) -> (Vec<u8>, u64) {
    const SECOND_NS: u64 = 1_000_000_000;
    let (mut all, mut frames) = (Vec::with_capacity(records.len()), 0);
    // What is no record is the end.
    while let Some((head, rest)) = records.split_at_checked(RECORD_BYTES) {
        let (at, lengths) = head.split_at(8);
        let at = at.try_into().map_or(0, u64::from_le_bytes).saturating_add(booted_at_ns);
        let word = |at: usize| {
            let bytes = lengths.get(at..at + 4).and_then(|it| it.try_into().ok());
            bytes.map_or(0, u32::from_le_bytes)
        };
        let (whole, kept) = (word(0), word(4));
        let Some((frame, rest)) =
            usize::try_from(kept).ok().and_then(|it| rest.split_at_checked(it))
        else {
            break;
        };
        let seconds = u32::try_from(at / SECOND_NS).unwrap_or(u32::MAX);
        let rest_ns = u32::try_from(at % SECOND_NS).unwrap_or(0);
        for word in [seconds, rest_ns, kept, whole] {
            all.extend_from_slice(&word.to_le_bytes());
        }
        all.extend_from_slice(frame);
        (records, frames) = (rest, frames + 1);
    }
    (all, frames)
}

#[cfg(test)]
mod tests {
    use super::{converted, head};

    fn record(at_ns: u64, whole: u32, frame: &[u8]) -> Vec<u8> {
        let mut record = at_ns.to_le_bytes().to_vec();
        record.extend(whole.to_le_bytes());
        record.extend(u32::try_from(frame.len()).unwrap().to_le_bytes());
        record.extend(frame);
        record
    }

    #[test]
    fn records_become_those_of_a_file() {
        let both = [record(5, 60, b"abc"), record(1_000_000_007, 2, b"de")].concat();
        let (text, frames) = converted(&both, 2_000_000_000);
        let mut wanted = Vec::new();
        for (words, frame) in [([2_u32, 5, 3, 60], &b"abc"[..]), ([3, 7, 2, 2], b"de")] {
            words.iter().for_each(|word| wanted.extend(word.to_le_bytes()));
            wanted.extend(frame);
        }
        assert_eq!((text, frames), (wanted, 2));
        assert_eq!(head().len(), 24);
    }

    #[test]
    fn what_is_cut_off_is_left_out() {
        let one = record(1, 3, b"abc");
        for end in 0..one.len() {
            assert_eq!(converted(&one[..end], 0), (Vec::new(), 0), "{end}");
        }
    }
}
