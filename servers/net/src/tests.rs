//! The whole server over a wire, and a peer at its other end.

mod common;
mod hostile;
mod transfers;
