//! The driver of Intel's 82574L network cards.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use e1000e_core::Card;
use executor::Executor;
use nic::INTERRUPT;
use sys::{Failure, Notification};

rt::entry!(main);

fn main(env: rt::Env) -> Result<(), Failure> {
    let opened = pci_api::open(env.names())?;
    let bell = Notification::create()?;
    let vector = opened.vector(0, &bell, INTERRUPT)?;
    let space = opened.io_space()?;
    let mut card = Card::open(opened.registers(0, 0)?, space)?;
    opened.start_dma()?;
    card.acknowledge(vector);
    defmt::info!("ready");
    nic::serve(&Executor::on(bell)?, env.handle("endpoint")?, card)?;
    Ok(())
}
