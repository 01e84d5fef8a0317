//! The web server: a page that shows the living system, and the files of `/www`, by HTTP/1.1.
//!
//! **Shape.** One thread accepts connections and gives each to a free worker; a worker is a thread
//! that serves one connection at a time with the waiting calls of `net-api`. An HTTP library for
//! tasks would need a thread for each connection all the same, because a call of `net` blocks
//! its thread; so `httparse` reads heads, and the loop around it is here.
//!
//! **The page** (`/`) is made here as a whole, so it works without scripts. Its parts come again as
//! server-sent events (`/events`) when they have changed. One sample of the system is taken each
//! second while there are viewers, and all share it.
//!
//! **Rights.** It observes init, asks `pci` and `net`, reads the boot archive's manifest and `/www`,
//! and listens on its port. It can change nothing.
//!
//! **Trust.** A request is hostile. Its head is bounded in bytes, lines and time; two meanings of a
//! message's length (smuggling) are refused, as are bodies, `..` and what is no path. A slow reader
//! has a bounded time for each answer. A connection that idles is closed when another one waits.
//! What is refused gets a 4xx and the end of the connection.
//!
//! **Death.** A connection lives over deaths of the card's driver. When `net` dies, the port is bound
//! again; browsers connect again by themselves.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod answer;
mod connection;
mod content;
mod events;
mod listen;
mod page;
mod paths;
mod pool;
mod range;
mod request;
mod sample;
mod store;
#[cfg(test)]
mod tests;
mod wire;

pub use listen::run;
