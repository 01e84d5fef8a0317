//! This program as a child: the roles that its parent may give it.

use crate::checks::{entries, faults, frames, hooks, hostile, loans, upcalls};
use abi::MAP_BASE;
use sys::hazard::{self, Instruction};
use sys::{Endpoint, FOREVER, Failure, Received, Words};

/// Plays a role.
pub(crate) fn play(env: &rt::Env, role: &str, argument: &str) -> Result<(), Failure> {
    match role {
        "exit" => rt::exit(number(argument)),
        "panic" => panic!("{argument}"),
        "spin" => loop {
            core::hint::spin_loop();
        },
        "spin-there" => hazard::entries::spin_behind_breakpoint(),
        "sleep" => sys::sleep_until(FOREVER),
        "read" => drop(hazard::read(number(argument))),
        "write" => hazard::write(number(argument), 1),
        "jump" => hazard::jump(number(argument)),
        "stack" => hazard::exhaust_stack(),
        "instruction" => instruction(argument),
        "lend" => loans::lend(env)?,
        "take-call" => take_call(env)?,
        "call" => call(env)?,
        "greedy" => greedy(),
        "go-on-at" => upcalls::go_on_at(number(argument)),
        "wild-calls" => hostile::wild_calls(number(argument)),
        "trap" => drop(hazard::call_with_flags(abi::Syscall::Yield as u64, 1 << 8)),
        "wild-registers" => hostile::wild_registers(),
        "hidden-clock" => faults::hidden_clock(),
        "all-interrupts" => entries::all_interrupts(),
        "flags-at-breakpoint" => entries::flags_at_breakpoint(number(argument)),
        "step-over-a-call" => entries::step_over_a_call(),
        "load-stack-segment" => entries::load_stack_segment(number(argument)),
        "many-breakpoints" => entries::many_breakpoints(),
        "keep-thread-pointer" => entries::keep_thread_pointer(number(argument))?,
        "keep-bases" => entries::keep_bases(number(argument))?,
        "upcall-onto" => frames::upcall_onto(number(argument))?,
        "half-there" => frames::half_there()?,
        "many-calls" => {
            let endpoint: Endpoint = env.handle("endpoint")?;
            command(&endpoint)?;
            hooks::many_calls();
        }
        "perform" => perform(env)?,
        _ => return Err(Failure::from("no such role")),
    }
    Ok(())
}

fn number(text: &str) -> u64 {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).unwrap_or(0),
        None => text.parse().unwrap_or(0),
    }
}

fn instruction(name: &str) {
    if let Some(instruction) = Instruction::ALL.iter().find(|known| known.name() == name) {
        instruction.run();
    }
}

/// Takes a call and dies with it.
fn take_call(env: &rt::Env) -> Result<(), Failure> {
    let endpoint: Endpoint = env.handle("endpoint")?;
    match endpoint.receive(FOREVER, &mut [0; 64])? {
        Received::Message(message) => {
            // Neither answered nor dropped: the process takes it along.
            core::mem::forget(message);
            rt::exit(7)
        }
        Received::Notified(_) => Ok(()),
    }
}

/// Calls with its argument and ends with what the answer says.
fn call(env: &rt::Env) -> Result<(), Failure> {
    let endpoint: Endpoint = env.handle("endpoint")?;
    let answer = endpoint.call(1, &Words::default())?;
    rt::exit(answer.words[0])
}

/// Says that it is there, and waits for a command: a call and its arguments.
fn command(endpoint: &Endpoint) -> Result<Words, Failure> {
    endpoint.call(0, &Words::default())?;
    match endpoint.receive(FOREVER, &mut [])? {
        Received::Message(message) => Ok(message.words),
        Received::Notified(_) => Err(Failure::from("no message")),
    }
}

/// Makes the call that it is told, and ends with its first value or, from the top bit on,
/// its status.
fn perform(env: &rt::Env) -> Result<(), Failure> {
    let endpoint: Endpoint = env.handle("endpoint")?;
    let [call, arguments @ ..] = command(&endpoint)?;
    let out = hazard::plain(call, arguments);
    rt::exit(if out.status == 0 { out.value0 } else { 1 << 63 | out.status })
}

/// Takes all it can get of everything, and leaves it to the kernel to collect.
fn greedy() {
    while let Ok(endpoint) = Endpoint::create() {
        core::mem::forget(endpoint);
    }
    while let Ok(pages) = sys::Pages::create(8) {
        core::mem::forget(pages);
    }
    while let Ok(thread) = sys::spawn_thread(1, sys::Priority(1), || sys::sleep_until(FOREVER)) {
        core::mem::forget(thread);
    }
    let _ = hazard::read(MAP_BASE - 1);
}
