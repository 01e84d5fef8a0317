//! Testing: a server's real code in an ordinary `cargo test`.
//!
//! [`testkit::run`] makes a system of its own for each test: the real core of the kernel,
//! inside the test's process. The server is the function that also runs on the machine; its
//! clients are processes. Deaths, hangs, lost notifications and hours of time are one line
//! each, and take no real time.
//!
//! Put all of a server but `rt::entry!` into a library (`[lib]` in its Cargo.toml, as
//! [the echo server](super::first_server) does) and name `testkit` under `[dev-dependencies]`.
//! `cargo xtask test` finds and runs the tests.
//!
//! # A complete example
//!
//! ```
//! use executor::Executor;
//! use service::{CallError, Caller, Never, Reply};
//! use std::time::Instant;
//!
//! const HOUR_NS: u64 = 3_600_000_000_000;
//!
//! #[service::interface(version = 1)]
//! trait Alarm {
//!     /// Answers after this number of nanoseconds.
//!     #[deferred]
//!     fn wake(&mut self, after_ns: u64) -> Result<u64, Never>;
//!     #[idempotent]
//!     fn time(&mut self) -> Result<u64, Never>;
//! }
//!
//! struct Server(Executor);
//!
//! impl Alarm for Server {
//!     fn wake(&mut self, _: &Caller, after_ns: u64, reply: Reply<Result<u64, Never>>) {
//!         let executor = self.0.clone();
//!         self.0.answer(reply, async move {
//!             executor.sleep_for(after_ns).await;
//!             Ok(sys::clock())
//!         });
//!     }
//!     fn time(&mut self, _: &Caller) -> Result<u64, Never> {
//!         Ok(sys::clock())
//!     }
//! }
//!
//! fn start(env: rt::Env) -> Result<(), rt::Failure> {
//!     let executor = Executor::new()?;
//!     let mut server = Server(executor.clone());
//!     executor.serve::<dyn Alarm>(env.handle("endpoint")?, &mut server)?;
//!     Ok(())
//! }
//!
//! // Time is virtual: when all wait, the clock goes on to the next deadline.
//! testkit::run(|system| {
//!     let begun = Instant::now();
//!     let server = system.serve("alarm", start);
//!     let client = server.client("ada", |endpoint| AlarmClient::from_endpoint(endpoint).wake(HOUR_NS));
//!     assert!(client.join().unwrap() >= HOUR_NS);
//!     assert!(begun.elapsed().as_secs() < 60);
//! });
//!
//! // Death: a blocked client gets an error, a later one waits for the next life.
//! testkit::run(|system| {
//!     let server = system.serve("alarm", start);
//!     let early = server.client("early", |endpoint| AlarmClient::from_endpoint(endpoint).wake(HOUR_NS));
//!     system.settle();
//!     server.kill();
//!     assert_eq!(early.join(), Err(CallError::Unknown));
//!     let late = server.client("late", |endpoint| AlarmClient::from_endpoint(endpoint).time());
//!     server.restart();
//!     assert!(late.join().is_ok());
//! });
//!
//! // A hang: what the client's time-out is for.
//! testkit::run(|system| {
//!     let server = system.serve("alarm", start);
//!     server.hang();
//!     let client = server.client("ada", |endpoint| {
//!         AlarmClient::from_endpoint(endpoint).with_timeout(HOUR_NS).time()
//!     });
//!     assert_eq!(client.join(), Err(CallError::TimedOut));
//!     server.go_on();
//! });
//!
//! // A client that dies: the server must go on.
//! testkit::run(|system| {
//!     let server = system.serve("alarm", start);
//!     let client = server.client("ada", |endpoint| AlarmClient::from_endpoint(endpoint).wake(HOUR_NS));
//!     system.settle();
//!     assert_eq!(client.kill(), None);
//!     assert!(AlarmClient::from_endpoint(server.endpoint(2)).time().is_ok());
//! });
//! ```
//!
//! # Notifications that get lost
//!
//! A relay stands between the signaller and the waiter. Code that only counts signals fails such
//! a test; code that looks at the state at each one passes.
//!
//! ```
//! testkit::run(|system| {
//!     let bell = sys::Notification::create().unwrap();
//!     let relay = system.relay(&bell);
//!     relay.lose();
//!     relay.sender().signal(0b01).unwrap();
//!     system.settle();
//!     relay.sender().signal(0b10).unwrap();
//!     system.settle();
//!     assert_eq!(bell.poll(), Ok(0b10));
//! });
//! ```
//!
//! # Nothing may be left behind
//!
//! At the end of each test handles, objects, processes and memory are counted. This one fails
//! with `the test left something behind: handles +1, objects +1`:
//!
//! ```should_panic
//! testkit::run(|_| std::mem::forget(sys::Notification::create().unwrap()));
//! ```
//!
//! # What can go wrong
//!
//! | you see | because |
//! |---|---|
//! | `… did not end: it runs or waits for ever` | a client waits for something that never comes; perhaps you meant `kill` |
//! | a test that stands still | it waits outside of the kit's time (a lock, a channel): wrap that in [`sys::host::away`] |
//! | `… panicked: …` | the program's own panic, with its name; that fails the test |
//! | works here, not in QEMU | the host has no upcalls and no devices; write a system test in `tests/tests` |
//!
//! System tests boot the whole system in QEMU, type at its prompt and read its log:
//! `tests/tests/guide.rs` is a short one. Next: [debugging](super::debugging).
