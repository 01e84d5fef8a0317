//! The system log: see the library.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::string::{String, ToString as _};
use chrono::DateTime;
use clock_api::WallClock;
use executor::Executor;
use files::Namespace;
use keep::Kept;
use logtext::{CHECKED_KERNEL, Decoder, KERNEL, Strings};
use rt::{Env, Failure};
use sys::{Memory, Resource};
use syslog_api::Syslog;
use syslog_core::{KeptLog, Log, LogFiles, Shared};

rt::entry!(main);

/// The version of [`KeptLog`].
const VERSION: u32 = 1;
/// The strings of all programs' log statements.
const STRINGS: &str = "/boot/log-strings";
/// Where the log's files are.
const DIRECTORY: &str = "/var/log";
/// How often the log is taken while no client asks.
const PERIOD_NS: u64 = 1_000_000_000;

fn main(env: Env) -> Result<(), Failure> {
    let resource: Resource = env.handle("resource")?;
    let memory: Memory = env.handle("keep")?;
    let (kept, found) = Kept::<KeptLog>::open(&memory, VERSION).map_err(Failure::new)?;
    let space = Namespace::of(&env)?;
    let decoder = Decoder::new(strings(&space));
    let files = LogFiles::new(DIRECTORY);
    let kept = Some((kept, found.or_report("log")));
    let log = Log::new(resource, decoder, (space, files), kept, &booted(&env));
    let executor = Executor::new()?;
    let mut server = Shared::new(log);
    let (inner, taker) = (executor.clone(), server.clone());
    executor
        .spawn(async move {
            while taker.take().is_ok() {
                inner.sleep_for(PERIOD_NS).await;
            }
            defmt::error!("the kernel does not show its log");
        })
        .detach();
    executor.serve::<dyn Syslog>(env.handle("endpoint")?, &mut server)?;
    Ok(())
}

/// Without them a line says only how long it was.
fn strings(space: &Namespace) -> Strings {
    let text = space.read(STRINGS).map_err(|error| error.to_string());
    let text = text.and_then(|bytes| String::from_utf8(bytes).map_err(|error| error.to_string()));
    match text {
        Ok(text) => of_this_kernel(Strings::parse(&text)),
        Err(why) => {
            defmt::warn!("no strings: {=str}", why.as_str());
            Strings::default()
        }
    }
}

/// Checks count what they look at.
fn of_this_kernel(mut strings: Strings) -> Strings {
    if sys::system_info().is_ok_and(|info| info.entries > 0) {
        strings.take_from(KERNEL, CHECKED_KERNEL);
    }
    strings
}

/// The line before the log of a boot.
fn booted(env: &Env) -> String {
    let now = WallClock::ask(env.names()).ok().and_then(|clock| {
        let now_ns = i64::try_from(clock.now_ns()).ok()?;
        Some(DateTime::from_timestamp_nanos(now_ns))
    });
    match now {
        Some(now) => alloc::format!("== boot at {} UTC", now.format("%Y-%m-%d %H:%M:%S")),
        None => "== boot".into(),
    }
}
