//! State that outlives its server: a value in memory that init keeps.
//!
//! ```
//! # let memory = sys::Memory::create(1)?;
//! // In a server: let memory = env.handle("keep")?;
//! const VERSION: u32 = 1;
//! let (mut kept, found) = keep::Kept::<u64>::open(&memory, VERSION)?;
//! let before = found.or_report("visits").unwrap_or(0);
//! kept.save(&(before + 1))?;
//! # Ok::<(), sys::Failure>(())
//! ```
//!
//! **Shape.** The memory is cut into two slots that are written in turn; each has a header
//! (magic, version, number of the write, length, checksum) and the value in postcard. A slot
//! is marked as being written first and as whole last, so a server that dies anywhere in
//! between leaves the other slot, which is the value before. See `slot.rs`.
//!
//! **Trust.** Everything in the memory is an allegation: a server that went wrong may have
//! written anything. What is not whole, of another version, or no value at all is blanked
//! and reported as a [`Damage`]; there is never a wrong value and never a panic.
//!
//! **Errors.** [`KeepError`] for what cannot be saved.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod error;
mod kept;
mod slot;
#[cfg(test)]
mod tests;

pub use error::{Damage, KeepError};
pub use kept::{Found, Kept};
