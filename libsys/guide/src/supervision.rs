//! Supervision: death, restart, and what survives it.
//!
//! init starts all servers and watches them. One that panics, faults, ends or hangs is killed
//! and started again, by the policy in its block of the manifest. Its endpoint is init's:
//! calls that it had not received wait for the next life. Calls that it had received end for
//! their clients with `Unknown`, or are made again if their method is `#[idempotent]`.
//!
//! So the first rule is: **do not go on when something is wrong; panic.** A clean start is worth
//! more than a repaired guess.
//!
//! # The policy
//!
//! ```
//! let text = r#"
//! [server.names]
//! priority = 50
//! pages = 256
//! service = true
//!
//! [server.disk]
//! priority = 40
//! pages = 256
//! service = true
//! clients = ["counter"]
//!
//! [server.counter]
//! priority = 30
//! pages = 256
//! service = true
//! restart = "always"       # also when it ends by itself
//! backoff_ms = 100         # from start to start, from the second death on; it doubles with each
//! backoff_max_ms = 5000
//! restart_limit = 5        # more deaths than that within the window: given up
//! restart_window_ms = 60000
//! heartbeat_ms = 2000      # neither received nor waited for so long: hung, restarted
//! keep_pages = 2           # memory that outlives it
//! depends = ["disk"]       # started before it
//! on_restart = "tell"      # a bit of its notification `peers` when disk is back
//! "#;
//! let files = ["names", "disk", "counter"];
//! let system = manifest::check(text, "init/system.toml", &files, 1024).unwrap();
//! assert_eq!(system.server("counter").unwrap().keep_pages, 2);
//!
//! // What is wrong is told with its line, before anything boots.
//! let wrong = text.replace("depends = [\"disk\"]", "depends = [\"dusk\"]");
//! let problems = manifest::check(&wrong, "init/system.toml", &files, 1024).unwrap_err();
//! let told = problems[0].to_string();
//! assert!(told.starts_with("init/system.toml:") && told.contains("dusk"), "{told}");
//! ```
//!
//! # State that survives
//!
//! What a server must not forget lies in the memory `keep`; [`keep::Kept`] makes a value of
//! it, with a version and a checksum. A server that dies while it saves finds the value before.
//! Damaged contents are dropped and reported, never believed.
//!
//! ```
//! use keep::Kept;
//! use service::{CallError, Caller};
//!
//! #[service::interface(version = 1)]
//! pub trait Counter {
//!     /// Counts. Not idempotent: twice is not once.
//!     fn add(&mut self) -> Result<u64, String>;
//!     #[idempotent]
//!     fn count(&mut self) -> Result<u64, String>;
//! }
//!
//! struct Server {
//!     count: u64,
//!     kept: Kept<u64>,
//! }
//!
//! impl Counter for Server {
//!     fn add(&mut self, _: &Caller) -> Result<u64, String> {
//!         let next = self.count.wrapping_add(1);
//!         self.kept.save(&next).map_err(|error| error.to_string())?; // first kept, then said
//!         self.count = next;
//!         Ok(next)
//!     }
//!     fn count(&mut self, _: &Caller) -> Result<u64, String> {
//!         Ok(self.count)
//!     }
//! }
//!
//! /// Of the kept type: raise it when the type changes.
//! const VERSION: u32 = 1;
//!
//! fn start(env: rt::Env) -> Result<(), rt::Failure> {
//!     let memory: sys::Memory = env.handle("keep")?;
//!     let (kept, found) = Kept::open(&memory, VERSION).map_err(rt::Failure::new)?;
//!     let count = found.or_report("the count").unwrap_or(0);
//!     let mut server = Server { count, kept };
//!     executor::Executor::new()?.serve::<dyn Counter>(env.handle("endpoint")?, &mut server)?;
//!     Ok(())
//! }
//!
//! testkit::run(|system| {
//!     let memory = sys::Memory::create(2).unwrap();
//!     let program = system.program("counter").handle("keep", &memory, sys::Rights::ALL);
//!     let server = program.serve(start);
//!     let counter = CounterClient::from_endpoint(server.endpoint(1));
//!     assert_eq!((counter.add(), counter.add()), (Ok(1), Ok(2)));
//!     server.restart();
//!     assert_eq!(counter.count(), Ok(2), "the next life knows");
//!
//!     // It dies with calls in its hands: one client is told, the other notices nothing.
//!     server.hang();
//!     let add = server.client("add", |endpoint| CounterClient::from_endpoint(endpoint).add());
//!     let count = server.client("count", |endpoint| CounterClient::from_endpoint(endpoint).count());
//!     system.settle();
//!     server.restart();
//!     assert!(count.join().is_ok());
//!     assert!(matches!(add.join(), Ok(3) | Err(CallError::Unknown)));
//! });
//! ```
//!
//! # The death of others
//!
//! | the end of | you learn it by |
//! |---|---|
//! | a client with a session | the method `closed`, see [interfaces](super::interfaces) |
//! | a client that waits for a `#[deferred]` answer | [`Executor::answer`](executor::Executor::answer): the work is dropped |
//! | the other side of a queue | its next `pop` or `push`, see [queues](super::queues) |
//! | a server you depend on | `on_restart`: `"tell"` or `"restart"` |
//! | a process to which you gave a handle | [`sys::Lifeline`] |
//!
//! # What can go wrong
//!
//! | you see | because |
//! |---|---|
//! | `given up: it died N times` in `servers` | `restart_limit`; `faults NAME` says why it dies, `restart NAME` tries again |
//! | `hang: received nothing for … ms` | it looped, or waited for an answer that never comes; work that takes longer belongs into a task |
//! | a report of damaged state in the log | what was kept was not whole, or of another version |
//! | `outcome unknown` | the server died in the middle: ask what came of it, or make the method idempotent |
//!
//! `cargo xtask campaign` injects thousands of faults and counts what comes of them.
//! Next: [testing](super::testing).
