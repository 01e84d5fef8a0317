//! The process server: starts programs, sends them signals, tells how they ended.
//!
//! **Shape.** [`ProcServer`](run::ProcServer) holds the table of programs; calls, faults,
//! deaths and alarms all come to one endpoint and one notification. A program's badge is its
//! client number in the low half and its instance number in the high half: the same for
//! its endpoints of `names`, of services and of `proc`, and for its faults.
//!
//! **Restart.** A new life of this server knows no programs; init ends those that the old
//! one started (see `System::adopt`).
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

mod run;

rt::entry!(main);

fn main(env: rt::Env) -> Result<(), rt::Failure> {
    run::ProcServer::new(&env)?.run(env.handle("endpoint")?)
}
