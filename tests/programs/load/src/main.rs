//! `init=load task=…`: a first program that measures the gate, or puts it under stress.
//!
//! | task | what |
//! |---|---|
//! | `spin`, `sleep` | says so, and does it: something is done to the machine meanwhile |
//! | `quiet` | one thread without timers: how many interrupts it gets |
//! | `stress` | everything at once for `seconds=…`, from a `seed=…` |
//! | `budgets` | what scheduling contexts promise, on busy CPUs |
//! | `holds` | how long the kernel is held while programs make its queues large: `scene=…` |
//! | `latency` | how late a timer is while spaces and threads are destroyed |
//!
//! Results are lines on COM1; the machine ends with success unless something is wrong.
//! Children are this program once more, with a role as its argument.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

mod budgets;
mod child;
mod children;
mod holds;
mod latency;
mod machine;
mod quiet;
mod stress;

use machine::Machine;
use rt::Failure;

rt::entry!(main);

fn main(env: rt::Env) -> Result<(), Failure> {
    let mut arguments = env.args();
    if let Some(role) = arguments.next() {
        return child::play(&env, role, arguments.next().unwrap_or(""));
    }
    let machine = Machine::new(&env)?;
    let done = match env.option("task").unwrap_or("") {
        "spin" => spin(&machine),
        "sleep" => sleep(&machine),
        "quiet" => quiet::run(&machine),
        "budgets" => budgets::run(&machine, env.option("judge") == Some("yes")),
        "latency" => latency::run(&machine),
        "holds" => holds::run(&machine, env.option("scene").unwrap_or("")),
        "stress" => stress::run(&machine, number(&env, "seconds", 10), number(&env, "seed", 1)),
        other => Err(Failure::new(format_args!("no task `{other}`"))),
    };
    if let Err(failure) = &done {
        machine.say(format_args!("failed: {failure}"));
    }
    machine.end(done.is_ok())
}

fn number(env: &rt::Env, key: &str, otherwise: u64) -> u64 {
    env.option(key).and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn spin(machine: &Machine) -> Result<(), Failure> {
    machine.say("spinning");
    loop {
        core::hint::spin_loop();
    }
}

fn sleep(machine: &Machine) -> Result<(), Failure> {
    machine.say("sleeping");
    sys::sleep_for(2_000_000_000);
    Ok(())
}
