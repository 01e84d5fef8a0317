//! Audited system calls as text.

use abi::{Error, Syscall, TraceStage};
use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;

/// The text of an audit record: the bytes of an `abi::TraceRecord`, little endian.
#[must_use]
pub fn text(record: &[u8]) -> String {
    let word = |at: usize| {
        let bytes = record.get(at..at + 8).and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(0, u64::from_le_bytes)
    };
    let (thread, number, stage, status) = (word(8) >> 32, word(16), word(24), word(32));
    let call = match Syscall::from_number(number) {
        Some(call) => call.name().to_owned(),
        None => format!("call {number:#x}"),
    };
    if stage == TraceStage::Enter as u64 {
        return format!("thread {thread} calls {call}");
    }
    match Error::from_status(status) {
        Some(error) => format!("thread {thread} had {call} refused: {error}"),
        None => format!("thread {thread} had {call}"),
    }
}

#[cfg(test)]
mod tests {
    use super::text;

    fn record(number: u64, stage: u64, status: u64) -> Vec<u8> {
        let words = [0, 7 << 32 | 3, number, stage, status];
        words.iter().flat_map(|word: &u64| word.to_le_bytes()).collect()
    }

    #[test]
    fn calls_are_named_and_refusals_explained() {
        assert_eq!(text(&record(62, 0, 0)), "thread 7 calls Clock");
        assert_eq!(text(&record(62, 1, 0)), "thread 7 had Clock");
        assert_eq!(
            text(&record(62, 1, 4)),
            "thread 7 had Clock refused: the handle lacks the right"
        );
        assert_eq!(text(&record(99, 0, 0)), "thread 7 calls call 0x63");
    }

    #[test]
    fn a_record_cut_short_is_no_panic() {
        assert_eq!(text(&[1, 2, 3]), "thread 0 calls call 0x0");
    }
}
