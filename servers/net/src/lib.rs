//! The net server: TCP/IP by smoltcp over one card and a loopback interface.
//!
//! **Shape.** One task polls: it takes frames from the card's driver, lets smoltcp work, gives frames
//! back, and sleeps until there is news, a client did something, or smoltcp's next time. Sockets
//! are sessions; calls change a socket and wake that task, and calls that wait are futures that
//! look again after each poll. Nothing blocks.
//!
//! **Interfaces** have their own sets of sockets, since smoltcp has one interface for a set. `lo` also
//! has the card's addresses, so that packets to this system do not go out. A listener has sockets
//! in both.
//!
//! **Trust.** Frames are hostile: lengths and checksums are verified once, before smoltcp sees a
//! packet, and what is dropped is counted by reason. Fragments are dropped: nothing here needs them.
//! Memory is bounded by the number of slots of the card and by quotas of sockets and buffers for
//! each client. Half-open connections are given up after a second when their places are needed.
//!
//! **Rights** are the arguments in the manifest: see [`Grants`].
//!
//! **Death.** When the card's driver dies, connections stay: lost frames are sent again. When this
//! server dies, its connections are gone, and clients are told so. To keep them over that, the
//! control blocks and the bytes that are not acknowledged would have to lie in kept memory.
//!
//! **Weakness.** Ports and sequence numbers come from smoltcp's small generator, seeded from `random`
//! at the start: a peer that sees many of them can predict more.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod cards;
mod check;
mod clock;
mod face;
mod grants;
mod names;
mod phy;
mod ping;
mod quota;
mod run;
mod server;
mod shared;
mod sockets;
mod stack;
mod status;
mod tap;
#[cfg(test)]
mod tests;
mod watch;

pub use cards::Cards;
pub use grants::{Grants, Protocol};
pub use run::{alone, run};
pub use server::NetServer;
pub use shared::Shared;
pub use stack::Seeds;
