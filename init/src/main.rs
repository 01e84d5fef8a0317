//! The first program: starts and supervises the rest.
//!
//! **Shape.** [`boot`](run::boot) reads the archive, [`Init`](run::Init) is what comes
//! to it and the System service, [`Child`](run::child::Child) one server with what survives it.
//! What can be decided without the kernel is in the library half of this package.
//!
//! **Order.** init never calls anyone, so nobody can make it wait; and it never ends: an
//! error after the boot is a log line and, where it is about a server, that server's state.
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
