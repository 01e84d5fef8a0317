//! The driver of virtio block devices.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use block::INTERRUPT;
use executor::Executor;
use pci_api::{Opened, VirtioKind, Windows};
use sys::{Error, Failure, IoSpace, Notification, Registers};
use virtio::{Area, Areas};
use virtio_blk_core::Disk;

rt::entry!(main);

/// How long the device may take for its serial number.
const SERIAL_NS: u64 = 1_000_000_000;

fn main(env: rt::Env) -> Result<(), Failure> {
    let opened = pci_api::open(env.names())?;
    let bell = Notification::create()?;
    let vector = opened.vector(0, &bell, INTERRUPT)?;
    let space = opened.io_space()?;
    let mut disk = Disk::open(areas(&opened)?, space)?;
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

fn areas(opened: &Opened) -> Result<Areas<Registers>, Failure> {
    let mut windows = Windows::default();
    let mut area = |kind| {
        let found = opened.info.virtio(kind).ok_or("a virtio structure is missing")?;
        let bytes = u64::from(found.length);
        let (registers, start) =
            windows.registers(opened, found.bar, found.offset.into(), bytes)?;
        let bytes = usize::try_from(bytes).map_err(Failure::new)?;
        let area = Area::new(registers, start, bytes).map_err(Failure::new)?;
        Ok::<_, Failure>((area, found.multiplier))
    };
    let (common, _) = area(VirtioKind::Common)?;
    let (notify, multiplier) = area(VirtioKind::Notify)?;
    let (device, _) = area(VirtioKind::Device)?;
    Ok(Areas { common, notify, multiplier, device: Some(device) })
}
