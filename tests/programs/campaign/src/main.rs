//! A campaign of faults: servers are killed, hung, damaged and starved at random, while
//! clients use them and check every answer.
//!
//! **Shape.** [`clients`] keep [`books`] of what became of each operation; [`faults`] and
//! [`tamper`] do one thing to one server; [`watch`] sees how it shows and how long it takes
//! until the server does its work again; [`table`] counts. Drivers of disks have clients that know
//! what each sector holds ([`disk`]), and faults of their own. The kernel's own numbers and all
//! memory are looked at before and after.
//!
//! Options on the command line: `faults=N seed=S targets=a,b kinds=x,y disk-mib=N`.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

mod books;
mod clients;
mod disk;
mod faults;
mod rest;
mod run;
#[path = "../../disk/src/sector.rs"]
mod sector;
mod table;
mod tamper;
mod watch;

use init_api::SystemClient;
use rt::Failure;

rt::entry!(main);

fn main(env: rt::Env) -> Result<(), Failure> {
    let init = SystemClient::from_endpoint(env.handle("supervisor")?);
    let plan = run::Plan::of(&env)?;
    let good = run::run(&env, &init, &plan);
    if let Err(failure) = &good {
        defmt::error!("failed: {=str}", alloc::format!("{failure}").as_str());
    }
    init.shutdown(u32::from(!matches!(good, Ok(true))))?;
    Ok(())
}
