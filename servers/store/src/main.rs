//! The store server: records that outlive it.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

use executor::Executor;
use rt::Failure;
use store_api::Store;
use store_core::StoreServer;

rt::entry!(main);

fn main(env: rt::Env) -> Result<(), Failure> {
    let keep: sys::Memory = env.handle("keep")?;
    let mut store = StoreServer::open(&keep).map_err(Failure::new)?;
    defmt::info!("ready");
    Executor::new()?.serve::<dyn Store>(env.handle("endpoint")?, &mut store)?;
    Ok(())
}
