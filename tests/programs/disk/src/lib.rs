//! `run disk DISK MIB [SECONDS]`: writes and reads the first MIB mebibytes of a disk, with as many
//! requests in flight as the driver allows, while others kill or hang its driver. Each sector
//! carries its number, its version and a sum; each is checked at each read. Another pass begins
//! until SECONDS are over. The last line is `disk: good` or `disk: bad`.
//!
//! `run disk DISK speed`: reads for a second each with 4 and 64 KiB, one and 32 in flight, and
//! prints requests and bytes in a second.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod load;
mod sector;
mod speed;
#[cfg(test)]
mod tests;

pub use load::{Load, Outcome};

use alloc::format;
use alloc::string::String;
use blk_api::{BlkClient, BlkDoor};
use block::BlockClient;
use console_api::stdio::Stdio;

/// Pages of the pool: 32 requests of 8 KiB and more.
const POOL_PAGES: u64 = 80;
const UNITS: u16 = 32;
const MIB: u64 = 1 << 20;
const NS_PER_SECOND: u64 = 1_000_000_000;

/// The program.
///
/// # Errors
/// When the disk cannot be had, or something was wrong with it.
pub fn main(env: rt::Env) -> Result<(), rt::Failure> {
    let mut stdio = Stdio::open(&env);
    let mut words = env.args();
    let name = words.next().unwrap_or("blk0");
    let door = BlkDoor::new(BlkClient::connect(env.names())?, name);
    let first = words.next();
    if first == Some("speed") {
        let text = speed::measure(&mut BlockClient::attach(door, speed::POOL_PAGES, UNITS)?)?;
        stdio.print(text)?;
        return Ok(());
    }
    let number = |word: Option<&str>, other| word.and_then(|it| it.parse().ok()).unwrap_or(other);
    let (mib, seconds): (u64, u64) = (number(first, 16), number(words.next(), 0));
    let mut disk = BlockClient::attach(door, POOL_PAGES, UNITS)?;
    let begun_ns = sys::clock();
    let end_ns = begun_ns + seconds * NS_PER_SECOND;
    let load = Load::new(&mut disk, Load::chunks_of(mib * MIB));
    let outcome = load.run(|| sys::clock() >= end_ns);
    let text = report(outcome, sys::clock() - begun_ns);
    stdio.print(text.as_str())?;
    if text.ends_with("good\n") { Ok(()) } else { Err("the disk is bad".into()) }
}

/// What the program prints.
fn report(outcome: Outcome, took_ns: u64) -> String {
    let Outcome { requests, checked, wrong, errors, mut recoveries, first } = outcome;
    recoveries.sort_unstable();
    let count = recoveries.len() as u64;
    let mean = recoveries.iter().sum::<u64>().checked_div(count).unwrap_or(0);
    let p99 = recoveries.get((recoveries.len() * 99 / 100).min(recoveries.len().saturating_sub(1)));
    let verdict = if wrong == 0 && errors == 0 && checked > 0 { "good" } else { "bad" };
    let ms = |ns: u64| format!("{}.{:03} ms", ns / 1_000_000, ns / 1_000 % 1_000);
    format!(
        "disk: {requests} requests, {checked} bytes checked, {wrong} sectors wrong, \
         {errors} errors, {}\ndisk: {count} recoveries, mean {}, p99 {}, longest {}\n{}disk: {verdict}\n",
        ms(took_ns),
        ms(mean),
        ms(p99.copied().unwrap_or(0)),
        ms(recoveries.last().copied().unwrap_or(0)),
        first.map_or_else(String::new, |first| format!("disk: first: {first}\n")),
    )
}
