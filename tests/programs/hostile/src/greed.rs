//! `run hostile WAY`: takes what others need, in ways that are no single attempt.

use alloc::string::String;
use console_api::stdio::Stdio;
use proc_api::ProcClient;
use rt::Failure;
use service::CallError;
use sys::{Pages, Priority, Process, Protection, Quota, Thread};

/// A loop of one instruction: `jmp` to itself.
const LOOP: [u8; 2] = [0xeb, 0xfe];
const CODE: u64 = 0x40_0000;
const PRIORITY: u32 = 10;
/// More than the log takes of a program in a minute.
const RECORDS: u32 = 100_000;

/// Goes one of these ways; false when there is no such way.
pub(crate) fn go(env: &rt::Env, way: &str) -> Result<bool, Failure> {
    match way {
        "orphan" => drop(orphan()?),
        "keeps-orphan" => {
            let _spinner = orphan()?;
            say(env, "it spins\n")?;
            sys::sleep_until(sys::FOREVER);
        }
        "spawns" => spawns(env)?,
        "floods-log" => {
            (0..RECORDS).for_each(|number| defmt::info!("noise {=u32}", number));
            say(env, "the log is full of it\n")?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn say(env: &rt::Env, text: &str) -> Result<(), Failure> {
    Ok(Stdio::open(env).print(text)?)
}

/// A child that `proc` does not know of, and that spins.
fn orphan() -> Result<Process, Failure> {
    let quota = Quota {
        pages: 64,
        handles: 4,
        threads: 1,
        objects: 16,
        max_priority: PRIORITY,
        reserved: 0,
    };
    let process = Process::create("spinner", &quota, None)?;
    let mut code = Pages::create_for(&process, 1)?;
    code.get_mut(..LOOP.len()).ok_or("no page")?.copy_from_slice(&LOOP);
    process.map(&code.into_memory(), CODE, 0, 1, Protection::ReadExecute)?;
    let priority = Priority(PRIORITY.to_le_bytes()[0]);
    Thread::create(&process, CODE, 0, 0, priority)?.resume()?;
    Ok(process)
}

/// Starts itself again, and that one itself, until no more can be started.
fn spawns(env: &rt::Env) -> Result<(), Failure> {
    let proc = ProcClient::from_endpoint(env.handle("proc")?);
    match proc.spawn(env.name(), [String::from("spawns")], false) {
        Ok(_) => {}
        Err(CallError::Service(error)) => say(env, &alloc::format!("no more: {error}\n"))?,
        Err(error) => return Err(error.into()),
    }
    sys::sleep_until(sys::FOREVER);
    Ok(())
}
