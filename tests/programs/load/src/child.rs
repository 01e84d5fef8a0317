//! What children do.

use rt::Failure;
use sys::{FOREVER, Notification, Pages};

/// Plays a role.
pub(crate) fn play(env: &rt::Env, role: &str, argument: &str) -> Result<(), Failure> {
    let number: u64 = argument.parse().unwrap_or(0);
    match role {
        "own-pages" => own_pages(env, number),
        "own-threads" => {
            tell_ready(env)?;
            sys::sleep_until(FOREVER);
            Ok(())
        }
        _ => match crate::budgets::play(env, role, number).or_else(|| stress(env, role, number)) {
            Some(outcome) => outcome,
            None => Err(Failure::from("no such role")),
        },
    }
}

fn stress(env: &rt::Env, role: &str, number: u64) -> Option<Result<(), Failure>> {
    crate::stress::play(env, role, number)
}

/// Tells the parent that all is prepared.
fn tell_ready(env: &rt::Env) -> Result<(), Failure> {
    let ready: Notification = env.handle("ready")?;
    Ok(ready.signal(1)?)
}

/// Maps and writes this number of pages, in pieces, then waits for its end.
fn own_pages(env: &rt::Env, pages: u64) -> Result<(), Failure> {
    const PIECE: u64 = 2_000;
    let mut all = alloc::vec::Vec::new();
    for _ in 0..pages / PIECE {
        all.push(Pages::create(PIECE)?);
    }
    tell_ready(env)?;
    sys::sleep_until(FOREVER);
    Ok(())
}
