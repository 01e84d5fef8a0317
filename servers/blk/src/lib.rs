//! The blk server: which disks there are, what is on them, and which client may have which part.
//!
//! **Shape.** Each driver serves one disk by [`block::BlockDriver`]. `blk` asks the drivers, reads
//! partition tables through the same interface as every client, and hands a client through to
//! its driver: what the client gets is the driver's own offer, for the range and with the rights
//! that `blk` has put into it. Data never passes through here.
//!
//! **Trust.** Drivers list `blk` alone among their `clients`, so no client chooses its own range.
//!
//! **Restart.** Nothing is kept. Attachments outlive `blk`; a client that attaches meanwhile waits.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod drivers;
pub mod gpt;
mod grants;
mod server;
#[cfg(test)]
mod tests;

pub use drivers::Connect;
pub use grants::{Access, Grants};
pub use server::BlkServer;

use alloc::boxed::Box;
use blk_api::Blk;
use block::BlockDriverClient;
use executor::Executor;

/// The services of drivers, in the order of their disks.
const DRIVERS: [&str; 2] = ["virtio-blk", "nvme"];

/// The program. Tests run it on the host as it is, with drivers that they hand in.
///
/// # Errors
/// When it was not given its endpoint, or the kernel refuses to let it serve.
pub fn main(env: rt::Env) -> Result<(), rt::Failure> {
    let names = env.names().copy(sys::Rights::ALL)?;
    let connect: Connect = Box::new(move |driver| {
        service::connect(&names, driver).map(BlockDriverClient::from_endpoint)
    });
    run(&env, &DRIVERS, connect)
}

/// The same with other drivers.
///
/// # Errors
/// As for [`main`].
pub fn run(env: &rt::Env, drivers: &[&str], connect: Connect) -> Result<(), rt::Failure> {
    let clients = env.startup().values("client");
    let grants = Grants::parse(env.args(), clients, |_wrong| {
        #[cfg(target_os = "none")]
        defmt::warn!("no grant of a disk to a client: {=str}", _wrong);
    });
    let mut server = BlkServer::new(drivers, connect, grants);
    #[cfg(target_os = "none")]
    defmt::info!("ready");
    Executor::new()?.serve::<dyn Blk>(env.handle("endpoint")?, &mut server)?;
    Ok(())
}
