//! Tests of the core on the hosted machine: every object, every state, random sequences.

mod bytes;
mod checks;
mod compat;
mod contexts;
mod debug;
mod endpoints;
mod ends;
mod explorer;
mod faults;
mod gate;
mod hooks;
mod inspect;
mod interleavings;
mod invariants;
mod kit;
mod lending;
mod loans;
mod notifications;
mod objects;
mod processes;
mod room;
mod scheduling;
mod shares;
mod spaces;
mod untrusted;
mod vectors;
