//! Runs a server's real code in an ordinary `cargo test`.
//!
//! Each test has a kernel of its own: the real core on its hosted machine (see
//! [`sys::host`]). Servers and clients are processes of it, their code runs on host threads. A
//! test kills, hangs and restarts them, loses their notifications, and waits for hours
//! of virtual time; at its end nothing may be left behind.
//!
//! ```
//! use sys::{FOREVER, Message, Received};
//!
//! /// A server that answers every call with the label and a word plus one.
//! fn plus_one(env: rt::Env) -> Result<(), rt::Failure> {
//!     let endpoint: sys::Endpoint = env.handle("endpoint")?;
//!     loop {
//!         let Received::Message(call) = endpoint.receive(FOREVER, &mut [])? else { continue };
//!         let words = call.words.map(|word| word + 1);
//!         let _ = call.reply.map(|right| right.reply(&mut Message::new(call.label, words)));
//!     }
//! }
//!
//! testkit::run(|system| {
//!     let server = system.serve("plus-one", plus_one);
//!     let client = server.client("alice", |endpoint| endpoint.call(7, &[1; 7]).unwrap().words);
//!     assert_eq!(client.join(), [2; 7]);
//!     server.kill();
//!     let late = server.client("bob", |endpoint| endpoint.call(7, &[1; 7]).map(|_| ()));
//!     server.restart(); // What waited at the endpoint is answered by the next life.
//!     assert_eq!(late.join(), Ok(()));
//! });
//! ```
//!
//! **Shape.** [`run`] makes the [`System`]; [`System::program`] says what a process is given;
//! a [`Server`] runs `fn(rt::Env)`, as an image does; a [`Client`] runs a closure and gives
//! its result; a [`Relay`] stands between the signaller of a notification and its waiter;
//! [`device`] has devices for drivers.
//!
//! **Units.** Time is virtual and in nanoseconds: it stands while any thread runs, and goes on
//! to the next deadline when all wait. So `sys::sleep_for` of the test is both: it moves the
//! clock, and on the way everybody does what was due. Host code that waits otherwise (a lock, a
//! channel, a join) must do so in [`sys::host::away`], or time stands still.
//!
//! **Death.** A killed thread unwinds at its current or next system call; what it drops then
//! makes calls that fail. Others see its death as in an image: as `OutcomeUnknown` when it had
//! their call, as `PeerDied` when its endpoint went along, by lifelines and watches.
//!
//! **Errors.** What goes wrong in the kit itself panics with the program's name: that is the
//! test's failure.
#![forbid(unsafe_code)]

mod client;
pub mod device;
mod life;
mod program;
mod recipe;
mod relay;
mod server;
mod system;
#[cfg(test)]
mod tests;

pub use client::Client;
pub use life::Ended;
pub use program::Program;
pub use relay::Relay;
pub use server::Server;
pub use system::{System, run};

/// These bytes, each time with another bit flipped.
pub fn with_each_bit_flipped(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len() * 8).map(|bit| {
        let mut flipped = bytes.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        flipped
    })
}
