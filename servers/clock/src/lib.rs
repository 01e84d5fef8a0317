//! What the clock server does: it reads the machine's clock once, and adds the kernel's.
//!
//! **Restart.** What was set is kept, so the time of day does not jump back.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod cmos;
mod server;

pub use cmos::{Cmos, read};
pub use server::ClockServer;
