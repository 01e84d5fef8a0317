//! The driver of virtio entropy devices.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use executor::Executor;
use sys::{Failure, Notification};
use virtio_rng_core::{Device, INTERRUPT, serve};

rt::entry!(main);

fn main(env: rt::Env) -> Result<(), Failure> {
    let opened = pci_api::open(env.names())?;
    let bell = Notification::create()?;
    let vector = opened.vector(0, &bell, INTERRUPT)?;
    let space = opened.io_space()?;
    let device = Device::open(opened.virtio_areas()?, &space)?;
    opened.start_dma()?;
    defmt::info!("ready");
    serve(&Executor::on(bell)?, env.handle("endpoint")?, device, || {
        // It fails only when `pci` took the vector away: then no interrupts come either.
        let _ = vector.ack();
    })?;
    Ok(())
}
