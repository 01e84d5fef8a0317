//! The driver of virtio network cards.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use executor::Executor;
use nic::INTERRUPT;
use sys::{Failure, Notification};
use virtio_net_core::Card;

rt::entry!(main);

fn main(env: rt::Env) -> Result<(), Failure> {
    let opened = pci_api::open(env.names())?;
    let bell = Notification::create()?;
    let vector = opened.vector(0, &bell, INTERRUPT)?;
    let space = opened.io_space()?;
    let mut card = Card::open(opened.virtio_areas()?, space)?;
    opened.start_dma()?;
    card.acknowledge(vector);
    defmt::info!("ready");
    nic::serve(&Executor::on(bell)?, env.handle("endpoint")?, card)?;
    Ok(())
}
