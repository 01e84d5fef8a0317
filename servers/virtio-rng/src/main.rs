//! The driver of virtio entropy devices.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use executor::Executor;
use pci_api::{Opened, VirtioKind, Windows};
use sys::{Failure, Notification, Registers};
use virtio::{Area, Areas};
use virtio_rng_core::{Device, INTERRUPT, serve};

rt::entry!(main);

fn main(env: rt::Env) -> Result<(), Failure> {
    let opened = pci_api::open(env.names())?;
    let bell = Notification::create()?;
    let vector = opened.vector(0, &bell, INTERRUPT)?;
    let space = opened.io_space()?;
    let device = Device::open(areas(&opened)?, &space)?;
    opened.start_dma()?;
    defmt::info!("ready");
    serve(&Executor::on(bell)?, env.handle("endpoint")?, device, || {
        // It fails only when `pci` took the vector away: then no interrupts come either.
        let _ = vector.ack();
    })?;
    Ok(())
}

/// The structures of the device. It has no configuration of its own.
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
    Ok(Areas { common, notify, multiplier, device: None })
}
