//! The first program: starts and supervises the rest.
//!
//! **Shape.** [`boot`](run::boot) reads the archive, [`Init`](run::Init) is the event loop and
//! the System service, [`Child`](run::child::Child) is one server with the objects that outlive
//! it. Decisions that need no kernel are in the library half of this package.
//!
//! **Order.** init calls no server, so no server can block it. It never ends: an error after
//! the boot is a log line and, where it concerns a server, the state of that server.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

mod run;

rt::entry!(main);

fn main(env: rt::Env) -> Result<(), rt::Failure> {
    // The kernel starts every first program alike.
    sys::set_own_priority(sys::Priority(manifest::INIT_PRIORITY))?;
    let boot = run::boot::read(&env)?;
    run::Init::new(boot)?.run()
}
