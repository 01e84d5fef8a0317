#![allow(clippy::cast_possible_truncation, reason = "small numbers")]

mod damage;
mod disk;
mod power;
#[macro_use]
#[path = "../../../../libsys/volume/tests/suite/mod.rs"]
mod suite;
mod suited;
