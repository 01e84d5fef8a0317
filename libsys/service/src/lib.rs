//! Typed services: one Rust trait is the client, the dispatch and the checked schema.
//!
//! ```
//! use service::{CallError, Caller, Reply};
//!
//! #[service::data]
//! #[derive(Debug, PartialEq)]
//! pub enum GreetError {
//!     NoName,
//! }
//!
//! /// Says hello.
//! #[service::interface(version = 1)]
//! pub trait Greeter {
//!     /// A greeting for a name. Repeating it does no harm, so it is retried.
//!     #[idempotent]
//!     fn greet(&mut self, name: String) -> Result<String, GreetError>;
//!     /// Answered some other time.
//!     #[deferred]
//!     fn later(&mut self) -> Result<u32, GreetError>;
//! }
//!
//! #[derive(Default)]
//! struct Polite(Vec<Reply<Result<u32, GreetError>>>);
//!
//! // The server's side of the trait: methods get the caller.
//! impl Greeter for Polite {
//!     fn greet(&mut self, _caller: &Caller, name: String) -> Result<String, GreetError> {
//!         if name.is_empty() { Err(GreetError::NoName) } else { Ok(format!("Hello, {name}!")) }
//!     }
//!     fn later(&mut self, _caller: &Caller, reply: Reply<Result<u32, GreetError>>) {
//!         self.0.push(reply); // kept, and sent when the time has come
//!         for reply in self.0.drain(..) {
//!             reply.send(Ok(42));
//!         }
//!     }
//! }
//!
//! let endpoint = sys::Endpoint::create()?;
//! let client = GreeterClient::from_endpoint(endpoint.copy(sys::Rights::SEND)?);
//! std::thread::spawn(move || service::serve::<dyn Greeter>(endpoint, &mut Polite::default()));
//! assert_eq!(client.greet("Ada").unwrap(), "Hello, Ada!");
//! assert!(matches!(client.greet(""), Err(CallError::Service(GreetError::NoName))));
//! assert_eq!(client.later().unwrap(), 42);
//! # Ok::<(), sys::Error>(())
//! ```
//!
//! **The attribute.** `#[service::interface(version = N)]`, with `name = "…"` when the
//! service's name is not the trait's in lower case, and `max_message = BYTES` when more than
//! [`DEFAULT_MESSAGE`] bytes may travel. Methods take `&mut self` and owned arguments, and
//! return `Result<T, E>`. What is in a message are numbers (not `usize`, which differs between
//! programs), texts, lists, tuples, options and types with the attribute `#[service::data]`,
//! which derives what they need. Marks:
//!
//! | mark | meaning |
//! |---|---|
//! | `#[idempotent]` | called again when the server died with the call in its hands |
//! | `#[deferred]` | the server gets a [`Reply`] as last argument and returns nothing |
//! | `#[handle]` on an argument | a handle type of `sys`, or a thing of several ([`sys::Handles`], such as a queue's offer), moved with the message |
//! | `#[handle(copy, READ)]` | the client keeps its handle, the server gets a copy with these rights at most |
//! | `#[lend]` on `&[u8]` or `&mut [u8]` | bytes that the server may read, or one list that it may write, until it answers, see below |
//! | `#[returns_handle]` | `Result<H, E>` or `Result<(H, T), E>`, H as for `#[handle]` |
//! | `#[opens(File)]` | the client gets a `FileClient`: a session, see below |
//! | `#[connector]` | of the name server: what `connect` of every client calls |
//!
//! **Lent bytes.** The client passes anything that holds bytes: `&[u8]`, `&mut Vec<u8>`, an
//! array, a [`sys::Buffer`]. The server's method gets a [`Lent`], which reads, or a [`LentMut`],
//! which writes, with bounds; it cannot be kept. What was in a `&mut [u8]` does not travel, and where
//! the server did not write it is undefined afterwards. Up to half of `max_message` (shared by all lent
//! arguments) travels in the message; more, up to the setting `max_lend` (1 MiB), is shown to
//! the server as pages: those of the `Buffer` itself, or a copy of anything else. When the call
//! is over, however it ended, the kernel has taken them back.
//!
//! **Sessions.** `#[opens(File)] fn open(&mut self, path: String) -> Result<T, E>` gives the
//! client a `FileClient` (or it and a T that is not `()`), and the server a [`Session`] before
//! the other arguments: the key under which it keeps what belongs to it. `File` is an interface
//! with the setting `session`; in its methods [`Caller::session`] says which one is meant, and
//! it has a method `closed`, which is called when the client drops its `FileClient` or dies. A
//! server of several interfaces is put together by [`together!`], and served as its own type:
//!
//! ```ignore
//! service::together!(Disk: Files, File);
//! service::serve::<Disk>(endpoint, &mut disk)?;
//! ```
//!
//! **Events** go from a server to its clients by [`Subscribers`], or through a queue.
//!
//! **Names.** Arguments, methods and types may have any name, `r#type` too: the generated code means
//! its own variables and the standard types whatever they hide. Refused at their place are names of
//! methods that every client has (`connect`, `endpoint`, `within`, …), own types called `String`,
//! `Vec` or `Result` where those are meant, and a type of messages that contains itself (through
//! a second type the compiler finds it: a cycle of `SCHEMA` constants).
//!
//! **What it makes** of `trait Console`: the server's trait `Console` (methods get a
//! [`&Caller`](Caller) first), `dyn Console` as a [`Dispatch`] for [`serve`] and [`Server`],
//! and `ConsoleClient`.
//!
//! **When it fails.** [`CallError`] tells apart what the caller has to know: `Service` is the
//! server's own error; `Dead`, `Refused` and `VersionMismatch` mean that nothing was done,
//! `Unknown` and `TimedOut` that it may have been. Idempotent methods are called again when a
//! server dies, with pauses that double, as long as the time-out allows; others return
//! `Unknown`. A time-out is a client's ([`Client::with_timeout`]) or some calls':
//! `client.within(5_000_000).greet("Ada")`.
//!
//! **On the wire.** Label: method number, and 15 bits of the schema hash above it; so a
//! client of another schema is refused at its first call even if it never said hello. The hash
//! covers the interface and all that is inside of its types, names of fields included; who
//! changes either changes `version` too, and `cargo xtask check` says so. `cargo xtask api`
//! prints the wire form of every method.
//! Payload: postcard, up to 56 bytes in registers, else as the message's bytes. Reply:
//! label 0 and a `Result<T, E>`, or the number of a [`Refusal`]. Bytes that fill a `&mut [u8]` are
//! the reply's bytes as they are, with a byte 1 and the `Result` in the registers; where that does not
//! fit, it goes before the bytes, and the registers are zero.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;
// The attribute's output names this crate, also in this crate.
extern crate self as service;

