//! `init=fuzz calls=N seed=S`: random system calls from many processes at once.
//!
//! **Shape.** Three generations. The first program ([`supervisor`]) starts one *keeper* after
//! another and compares frames, processes, threads, handles, objects and its own quota before
//! and after. A keeper ([`keeper`]) starts children, answers their calls, faults and stops,
//! suspends, changes and kills them, and checks what reaches it. The children ([`wild`]) make
//! random calls in several threads, and have children of their own. Only they may break.
//!
//! A 32-bit build of the same program (`fuzz32`) is a child alone.
//!
//! On one CPU whose time is counted in instructions, the same seed makes the same run.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

#[cfg(target_arch = "x86_64")]
mod keeper;
#[cfg(target_arch = "x86_64")]
#[path = "../../load/src/machine.rs"]
mod machine;
#[path = "../../load/src/stress/random.rs"]
mod random;
#[cfg(target_arch = "x86_64")]
mod supervisor;
mod wild;

use rt::Failure;

/// PCI functions whose I/O spaces children make: numbers below this. None of them is used.
pub(crate) const FUNCTIONS: u64 = 4;

rt::entry!(main);

#[cfg(target_arch = "x86_64")]
fn main(env: rt::Env) -> Result<(), Failure> {
    match env.args().next() {
        Some("keeper") => keeper::run(&env),
        _ => supervisor::run(&env),
    }
}

/// A child: its argument is the seed. It begins when it has all its handles.
#[cfg(target_arch = "x86")]
fn main(env: rt::Env) -> Result<(), Failure> {
    let seed = env.args().next().and_then(|text| text.parse().ok()).unwrap_or(0);
    let go: sys::Notification = env.handle("go")?;
    go.wait(sys::FOREVER)?;
    wild::begin(seed)
}
