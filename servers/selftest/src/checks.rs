//! All checks, in the order in which they run.

use crate::bench::Check;

mod calls;
mod deadlines;
mod devices;
mod faults;
mod handles;
pub(crate) mod hostile;
mod memory;
mod messages;
mod notifications;
mod processes;
mod quota;
mod replies;
mod scheduling;
mod system;
mod timers;
pub(crate) mod upcalls;

/// One table for each kind of object or verb.
pub(crate) const SUITES: [&[Check]; 16] = [
    system::CHECKS,
    calls::CHECKS,
    messages::CHECKS,
    handles::CHECKS,
    replies::CHECKS,
    deadlines::CHECKS,
    notifications::CHECKS,
    upcalls::CHECKS,
    memory::CHECKS,
    processes::CHECKS,
    faults::CHECKS,
    scheduling::CHECKS,
    timers::CHECKS,
    devices::CHECKS,
    quota::CHECKS,
    hostile::CHECKS,
];
