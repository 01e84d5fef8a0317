//! Results of the bench: read, stored, compared, judged.
//!
//! The program `tests/programs/bench` prints a line for each operation; [`rows`] reads them, a
//! [`Run`] stores them. `cargo xtask bench` and the system test `bench` share this crate, and
//! these files:
//!
//! | file | what |
//! |---|---|
//! | `tests/bench/baseline.json` | the run that counts are compared with: [`growth`] |
//! | `tests/bench/results.jsonl` | a run in each line: the history |
//! | `tests/bench/peers.toml` | the costs of seL4 and Linux: [`Peers`] |
//! | `tests/bench/calls.svg`, `history.svg` | drawn of these by [`by_length`] and [`history`] |
#![forbid(unsafe_code)]

mod compare;
mod figures;
mod gate;
mod peers;
mod plot;
mod run;
mod scale;
mod table;

pub use compare::compare;
pub use figures::{Figures, Row, rows};
pub use gate::{RENEW, growth};
pub use peers::{Peer, Peers};
pub use plot::{by_length, history};
pub use run::Run;
pub use scale::scale;
pub use table::table;
