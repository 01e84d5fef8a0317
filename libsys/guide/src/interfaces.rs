//! Interfaces: what can be said in a trait, and what each word costs.
//!
//! An interface is a trait with `#[service::interface(version = N)]`. Arguments are owned
//! values: numbers, texts, lists, tuples, options, and your own types with `#[service::data]`.
//! A method returns `Result<T, E>`; E is yours. Marks say the rest; the table of all of them
//! is in [`service`].
//!
//! # A complete example
//!
//! A server of notes: `open` gives the client a *session*, like a file descriptor. Bytes
//! are *lent*, not copied into the message. A handle to memory comes back.
//!
//! ```
//! use service::{CallError, Caller, Lent, Session};
//! use std::collections::BTreeMap;
//! use sys::{Memory, Protection};
//!
//! #[service::data]
//! #[derive(Clone, Copy, Debug, PartialEq)]
//! pub enum NoteError {
//!     NoTitle,
//!     NotThere,
//!     NoMemory,
//! }
//!
//! #[service::interface(version = 1)]
//! pub trait Notes {
//!     /// Opens a note. The server gets a `Session`, the client a `NoteClient`.
//!     #[opens(Note)]
//!     fn open(&mut self, title: String) -> Result<(), NoteError>;
//!     #[idempotent]
//!     fn count(&mut self) -> Result<u64, NoteError>;
//! }
//!
//! #[service::interface(version = 1, session)]
//! pub trait Note {
//!     /// Adds text, which the server may read until it answers.
//!     fn add(&mut self, #[lend] text: &[u8]) -> Result<u64, NoteError>;
//!     /// The text in memory of its own, and how much of it is text.
//!     #[returns_handle]
//!     fn export(&mut self) -> Result<(Memory, u64), NoteError>;
//! }
//!
//! #[derive(Default)]
//! struct Pad(BTreeMap<Session, Vec<u8>>);
//!
//! impl Notes for Pad {
//!     fn open(&mut self, _: &Caller, note: Session, title: String) -> Result<(), NoteError> {
//!         if title.is_empty() {
//!             return Err(NoteError::NoTitle);
//!         }
//!         self.0.insert(note, title.into_bytes());
//!         Ok(())
//!     }
//!     fn count(&mut self, _: &Caller) -> Result<u64, NoteError> {
//!         Ok(self.0.len() as u64)
//!     }
//! }
//!
//! impl Note for Pad {
//!     fn add(&mut self, caller: &Caller, text: Lent<'_>) -> Result<u64, NoteError> {
//!         let note = caller.session().and_then(|session| self.0.get_mut(&session));
//!         let note = note.ok_or(NoteError::NotThere)?;
//!         note.extend(text.to_vec());
//!         Ok(note.len() as u64)
//!     }
//!     fn export(&mut self, caller: &Caller) -> Result<(Memory, u64), NoteError> {
//!         let note = caller.session().and_then(|session| self.0.get(&session));
//!         let note = note.ok_or(NoteError::NotThere)?;
//!         let copy = || {
//!             let memory = Memory::create(1)?;
//!             memory.map_own(Protection::ReadWrite)?.write_at(0, note)?;
//!             Ok::<_, sys::Error>((memory, note.len() as u64))
//!         };
//!         copy().map_err(|_| NoteError::NoMemory)
//!     }
//!     /// The client dropped its `NoteClient`, or died.
//!     fn closed(&mut self, session: Session) {
//!         self.0.remove(&session);
//!     }
//! }
//!
//! service::together!(Pad: Notes, Note);
//!
//! fn start(env: rt::Env) -> Result<(), rt::Failure> {
//!     executor::Executor::new()?.serve::<Pad>(env.handle("endpoint")?, &mut Pad::default())?;
//!     Ok(())
//! }
//!
//! testkit::run(|system| {
//!     let notes = NotesClient::from_endpoint(system.serve("notes", start).endpoint(1));
//!     assert_eq!(notes.open("").err(), Some(CallError::Service(NoteError::NoTitle)));
//!     let note = notes.open("Milk").unwrap();
//!     assert_eq!(note.add(b", bread"), Ok(11));
//!     let (memory, length) = note.export().unwrap();
//!     let mut bytes = vec![0; length as usize];
//!     memory.map_own(Protection::Read).unwrap().read_at(0, &mut bytes).unwrap();
//!     assert_eq!(bytes, b"Milk, bread");
//!     drop(note);
//!     assert_eq!(notes.count(), Ok(0), "the server saw that it was closed");
//! });
//! ```
//!
//! # What goes wrong, and how the client sees it
//!
//! Every call returns [`CallError`](service::CallError). Your own error is in `Service`. The
//! others say what is known: after `Dead`, `Refused` and `VersionMismatch` nothing was done;
//! after `Unknown` and `TimedOut` it may have been. Mark a method `#[idempotent]` when calling
//! twice does no harm, and the client will do that by itself when the server dies.
//!
//! Changing an interface changes its hash, and an old client is refused at its first call:
//!
//! ```
//! # use service::{CallError, Caller, Never};
//! mod old {
//!     #[service::interface(version = 1, name = "sums")]
//!     pub trait Sums {
//!         fn add(&mut self, a: u32, b: u32) -> Result<u32, service::Never>;
//!     }
//! }
//! mod new {
//!     #[service::interface(version = 2, name = "sums")]
//!     pub trait Sums {
//!         fn add(&mut self, a: u64, b: u64) -> Result<u64, service::Never>;
//!     }
//! }
//! struct Server;
//! impl new::Sums for Server {
//!     fn add(&mut self, _: &Caller, a: u64, b: u64) -> Result<u64, Never> {
//!         Ok(a.saturating_add(b)) // clients choose both: no `+` that can panic
//!     }
//! }
//! testkit::run(|system| {
//!     let server = system.serve("sums", |env| {
//!         service::serve::<dyn new::Sums>(env.handle("endpoint")?, &mut Server)?;
//!         Ok(())
//!     });
//!     let client = old::SumsClient::from_endpoint(server.endpoint(1));
//!     assert_eq!(client.add(1, 2), Err(CallError::VersionMismatch));
//!     let client = new::SumsClient::from_endpoint(server.endpoint(1));
//!     assert_eq!(client.add(1, 2), Ok(3));
//! });
//! ```
//!
//! | you see | because |
//! |---|---|
//! | `message too long` | more than `max_message` bytes (4096); raise it, lend the bytes, or use a [queue](super::queues) |
//! | `the server gave no answer` | a `#[deferred]` method dropped its [`Reply`](service::Reply) |
//! | a client that waits for ever | the server waits for that client: call only upwards in priority, and give a time-out: `client.within(ns)` |
//! | `check`: an interface changed | count its version up, `cargo xtask api --update` |
//!
//! `cargo xtask api` prints how each method looks on the wire. Next: [queues](super::queues).
