//! `run vectors [x87 | sse | price]`: threads hold patterns in all vector registers, over switches,
//! calls, births and deaths; or one divides by zero; or what it costs is told. Built for the ordinary target, so that
//! nothing but the patterns is ever in these registers.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

mod meetings;
mod price;

use alloc::format;
use console_api::stdio::Stdio;
use meetings::{births, calls, switches};
use rt::Failure;
use sys::SystemInfo;
use sys::hazard::vectors::{components, divide_sse, divide_x87};

rt::entry!(main);

fn main(env: rt::Env) -> Result<(), Failure> {
    let mut stdio = Stdio::open(&env);
    match env.args().next() {
        None => all(&mut stdio),
        Some("x87") => {
            divide_x87();
            Err("x87 divided by zero".into())
        }
        Some("sse") => {
            divide_sse();
            stdio.print("SSE divided by zero\n")?;
            Ok(())
        }
        Some("price") => price::table(&mut stdio),
        Some(_) => {
            stdio.print("usage: vectors [x87 | sse | price]\n")?;
            rt::exit(2)
        }
    }
}

/// What is done, and how many registers differed.
type Part = (&'static str, fn() -> Result<usize, Failure>);

fn all(stdio: &mut Stdio) -> Result<(), Failure> {
    let parts: [Part; 4] = [
        ("100000 switches of 4 threads", || switches(4, 100, 250)),
        ("10000 calls of a server that uses them", || calls(10_000, true)),
        ("10000 calls of a server that does not", || calls(10_000, false)),
        ("100 threads, each after the death of another", || births(100)),
    ];
    stdio.print(format!("components {:#b}\n", components()))?;
    let mut wrong = 0;
    for (what, part) in parts {
        let before = counts()?;
        let different = part()?;
        let [loads, saves, kept, switches] = counts()?;
        stdio.print(format!(
            "{what}: {different} registers differ; {} loads, {} saves, {} kept, {} switches\n",
            loads - before[0],
            saves - before[1],
            kept - before[2],
            switches - before[3],
        ))?;
        wrong += different;
    }
    if wrong > 0 {
        return Err("registers of another thread".into());
    }
    Ok(())
}

/// Loads, saves, loads that were not needed, switches.
fn counts() -> Result<[u64; 4], Failure> {
    let SystemInfo { vector_loads, vector_saves, vector_kept, switches, .. } = sys::system_info()?;
    Ok([vector_loads, vector_saves, vector_kept, switches])
}
