//! What the bench measured: read, kept, compared, judged.
//!
//! The program `tests/programs/bench` prints a line for each operation; [`rows`] reads them.
//! `cargo xtask bench` and the system test that is the gate share this crate.
#![forbid(unsafe_code)]

mod figures;
mod table;

pub use figures::{Figures, Row, rows};
pub use table::table;
