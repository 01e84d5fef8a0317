//! The clock server.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::vec::Vec;
use clock_api::Clock;
use clock_core::{ClockServer, Cmos, read};
use executor::Executor;
use keep::Kept;
use rt::{Env, Failure};
use sys::{Error, Ports};

rt::entry!(main);

/// The version of what is kept: nanoseconds from 1970 to the boot.
const VERSION: u32 = 1;
/// The ports of the clock: the register's number, its value.
const INDEX: u16 = 0;
const VALUE: u16 = 1;

struct PortCmos(Ports);

impl Cmos for PortCmos {
    fn register(&mut self, index: u8) -> Result<u8, Error> {
        self.0.write_u8(INDEX, index)?;
        self.0.read_u8(VALUE)
    }
}

fn main(env: Env) -> Result<(), Failure> {
    let kept = env
        .handle("keep")
        .and_then(|memory| Kept::<u64>::open(&memory, VERSION).map_err(Failure::new));
    let (kept, set) = match kept {
        Ok((kept, found)) => (Some(kept), found.or_report("time")),
        Err(_) => (None, None),
    };
    let booted_at = match set {
        Some(set) => Some(set),
        None => booted_at(PortCmos(env.handle("cmos")?))?,
    };
    if booted_at.is_none() {
        defmt::warn!("the machine's clock shows no date");
    }
    let mut server = ClockServer::new(booted_at, setters(&env), kept);
    Executor::new()?.serve::<dyn Clock>(env.handle("endpoint")?, &mut server)?;
    Ok(())
}

/// When the machine was booted, by its clock.
fn booted_at(mut cmos: PortCmos) -> Result<Option<u64>, Error> {
    let date = read(&mut cmos)?;
    let now_ns = date.and_then(|date| date.and_utc().timestamp_nanos_opt());
    let now_ns = now_ns.and_then(|now_ns| u64::try_from(now_ns).ok());
    Ok(now_ns.and_then(|now_ns| now_ns.checked_sub(sys::clock())))
}

/// The numbers of the clients that the arguments `set=CLIENT` name.
fn setters(env: &Env) -> Vec<u32> {
    let named: Vec<&str> =
        env.args().filter_map(|argument| argument.strip_prefix("set=")).collect();
    let clients = env.startup().values("client").filter_map(|line| line.split_once(' '));
    let setters = clients.filter(|(_, name)| named.contains(name));
    setters.filter_map(|(number, _)| number.parse().ok()).collect()
}
