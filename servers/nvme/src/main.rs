//! The driver of NVMe controllers.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use block::INTERRUPT;
use executor::Executor;
use nvme_core::{Disk, REGISTER_PAGES, Starting, Step};
use pci_api::Opened;
use sys::{Error, Failure, IoSpace, Notification, PAGE_SIZE, Protection};

rt::entry!(main);

/// How long the controller may take to come up.
const START_NS: u64 = 5_000_000_000;

fn main(env: rt::Env) -> Result<(), Failure> {
    let opened = pci_api::open(env.names())?;
    let bell = Notification::create()?;
    let vector = opened.vector(0, &bell, INTERRUPT)?;
    let mut disk = start(&opened, &bell)?;
    disk.acknowledge(vector);
    defmt::info!("ready");
    block::serve(&Executor::on(bell)?, env.handle("endpoint")?, disk)?;
    Ok(())
}

fn start(opened: &Opened, bell: &Notification) -> Result<Disk<IoSpace>, Failure> {
    let place = opened.info.place(0, 0, REGISTER_PAGES * PAGE_SIZE);
    let window = place.ok_or("registers and doorbells of BAR 0 were not given")?.window;
    let memory = opened.device.window(0, window).map_err(Failure::new)?;
    let registers = memory.map_registers(0, REGISTER_PAGES)?;
    let mapping = memory.map_part(0, REGISTER_PAGES, Protection::ReadWrite)?;
    let space = opened.io_space()?;
    opened.start_dma()?;
    let deadline = sys::clock().saturating_add(START_NS);
    let mut starting = Starting::new(&registers, mapping, space)?;
    while sys::clock() < deadline {
        starting = match starting.step()? {
            Step::Ready(disk) => return Ok(*disk),
            Step::Pause(starting, pause_ns) => {
                sys::sleep_for(pause_ns);
                starting
            }
            Step::Interrupt(starting) => match bell.wait(deadline) {
                Ok(_) | Err(Error::TimedOut) => starting,
                Err(error) => return Err(error.into()),
            },
        };
    }
    Err("the device does not come up".into())
}
