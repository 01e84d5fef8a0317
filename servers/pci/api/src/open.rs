//! A driver's first step.

use crate::{DeviceClient, DeviceInfo, PciClient, PciError};
use service::CallError;
use sys::{Endpoint, Failure, IoSpace, Irq, Notification, Registers};

/// An open device.
#[derive(Debug)]
pub struct Opened {
    /// The session. Dropping it gives the device back.
    pub device: DeviceClient,
    /// What the device is.
    pub info: DeviceInfo,
}

/// Opens the device of the calling server, as soon as it is reset. A driver without a device
/// ends here, with the status by which init gives it up: [`abi::EXIT_NO_DEVICE`], or
/// [`abi::EXIT_DEVICE_OWNED`] when another driver has it.
///
/// # Errors
/// All other errors, as text.
pub fn open(names: &Endpoint) -> Result<Opened, Failure> {
    let pci = PciClient::connect(names).map_err(|error| doing("connecting to pci", error))?;
    let opened = pci.ready().and_then(|()| pci.open());
    let (device, info) = opened.map_err(|error| {
        if let CallError::Service(error) = &error
            && let Some(status) = status(error)
        {
            sys::exit(status);
        }
        doing("opening the device", error)
    })?;
    Ok(Opened { device, info })
}

impl Opened {
    /// The registers in a window of a BAR, mapped here.
    ///
    /// # Errors
    /// A text that names the BAR: the driver was not given it, or the kernel refuses.
    pub fn registers(&self, bar: u8, window: u8) -> Result<Registers, Failure> {
        let at = |error: Failure| error.while_doing(format_args!("mapping BAR {bar}"));
        let windows = self.info.bar(bar).map_or(&[][..], |bar| &bar.windows);
        let pages = windows.get(usize::from(window)).map_or(0, |window| window.pages);
        let memory = self.device.window(bar, window).map_err(|error| at(Failure::new(error)))?;
        memory.map_registers(0, pages.into()).map_err(|error| at(error.into()))
    }

    /// The memory that the device reaches.
    ///
    /// # Errors
    /// A text: the driver has no DMA, or the kernel refuses.
    pub fn io_space(&self) -> Result<IoSpace, Failure> {
        self.device.io_space().map_err(|error| doing("opening the IoSpace", error))
    }

    /// An interrupt vector that signals bits of a notification.
    ///
    /// # Errors
    /// A text: the driver has no such vector, or the kernel refuses.
    pub fn vector(&self, number: u16, bell: &Notification, bits: u64) -> Result<Irq, Failure> {
        let vector = self.device.vector(number, bell, bits);
        vector.map_err(|error| doing("opening an interrupt vector", error))
    }

    /// Lets the device do DMA: the last step of a start.
    ///
    /// # Errors
    /// A text: the driver has no DMA.
    pub fn start_dma(&self) -> Result<(), Failure> {
        self.device.bus_master(true).map_err(|error| doing("starting DMA", error))
    }
}

/// The exit status of a driver that cannot have its device.
fn status(error: &PciError) -> Option<u64> {
    match error {
        PciError::NoDevice { .. } => Some(abi::EXIT_NO_DEVICE),
        PciError::Owned { .. } => Some(abi::EXIT_DEVICE_OWNED),
        _ => None,
    }
}

fn doing(what: &str, error: impl core::fmt::Display) -> Failure {
    Failure::new(error).while_doing(what)
}
