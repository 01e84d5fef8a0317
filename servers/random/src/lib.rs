//! The random server: ChaCha20, seeded by the entropy device and the CPU, again each minute.
//!
//! **Refusal.** Before the first seed there are no bytes.
//!
//! **Sources.** Each seed is the exclusive or of what the sources gave and of what the generator
//! gives: one good source suffices, and a bad one, such as a device that gives what its host
//! chooses, takes nothing from the others. A source that gives the same word all over has failed.
//!
//! **Erasure.** After each call the generator goes on with a key of its own output: what a later
//! reader of this process's memory finds does not tell the bytes that were given before.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod generator;
mod server;

pub use generator::{Generator, SEED, Seed, hardware_seed};
pub use server::RandomServer;
