//! The random server.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use executor::{Executor, Remote};
use random_api::Random;
use random_core::{RandomServer, SEED, Seed, hardware_seed};
use sys::{Endpoint, Failure, Priority, Rights};
use virtio_rng_api::EntropyClient;

rt::entry!(main);

/// The priority of the thread that asks the device: that of the manifest.
const PRIORITY: Priority = Priority(40);
/// Between two seeds, and between two attempts before the first one.
const RESEED_NS: u64 = 60_000_000_000;
const RETRY_NS: u64 = 1_000_000_000;
/// How long the device's driver may take. It may be starting.
const DEVICE_NS: u64 = 2_000_000_000;

fn main(env: rt::Env) -> Result<(), Failure> {
    let executor = Executor::new()?;
    let names = env.names().copy(Rights::SEND)?;
    let device = Remote::new(&executor, names, PRIORITY)?;
    let mut server = RandomServer::default();
    server.seed(None, hardware_seed());
    let (seeded, inner) = (server.clone(), executor.clone());
    executor.spawn(async move { seed_for_ever(&inner, &seeded, &device).await }).detach();
    executor.serve::<dyn Random>(env.handle("endpoint")?, &mut server)?;
    Ok(())
}

async fn seed_for_ever(executor: &Executor, server: &RandomServer, device: &Remote<Endpoint>) {
    let mut told = false;
    loop {
        let device = device.start(device_seed).await;
        let seeded = server.seed(device, hardware_seed());
        if seeded && !told {
            defmt::info!("seeded, by the device: {=bool}", device.is_some());
            told = true;
        }
        executor.sleep_for(if seeded { RESEED_NS } else { RETRY_NS }).await;
    }
}

/// A seed from the entropy device, if there is one. Its driver may be another one than before.
fn device_seed(names: &Endpoint) -> Option<Seed> {
    let client = EntropyClient::connect(names).ok()?;
    let bytes = client.within(DEVICE_NS).bytes(u16::try_from(SEED).ok()?).ok()?;
    bytes.try_into().ok()
}
