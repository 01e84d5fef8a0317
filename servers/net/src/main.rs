//! The net server.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::vec::Vec;
use executor::Executor;
use net_core::{Cards, Seeds};
use nic::{Door, DriverDoor, NicClient, NicDriverClient};
use random_api::RandomClient;
use sys::{Endpoint, Error, Failure, Priority, Rights};

rt::entry!(main);

/// The drivers of cards.
const DRIVERS: [&str; 2] = ["virtio-net", "e1000e"];
/// Slots for received frames, and for those to be transmitted.
const SLOTS: (u16, u16) = (96, 64);
/// The priority of the thread that attaches: that of the manifest.
const PRIORITY: Priority = Priority(38);
/// How long `random` may take.
const RANDOM_NS: u64 = 2_000_000_000;

fn main(env: rt::Env) -> Result<(), Failure> {
    let executor = Executor::new()?;
    let seeds = seeds(env.names());
    let doors = DRIVERS.iter().map(|driver| door(env.names(), driver));
    let doors = Cards::new(doors.collect::<Result<Vec<_>, Error>>()?);
    let card = NicClient::new(&executor, doors, SLOTS, PRIORITY)?;
    net_core::run(&env, &executor, Some(card), seeds)
}

/// The way to a driver.
fn door(names: &Endpoint, driver: &'static str) -> Result<impl Door + use<>, Error> {
    let names = names.copy(Rights::SEND)?;
    let find = move || service::connect(&names, driver).ok().map(NicDriverClient::from_endpoint);
    Ok(DriverDoor::new(find))
}

/// Random bytes: those of `random`, and mixed into them those of the CPU and the time.
fn seeds(names: &Endpoint) -> Seeds {
    let mut seeds = Seeds::default();
    let client = RandomClient::connect(names).ok();
    let bytes = client.and_then(|client| client.within(RANDOM_NS).bytes(32).ok());
    match bytes {
        Some(bytes) if bytes.len() == seeds.len() => seeds.copy_from_slice(&bytes),
        _ => defmt::warn!("no seed from `random`: that of the CPU must do"),
    }
    for word in seeds.chunks_mut(8) {
        let mix = sys::hardware_random().unwrap_or_else(sys::clock).to_le_bytes();
        word.iter_mut().zip(mix).for_each(|(byte, mix)| *byte ^= mix);
    }
    seeds
}
