//! A fake entropy device, and a driver of it that does nothing by itself.
#![allow(dead_code, reason = "each test file uses another part of it")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use dma::{Buffer, Fault, Part, Pool, Ring};
use std::rc::Rc;
use testkit::device::{Bus, Entropy, Setup, Virtio};
use virtio::{Area, Areas, Features, PosternTransport, VirtioError, negotiate};
use virtio_drivers::transport::DeviceType;

pub type Device = Virtio<Entropy>;
pub type Transport = PosternTransport<Device>;

/// What keeps a device from working.
#[derive(Debug, PartialEq, Eq)]
pub enum Trouble {
    Device(VirtioError),
    Queue(Fault),
}

pub fn entropy(setup: Setup) -> (Bus, Rc<Device>) {
    let bus = Bus::default();
    let device = Rc::new(Virtio::new(&bus, Entropy::default(), setup));
    (bus, device)
}

pub fn areas(device: &Rc<Device>) -> Areas<Device> {
    let area = |offset, bytes| Area::new(device.clone(), offset, bytes).unwrap();
    let (common, notify) = (area(Device::COMMON, 0x1000), area(Device::NOTIFY, 0x1000));
    Areas { common, notify, multiplier: Device::MULTIPLIER, device: None }
}

pub fn up(bus: &Bus, device: &Rc<Device>) -> Result<(Transport, Ring<8>, Pool), Trouble> {
    dma::begin_life();
    let pool = Pool::open(bus, 8).unwrap();
    let mut transport = PosternTransport::new(areas(device), DeviceType::EntropySource, 0);
    negotiate(&mut transport, Features::empty()).map_err(Trouble::Device)?;
    let ring = Ring::new(&mut transport, 0).map_err(Trouble::Queue)?;
    transport.ready().map_err(Trouble::Device)?;
    Ok((transport, ring, pool))
}

/// Asks for bytes.
pub fn ask(ring: &mut Ring<8>, transport: &mut Transport, part: Part) {
    ring.submit(7, &[], &[Buffer::Own(part)]).unwrap();
    ring.kick(transport);
}
