//! `init=bench`: a first program that measures what operations cost.
//!
//! On a machine whose nanosecond is an instruction (`-icount shift=0`) the time-stamp counter
//! counts instructions, so each figure is the same on every machine. `cargo xtask bench` boots
//! it and makes a table of its lines; see [`meter`] for their form. Words of the command line:
//!
//! | word | what |
//! |---|---|
//! | `samples=N` | how often each operation is measured, at most; 10,000 |
//! | `rows=A,B` | only operations whose name contains one of these |
//! | `trace=A` | this operation, again and again between two markers |
//!
//! Children are this program once more, with a role as its argument.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

mod calls;
#[path = "../../load/src/machine.rs"]
mod machine;
mod meter;

use machine::Machine;
use meter::Meter;
use rt::Failure;
use sys::Priority;

rt::entry!(main);

/// Of both sides of every operation, unless one of them is to be more urgent.
const PRIORITY: Priority = Priority(30);

/// Measures some operations, after what they need has been prepared.
type Group = fn(&Meter<'_>) -> Result<(), Failure>;

/// The operations by name, with what measures them.
const GROUPS: &[(&[&str], Group)] = &[
    (calls::NULL, calls::null),
    (calls::ONE_SPACE, calls::one_space),
    (calls::TWO_SPACES, calls::two_spaces),
];

fn main(env: rt::Env) -> Result<(), Failure> {
    if let Some(role) = env.args().next() {
        return play(&env, role);
    }
    let machine = Machine::new(&env)?;
    sys::set_own_priority(PRIORITY)?;
    let meter = Meter::new(&machine, &env);
    let measured = GROUPS
        .iter()
        .filter(|(rows, _)| rows.iter().any(|row| meter.wants(row)))
        .try_for_each(|(_, group)| group(&meter));
    if let Err(failure) = &measured {
        machine.say(format_args!("failed: {failure}"));
    }
    machine.end(measured.is_ok())
}

fn play(env: &rt::Env, role: &str) -> Result<(), Failure> {
    match role {
        "serve" => calls::serve(&env.handle("endpoint")?),
        other => Err(Failure::new(format_args!("no role `{other}`"))),
    }
}
