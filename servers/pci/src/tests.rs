//! The core over a fake machine.

mod binding;
mod devices;
mod fake;
mod functions;
mod random;
mod resets;
mod sessions;
mod vectors;
