//! The driver of QEMU's teaching device.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use dma::Pool;
use edu_core::{Driver, INTERRUPT};
use executor::Executor;
use rt::Failure;

rt::entry!(main);

fn main(env: rt::Env) -> Result<(), Failure> {
    let opened = pci_api::open(env.names())?;
    let executor = Executor::new()?;
    let page = Pool::open(&opened.io_space()?, 1)?.take_pages(1)?;
    let driver = Driver::open(opened.registers(0, 0)?, page)?;
    let _interrupt = opened.vector(0, &executor.bell()?, INTERRUPT)?;
    opened.start_dma()?;
    driver.serve(&executor, env.handle("endpoint")?)
}