mod call;
mod client;
mod codec;
#[cfg(not(target_os = "none"))]
mod document;
mod error;
mod interface;
mod lend;
mod lent;
mod reply;
mod request;
mod retry;
mod server;
mod session;
mod shape;
mod standard;
mod subscribers;

pub use call::{Call, Caller};
pub use client::{Client, call_encoded, connect, describe};
pub use error::{CallError, Never, Refusal};
#[doc(hidden)]
pub use interface::few_enough;
pub use interface::{
    Argument, DEFAULT_MESSAGE, Description, Interface, Method, MethodArgument, MethodDescription,
    builtin, distinct, interface_hash, label, shape_hash,
};
pub use lend::{LendBytes, LendBytesMut, LendLimits, Lending, lend, lend_mut};
pub use lent::{Borrowed, BorrowedMut, Bytes, Lent, LentMut};
pub use reply::Reply;
pub use request::{Attempt, Connection, ReceivedHandles, Request, Within};
pub use server::{Dispatch, Event, Raw, Server, serve};
pub use service_macros::{data, interface};
pub use session::{Opening, Session, Sessions};
pub use shape::{ArgumentShape, MethodShape};
#[doc(hidden)]
pub use standard::{Is, is};
pub use subscribers::Subscribers;

#[cfg(not(target_os = "none"))]
pub use document::document;

/// A text in a message: what interfaces need of `alloc` most often.
pub use alloc::string::String;

#[doc(hidden)]
pub use alloc::vec::Vec as List;
#[doc(hidden)]
pub use {postcard_schema, postcard_schema::Schema, serde, sys};
