//! The protocol of a server, without input and output (RFC 4251 to 4254).
//!
//! **Shape.** [`Connection`] is given the bytes that came ([`Connection::receive`]), tells what
//! they mean ([`Connection::next`]), and has bytes to send ([`Connection::output`]). It knows one
//! way of each kind: `curve25519-sha256`, `ssh-ed25519`, `chacha20-poly1305@openssh.com`, login by
//! public key; and one session for a connection.
//!
//! **Not by a crate.** sunset 0.6 sends no exit status, cannot close a channel and does not tell the
//! size of a terminal; zssh has no terminals; russh wants tokio. The ciphers are those of crates.
//!
//! **Trust.** The client is hostile until it has logged in, and its packets are bounded always.

mod channel;
mod cipher;
#[cfg(test)]
pub(crate) mod client;
mod connection;
mod exchange;
mod login;
mod terms;
#[cfg(test)]
mod tests;
mod wire;

pub(crate) use connection::Connection;
pub(crate) use login::{PublicKey, key_of, public_key};
pub(crate) use terms::{Cells, Fault, Happened};
