#![allow(clippy::cast_possible_truncation, reason = "small numbers")]

mod damage;
mod disk;
mod lives;
mod power;
mod random;
#[macro_use]
#[path = "../../../../libsys/volume/tests/suite/mod.rs"]
mod suite;
mod suited;
