//! One thread that does many things at once: calls, interrupts, queues, timers, calls to
//! others, each written as if it were alone.
//!
//! ```
//! use executor::Executor;
//! use service::{Caller, Reply};
//!
//! #[service::interface(version = 1)]
//! pub trait Waiter {
//!     /// Answers after `ms` milliseconds; others are served meanwhile.
//!     #[deferred]
//!     fn wait(&mut self, ms: u64) -> Result<u64, u32>;
//! }
//!
//! struct Patient(Executor);
//!
//! impl Waiter for Patient {
//!     fn wait(&mut self, _: &Caller, ms: u64, reply: Reply<Result<u64, u32>>) {
//!         let executor = self.0.clone();
//!         self.0.answer(reply, async move {
//!             executor.sleep_for(ms * 1_000_000).await;
//!             Ok(ms)
//!         });
//!     }
//! }
//!
//! let endpoint = sys::Endpoint::create()?;
//! let client = WaiterClient::from_endpoint(endpoint.copy(sys::Rights::SEND)?);
//! std::thread::spawn(move || {
//!     let executor = Executor::new()?;
//!     let mut server = Patient(executor.clone());
//!     executor.serve::<dyn Waiter>(endpoint, &mut server)
//! });
//! assert_eq!(client.wait(2).unwrap(), 2);
//! # Ok::<(), sys::Error>(())
//! ```
//!
//! **Shape.** A loop around the kernel's one wait: receive with a deadline. Tasks are
//! futures in a `FuturesUnordered`; what they wait for are [`Bit`]s of the notification that
//! is bound to the thread, times, and answers of worker threads ([`Remote`]). No task
//! blocks the thread, and no task runs beside another: state is shared by `Rc<RefCell<…>>`.
//!
//! **Cancellation.** A [`Task`] ends when its handle is dropped. Work for a call
//! ([`Executor::answer`]) ends when its caller stops waiting: killed, timed out,
//! interrupted. What a future holds is dropped with it.
//!
//! **Trust.** Others may signal any bit at any time: a bit is a reason to look, never a fact.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod bits;
mod calls;
mod executor;
mod queues;
mod remote;
mod tasks;
mod timers;

pub use bits::Bit;
pub use executor::Executor;
pub use queues::{merged, pop, push};
pub use remote::{Pending, Remote};
pub use tasks::Task;
pub use timers::TimedOut;

#[cfg(test)]
mod tests;
