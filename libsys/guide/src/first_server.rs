//! First server: an echo, from the trait to the prompt.
//!
//! Four files make a server, its test and a client. They lie in `tests/programs/echo` and
//! `tests/programs/echo-client`, are shown here as they are, and have under 60 lines together.
//!
//! # The interface
//!
//! A trait with an attribute. It makes three things: the trait that the server implements, the
//! client `EchoClient`, and a hash of the interface, so that client and server of different
//! builds do not misunderstand each other. It is a crate of its own, because both sides use it
//! and neither may depend on the other.
//!
//! ```ignore
#![doc = include_str!("../../../tests/programs/echo/api/src/lib.rs")]
//! ```
//!
//! `#[idempotent]` says that calling twice does no harm. If the server dies in the middle of
//! such a call, the client calls its next life, and the program does not notice. `Never` is
//! the error of methods that cannot fail; [interfaces](super::interfaces) shows others.
//!
//! # The server, and its test
//!
//! ```ignore
#![doc = include_str!("../../../tests/programs/echo/src/lib.rs")]
//! ```
//!
//! - [`rt::Env`] is what the program was given: name, arguments, handles. `endpoint` is where
//!   its clients' messages wait; init makes it, and keeps it while the server restarts.
//! - [`Executor::serve`](executor::Executor::serve) takes messages, checks and decodes them,
//!   calls the trait's methods and answers, for ever. What it cannot decode it refuses; no
//!   client can make it panic.
//! - The test runs the very function `start` as a process over the kernel's core, inside
//!   `cargo test -p echo`. [Testing](super::testing) has more.
//!
//! The program itself is the start on the bare machine, no more:
//!
//! ```ignore
#![doc = include_str!("../../../tests/programs/echo/src/main.rs")]
//! ```
//!
//! # The client
//!
//! ```ignore
#![doc = include_str!("../../../tests/programs/echo-client/src/main.rs")]
//! ```
//!
//! `connect` asks the name server for `echo`, the name of the trait in small letters, and
//! compares versions. `?` turns any error into a [`rt::Failure`]: it is logged, and the
//! program ends with status 1.
//!
//! # The manifest
//!
//! Nothing runs that `init/system.toml` does not name. These lines are added there:
//!
//! ```toml
#![doc = include_str!("../../../tests/programs/echo/system.toml")]
//! ```
//!
//! A server must have a higher `priority` than its clients, or there could be a deadlock.
//! `clients` is the whole access policy: a program that is not in it is `Refused`. `pages` is
//! all the memory that the server can ever have. All keys: [`manifest`].
//!
//! # Try it
//!
//! `cargo xtask new-server NAME` makes a server in `servers/NAME` with its interface and its
//! lines in the manifest: start yours so. The echo server is booted by the test
//! `tests/tests/guide.rs`; with its lines in the manifest you can do the same by hand. The
//! shell can call any server, since servers describe themselves:
//!
//! ```text
//! cargo xtask run --log
//! postern> services echo
//! postern> call echo echo Hello
//! Hello
//! postern> run echo-client
//! ```
//!
//! The last command's answer is in the log: `echo-client INFO  echo said: Hello`.
//!
//! # What can go wrong
//!
//! | you see | because |
//! |---|---|
//! | `init/system.toml:N: …` before the boot | the manifest is wrong there; the line says what to do |
//! | `refused` | the caller is not in the server's `clients`, or there is no such server |
//! | `the server has another version of the interface` | one side was not built again |
//! | `no handle endpoint was given` | `service = true` is missing |
//! | `lacks #![forbid(unsafe_code)]` in `cargo xtask check` | only [`sys`] may be unsafe |
//! | an interface that changed and its version did not, in `check` | count `version` up, then `cargo xtask api --update` |
//!
//! Next: [interfaces](super::interfaces).
