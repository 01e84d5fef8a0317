//! What a program needs to start: entry, environment, heap, panic, log. Signals are `proc`'s:
//! see `proc_api::signals`.
//!
//! ```no_run
//! // At the top of a real program: #![no_std] #![no_main]
//! fn start(env: rt::Env) -> Result<(), rt::Failure> {
//!     let times = env.args().count();
//!     rt::defmt::info!("{=str} was given {=usize} arguments", env.name(), times);
//!     let keep: sys::Memory = env.handle("keep")?;
//!     assert_eq!(keep.info()?.pages, 1);
//!     Ok(())
//! }
//! rt::entry!(start);
//! # fn main() {}
//! ```
//!
//! **Errors.** A program that returns an `Err` logs it and ends with status
//! [`EXIT_FAILURE`]; one that panics logs, tells its supervisor, and ends with
//! `abi::EXIT_PANIC`.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod env;
#[cfg(target_os = "none")]
mod machine;

pub use defmt;
pub use env::Env;
#[doc(hidden)]
pub use sys::program;
pub use sys::{Failure, exit};

#[cfg(target_os = "none")]
pub use machine::heap_pages;

/// Programs are linked again when their linker script changes.
#[cfg(target_os = "none")]
const _: &str = include_str!("../user.ld");

/// The status of a program whose `main` returned an error.
pub const EXIT_FAILURE: u64 = 1;

/// Makes a function `fn(rt::Env) -> Result<(), rt::Failure>` the program.
#[macro_export]
macro_rules! entry {
    ($main:path) => {
        $crate::program!(|| $crate::run($main));
    };
}

/// Runs a program's main function. [`entry!`] calls it.
#[doc(hidden)]
pub fn run(main: impl FnOnce(Env) -> Result<(), Failure>) -> ! {
    let ended = main(Env::new());
    match ended {
        Ok(()) => exit(0),
        Err(failure) => {
            #[cfg(target_os = "none")]
            defmt::error!("ended: {=str}", alloc::format!("{failure}").as_str());
            drop(failure);
            exit(EXIT_FAILURE)
        }
    }
}
