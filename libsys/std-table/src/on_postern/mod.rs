//! The table's functions, for the machine.

mod answer;
mod children;
mod descriptors;
mod entries;
mod files;
mod foreign;
mod lock;
mod loose;
mod net;
mod pipes;
mod process;
mod randomness;
mod stdio;
mod table;
mod thread;
mod time;
mod waiters;

use answer::Result;
use lock::Mutex;
use moto_rt::Error;
use sys::{Endpoint, Rights};

/// What the program was started with.
static ENV: Mutex<Option<rt::Env>> = Mutex::new(None);

fn env<T>(work: impl FnOnce(&rt::Env) -> T) -> Result<T> {
    ENV.lock().as_ref().map(work).ok_or(Error::InternalError)
}

/// The name server, for one connection.
fn names() -> Result<Endpoint> {
    env(|env| env.names().copy(Rights::SEND))?.map_err(answer::of_kernel)
}

rt::entry!(start);

/// Fills and shows the table, then lets the standard library start the program.
fn start(env: rt::Env) -> core::result::Result<(), rt::Failure> {
    process::adopt(&env);
    *ENV.lock() = Some(env);
    descriptors::begin();
    table::show()?;
    entries::enter()
}
