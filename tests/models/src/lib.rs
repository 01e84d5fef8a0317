//! The protocols of the system that are made of a few atomics, tried out by loom with all
//! interleavings of threads and all values that the memory orders allow.
//!
//! **Shape.** A protocol is a file of its own where it is used, with functions over atomics that
//! come from its parent module. Here the same file is included with loom's atomics, and a test
//! stands around it: threads that use it as the system does. What the words protect is read and
//! written in the weakest order: where the protocol's own order is too weak, some schedule sees
//! an old value; a wake-up that is lost is a deadlock.
//!
//! **Bounds.** Each model explores schedules with up to two preemptions, or as many as
//! `LOOM_MAX_PREEMPTIONS` says (`cargo xtask loom --preemptions N`).
#![forbid(unsafe_code)]
#![cfg(test)]

mod atomic;
mod channel;
mod kernel_lock;
#[path = "../../../microkernel/src/arch/x86_64/entry/lock/turn.rs"]
mod kernel_turn;
mod pending;
mod queue;
mod shootdown;
mod user_locks;

/// Explores a model.
fn explore(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(2));
    // A loop of courtesy is long.
    builder.max_branches = 20_000;
    builder.check(model);
}
