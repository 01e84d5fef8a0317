//! Any system call, in either width.

use abi::Syscall;

#[cfg(target_arch = "x86_64")]
pub(super) use sys::hazard::{Outcome, call};

/// What a call left in its block.
#[cfg(target_arch = "x86")]
pub(super) struct Outcome {
    /// 0 or an error's number.
    pub(super) status: u64,
    /// Value 0.
    pub(super) value0: u64,
    /// Value 1.
    pub(super) value1: u64,
    /// The reply token.
    pub(super) token: u64,
}

/// Any system call with any values.
#[cfg(target_arch = "x86")]
pub(super) fn call(number: u64, values: [u64; 2], words: [u64; 7], envelope: u64) -> Outcome {
    use sys::hazard::{Way, way};
    let mut block = abi::CompatCall { values, words, envelope };
    // Every CPU has the gate beside its own way.
    let way = if words[0] & 1 == 0 { Way::Gate } else { way() };
    let number = u32::try_from(number & 0xffff_ffff).unwrap_or(0);
    let status = u64::from(sys::hazard::call(way, number, &mut block));
    let abi::CompatCall { values: [value0, value1], envelope: token, .. } = block;
    Outcome { status, value0, value1, token }
}

/// The same with plain arguments.
pub(super) fn plain(number: Syscall, arguments: [u64; 6]) -> Outcome {
    let [a0, a1, a2, a3, a4, a5] = arguments;
    call(number as u64, [a0, a1], [a2, a3, a4, a5, 0, 0, 0], 0)
}
