//! The name server.
//!
//! All it knows is in its startup block: the table of who may call what, and one handle
//! for each service. So a crash loses nothing, and nobody has to register.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::format;
use executor::Executor;
use manifest::AccessTable;
use names_api::Names;
use names_core::NameServer;

rt::entry!(main);

fn main(env: rt::Env) -> Result<(), rt::Failure> {
    let table = AccessTable::parse(env.args());
    let mut server = NameServer::new(table, |name| env.handle(&format!("service:{name}")).ok());
    defmt::info!("{=usize} services", server.count());
    Executor::new()?.serve::<dyn Names>(env.handle("endpoint")?, &mut server)?;
    Ok(())
}
