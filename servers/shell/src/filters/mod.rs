//! Commands that make output of input: each reads its files, or what the command before it in a
//! pipeline writes.

mod collect;
mod digest;
mod grep;
mod hexdump;
mod lines;
mod sort;
#[cfg(test)]
mod tests;
mod wc;

pub(crate) use collect::Collect;
pub(crate) use digest::sha256sum;
pub(crate) use grep::grep;
pub(crate) use hexdump::hexdump;
pub(crate) use lines::{cat, head, tail};
pub(crate) use sort::sort;
pub(crate) use wc::wc;
