//! Starts a process from an ELF file.
//!
//! ```no_run
//! # let image: &[u8] = &[];
//! # let names = sys::Endpoint::create()?;
//! let program = loader::Program {
//!     name: "hello",
//!     image,
//!     args: &["world"],
//!     quota: sys::Quota { pages: 64, handles: 16, threads: 1, objects: 32, ..Default::default() },
//!     priority: sys::Priority(10),
//!     handles: &[("names", names.as_handle(), sys::Rights::SEND, 7)],
//!     ..Default::default()
//! };
//! match program.start() {
//!     Ok(process) => println!("process {}", process.info()?.pid),
//!     Err(error) => println!("hello: {error}"),
//! }
//! # Ok::<(), sys::Error>(())
//! ```
//!
//! **Shape.** [`Plan::read`] checks the file and says what to map where, without
//! touching the kernel; [`Program::start`] does it. What is accepted: static x86-64
//! and i386 executables, segments that never are writable and executable, between the first 64 KiB
//! (never mapped) and the heap, without overlap. What is started many times can have its code and
//! constants loaded once: [`Shared`].
//!
//! **Errors.** [`LoadError`] names what is wrong with the file, or which step the kernel
//! refused. A process that was begun is killed then.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod error;
mod plan;
mod program;
mod shared;
#[cfg(test)]
mod test_file;

pub use error::{FileError, LoadError, Step};
pub use plan::{Plan, Segment};
pub use program::{Grant, Program, Time};
pub use shared::Shared;
