//! All interleavings of small scenes on two CPUs.
//!
//! The state is the whole kernel with its machine, where each CPU is, and how far each
//! thread is in its script. The actions are the atomic steps: one section under the kernel's
//! lock, or one arrival of an interrupt. stateright tries every action in every state; the
//! invariants hold after each, every end is a good one, and no way leads round in a circle,
//! so that every way has an end.

mod calls;
mod checker;
mod flags;
mod migration;
mod race;
mod script;
mod vectors;
mod waits;
