//! The SSH server: a login over the network, into a shell on a terminal of its own.
//!
//! **Shape.** One thread serves all: an executor with tasks for each connection, and the terminals,
//! which are consoles without a UART (`libsys/terminal`). `protocol` is SSH without input
//! and output. A call of `net` or `proc` that waits has a thread: two for the bytes of a
//! connection, one for its shell.
//!
//! **A session** is a program that `proc` starts from the manifest's `remote-shell` with the handle
//! `terminal`, a badged copy of this server's endpoint. With a terminal over there it edits lines as
//! the console does; without one (`ssh HOST COMMAND`) bytes pass as they are. The status of the
//! shell is that of the session. When the connection ends, the shell gets SIGHUP, and `proc` sends
//! one to each program that it started.
//!
//! **Keys.** It is off unless there is a key: in `/etc/ssh/authorized_keys`, as the argument
//! `key=…`, or as `ssh-key=…` of the kernel's command line. The key of the host is made once and
//! kept in `/etc/ssh/host_key`; where that cannot be written, it is made at each start.
//!
//! **Bounds.** Four connections; one that has not logged in makes room for a new one. A login has
//! 20 seconds and six attempts. A client that says nothing for a minute is gone. What a client does
//! not read makes its programs wait.
//!
//! **Death.** Connections end with this server, and their shells with them. When `net` dies, the
//! same happens, and the port is bound again.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod accept;
mod base64;
mod keys;
mod link;
mod plain;
mod protocol;
mod server;
mod shell;
mod terminal;
#[cfg(test)]
mod tests;
mod wake;

pub use server::run;

#[cfg(target_os = "none")]
fn log(text: &str) {
    defmt::info!("{=str}", text);
}

/// There is no log on the host.
#[cfg(not(target_os = "none"))]
fn log(_: &str) {}
