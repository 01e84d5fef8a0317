//! Debugging: what to type when something does not work.
//!
//! # In this order
//!
//! 1. `servers`: does it run? How often was it restarted, and after what?
//! 2. `faults NAME`: registers, stack and backtrace of its last death.
//! 3. `cargo xtask log`: the system's log, with times, functions and lines: the host has the
//!    symbols.
//! 4. `services NAME` and `call NAME METHOD …`: does it answer by hand?
//! 5. `strace NAME COMMAND`: its system calls and messages while a command runs, decoded.
//! 6. `top`, `ps`, `mem`: CPU time, memory and handles of each process.
//! 7. `graph`, or `cargo xtask graph --running`: which process can really call which server.
//! 8. `cargo xtask debug --program NAME`: gdb, from the first instruction on.
//!
//! `help` lists the shell's commands. Nothing has to be built again for any of this.
//!
//! # Saying something
//!
//! `defmt::info!`, `warn!`, `error!` write to the system log. The program holds only a number
//! for each text, so logging is cheap; `cargo xtask run --log` shows it at once. Types of
//! values are in the format: `{=u32}`, `{=str}`.
//!
//! An error that leaves `start` is logged and ends the program with status 1. Say what was
//! being done:
//!
//! ```
//! fn open(env: &rt::Env) -> Result<sys::Memory, rt::Failure> {
//!     env.handle("keep").map_err(|failure| failure.while_doing("opening the records"))
//! }
//!
//! testkit::run(|system| {
//!     let program = system.program("records");
//!     let told = program.script(|env| open(&env).unwrap_err().to_string()).join();
//!     assert!(told.starts_with("opening the records: no handle `keep` was given"), "{told}");
//! });
//! ```
//!
//! # Asking a server what it is
//!
//! Every server describes itself, and can be called with texts. `services` and `call` do no
//! more than this:
//!
//! ```
//! # use service::{Caller, Never};
//! #[service::interface(version = 3)]
//! trait Clock {
//!     /// Seconds since boot.
//!     #[idempotent]
//!     fn seconds(&mut self) -> Result<u64, Never>;
//! }
//! # struct Server;
//! # impl Clock for Server {
//! #     fn seconds(&mut self, _: &Caller) -> Result<u64, Never> {
//! #         Ok(sys::clock() / 1_000_000_000)
//! #     }
//! # }
//! # fn start(env: rt::Env) -> Result<(), rt::Failure> {
//! #     service::serve::<dyn Clock>(env.handle("endpoint")?, &mut Server)?;
//! #     Ok(())
//! # }
//! testkit::run(|system| {
//!     let server = system.serve("clock", start);
//!     let told = service::describe(&server.endpoint(1)).unwrap();
//!     assert_eq!((told.name.as_str(), told.version), ("clock", 3));
//!     assert_eq!(told.methods[0].name, "seconds");
//! });
//! ```
//!
//! # How a process ended
//!
//! The test kit tells the same statuses as the machine: 0, 1 for an error, 101 for a panic, and
//! for what was killed 128 and the signal in the shell.
//!
//! ```
//! testkit::run(|system| {
//!     let failing = system.serve("failing", |_| Err("no disk".into()));
//!     assert_eq!(failing.wait().status, rt::EXIT_FAILURE);
//!     let broken = system.serve("broken", |_| panic!("a wrong turn"));
//!     let ended = broken.wait();
//!     assert_eq!(ended.panic.as_deref(), Some("a wrong turn"));
//!     assert_eq!(ended.status, 101);
//! });
//! ```
//!
//! # Symptoms
//!
//! | symptom | look at |
//! |---|---|
//! | a client waits for ever | `ps`: does the server run or wait? A cycle of calls is refused by the manifest's priorities, so it is most often a reply that was kept |
//! | `refused` | `clients` in the manifest; `graph` |
//! | `quota exceeded` | `pages`, `handles`, `objects`, `threads` in the manifest; `ps` says what it uses |
//! | it dies at once, again and again | `faults NAME`, then the log: the last lines before each fault are shown with it |
//! | the machine ends by itself | the last lines of `cargo xtask run` name the cause: the kernel, or init |
//! | a test fails once in a hundred runs | seeds and times are in its output; [testing](super::testing) makes it repeatable |
//!
//! The design behind all this is in `ARCHITECTURE.md`.
