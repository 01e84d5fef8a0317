//! Commands that make output of input: each reads its files, or what the command before it in a
//! pipeline writes.

mod collect;
mod cut;
mod digest;
mod grep;
mod hexdump;
mod lines;
mod sort;
mod tee;
#[cfg(test)]
mod tests;
mod tr;
mod uniq;
mod wc;

pub(crate) use collect::Collect;
pub(crate) use cut::cut;
pub(crate) use digest::sha256sum;
pub(crate) use grep::grep;
pub(crate) use hexdump::hexdump;
pub(crate) use lines::{cat, head, tail};
pub(crate) use sort::sort;
pub(crate) use tee::tee;
pub(crate) use tr::tr;
pub(crate) use uniq::uniq;
pub(crate) use wc::wc;
