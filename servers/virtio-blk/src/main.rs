//! The driver of virtio block devices.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use block::INTERRUPT;
use executor::Executor;
use sys::{Error, Failure, IoSpace, Notification, Registers};
use virtio_blk_core::Disk;

rt::entry!(main);

/// How long the device may take for its serial number.
const SERIAL_NS: u64 = 1_000_000_000;

fn main(env: rt::Env) -> Result<(), Failure> {
    let opened = pci_api::open(env.names())?;
    let bell = Notification::create()?;
    let vector = opened.vector(0, &bell, INTERRUPT)?;
    let space = opened.io_space()?;
    let mut disk = Disk::open(opened.virtio_areas()?, space)?;
    opened.start_dma()?;
    learn_serial(&mut disk, &bell)?;
    disk.acknowledge(vector);
    defmt::info!("ready");
    block::serve(&Executor::on(bell)?, env.handle("endpoint")?, disk)?;
    Ok(())
}

/// Asks for the serial number. It is the first request: it shows that DMA and interrupts work.
fn learn_serial(disk: &mut Disk<Registers, IoSpace>, bell: &Notification) -> Result<(), Failure> {
    let deadline = sys::clock().saturating_add(SERIAL_NS);
    disk.ask_serial().map_err(Failure::new)?;
    while !disk.learn_serial().map_err(Failure::new)? {
        match bell.wait(deadline) {
            Err(Error::TimedOut) => return Err("the device does not answer".into()),
            waited => waited?,
        };
    }
    Ok(())
}
