//! All checks, in the order in which they run.

use crate::bench::Check;

mod calls;
mod deadlines;
mod debugger;
mod devices;
mod ends;
pub(crate) mod entries;
mod exits;
pub(crate) mod faults;
pub(crate) mod frames;
mod handles;
pub(crate) mod hooks;
pub(crate) mod hostile;
pub(crate) mod loans;
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
pub(crate) const SUITES: [&[Check]; 24] = [
    system::CHECKS,
    calls::CHECKS,
    messages::CHECKS,
    handles::CHECKS,
    replies::CHECKS,
    deadlines::CHECKS,
    ends::CHECKS,
    notifications::CHECKS,
    upcalls::CHECKS,
    memory::CHECKS,
    loans::CHECKS,
    processes::CHECKS,
    faults::CHECKS,
    scheduling::CHECKS,
    timers::CHECKS,
    devices::CHECKS,
    quota::CHECKS,
    hostile::CHECKS,
    entries::CHECKS,
    exits::CHECKS,
    frames::CHECKS,
    debugger::CHECKS,
    hooks::CHECKS,
    exits::LAST,
];
