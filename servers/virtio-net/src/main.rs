//! The driver of virtio network cards.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use executor::Executor;
use nic::INTERRUPT;
use pci_api::{Opened, VirtioKind, Windows};
use sys::{Failure, Notification, Registers};
use virtio::{Area, Areas};
use virtio_net_core::Card;

rt::entry!(main);

fn main(env: rt::Env) -> Result<(), Failure> {
    let opened = pci_api::open(env.names())?;
    let bell = Notification::create()?;
    let vector = opened.vector(0, &bell, INTERRUPT)?;
    let space = opened.io_space()?;
    let mut card = Card::open(areas(&opened)?, space)?;
    opened.start_dma()?;
    card.acknowledge(vector);
    defmt::info!("ready");
    nic::serve(&Executor::on(bell)?, env.handle("endpoint")?, card)?;
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
