//! A network server: an echo on TCP, from the socket to a connection from outside.
//!
//! # The server, and its test
//!
//! It is in `tests/programs/tcp-echo`, and this is all of it:
//!
//! ```ignore
#![doc = include_str!("../../../tests/programs/tcp-echo/src/lib.rs")]
//! ```
//!
//! - [`NetClient`](net_api::NetClient) speaks with the server `net`. A listener and a stream are
//!   sessions with it: they end with the program that has them, however that ends.
//! - [`TcpListener`](net_api::TcpListener) and [`TcpStream`](net_api::TcpStream) wait. One thread
//!   serves one client here; the next ones wait in the backlog. `servers/web` gives each connection
//!   to one of some threads.
//! - Nothing waits for ever on a client: `with_timeout` bounds each call, and what fails then is
//!   that connection.
//! - When the card's driver dies, connections go on: what was lost on the way is sent again. When
//!   `net` dies, each call ends with [`NetError::Gone`](net_api::NetError::Gone), and the program
//!   makes its sockets again.
//! - The test runs `net` itself over its loopback interface
//!   (`net_core::alone`), with rights as in a manifest. `cargo test -p tcp-echo` takes no time: all
//!   time-outs are virtual.
//!
//! # Rights
//!
//! The server's own section has nothing of the network in it:
//!
//! ```toml
#![doc = include_str!("../../../tests/programs/tcp-echo/system.toml")]
//! ```
//!
//! It is a client of `net`, which must know what it may do. In `[server.net]`:
//!
//! ```toml
//! clients = ["shell", "web", "tcp-echo"]
//! args = ["tcp-echo=listen:tcp:7"]
//! ```
//!
//! | argument | the client may |
//! |---|---|
//! | `CLIENT=listen:tcp:PORT` | accept connections on this port, `*`: on any |
//! | `CLIENT=connect:tcp:PORT` | connect to this port of any address |
//! | `CLIENT=listen:udp:PORT`, `CLIENT=connect:udp:PORT` | the same for datagrams |
//! | `CLIENT=ping` | send echo requests |
//!
//! Its priority is below that of `net`, as for every client.
//!
//! # Try it
//!
//! The test `tests/tests/guide.rs` boots it and connects from outside. By hand, with the lines in
//! the manifest:
//!
//! ```text
//! cargo xtask run --forward 7007:7
//! postern> netstat
//! ```
//!
//! and in another terminal `nc 127.0.0.1 7007`. What you type comes back.
//!
//! # Log in from outside
//!
//! `cargo xtask run --ssh` leads a port to the server `ssh`, lets `~/.ssh/id_ed25519.pub` log in, and
//! prints what to type; `--ssh=FILE` takes another key. Without `xtask`, a key goes into the volume:
//!
//! ```text
//! postern> echo ssh-ed25519 AAAA… > /etc/ssh/authorized_keys
//! postern> restart ssh
//! ```
//!
//! and `--forward 2222:22` leads there. Each login has a shell of its own, beside that of the console;
//! `ssh … COMMAND` carries out one line, with its input, output and status. A program finds its
//! terminal by [`Stdio`](console_api::stdio::Stdio), whichever that is.
//!
//! # What can go wrong
//!
//! | you see | because |
//! |---|---|
//! | `refused` at the start | it is not in the `clients` of `net` |
//! | `the manifest does not allow it` | `args` of `net` has no grant for that port |
//! | `the port is in use` | another server listens there |
//! | `too many sockets or buffers` | each client has a quota of both; close what you do not need |
//! | `Permission denied (publickey)` | the key is not in `/etc/ssh/authorized_keys`, or is not an Ed25519 key |
//! | a connection from outside that is reset at once | nothing listens on that port in the guest |
