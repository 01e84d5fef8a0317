//! The transport.

use crate::registers::{
    CONFIG_GENERATION, CONFIG_MSIX_VECTOR, DEVICE_FEATURE, DEVICE_FEATURE_SELECT, DEVICE_STATUS,
    DRIVER_FEATURE, DRIVER_FEATURE_SELECT, NO_VECTOR, QUEUE_DESC, QUEUE_DEVICE, QUEUE_DRIVER,
    QUEUE_ENABLE, QUEUE_MSIX_VECTOR, QUEUE_NOTIFY_OFF, QUEUE_SELECT, QUEUE_SIZE, halves,
};
use crate::{Area, Areas, Features, VirtioError};
use alloc::vec::Vec;
use core::cell::Cell;
use sys::RegisterFile;
use virtio_drivers::transport::{DeviceStatus, DeviceType, InterruptStatus, Transport};
use virtio_drivers::{Error, PhysAddr};
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// The number of looks at the status until a device is taken not to reset. `pci` has reset it
/// before the driver got it, so that the first look suffices.
const RESET_LOOKS: usize = 1_000;

/// A virtio device whose registers `pci` gave out.
///
/// The methods of [`Transport`] have no errors. The first one is kept here, and
/// [`PosternTransport::check`] tells it.
#[derive(Debug)]
pub struct PosternTransport<R> {
    areas: Areas<R>,
    kind: DeviceType,
    /// The vector of all queues.
    vector: u16,
    /// Where the doorbell of each queue is, in `areas.notify`.
    doorbells: Vec<Option<usize>>,
    failed: Cell<Option<VirtioError>>,
}

impl<R: RegisterFile> PosternTransport<R> {
    /// A device of this type, whose queues interrupt by this vector.
    pub fn new(areas: Areas<R>, kind: DeviceType, vector: u16) -> Self {
        Self { areas, kind, vector, doorbells: Vec::new(), failed: Cell::new(None) }
    }

    /// The first error so far.
    ///
    /// # Errors
    /// That one.
    pub fn check(&self) -> Result<(), VirtioError> {
        self.failed.get().map_or(Ok(()), Err)
    }

    /// Lets the device work.
    ///
    /// # Errors
    /// What went wrong until now; [`VirtioError::NeedsReset`] when the device gives up at once.
    pub fn ready(&mut self) -> Result<(), VirtioError> {
        self.check()?;
        self.finish_init();
        if self.get_status().contains(DeviceStatus::DEVICE_NEEDS_RESET) {
            return Err(VirtioError::NeedsReset);
        }
        self.check()
    }

    /// The value of an access; without one the error is kept.
    fn keep<T: Default>(&self, value: Option<T>) -> T {
        value.unwrap_or_else(|| {
            self.fail(VirtioError::NoStructure);
            T::default()
        })
    }

    fn fail(&self, error: VirtioError) {
        self.failed.set(self.failed.get().or(Some(error)));
    }

    fn select(&self, queue: u16) -> &Area<R> {
        self.keep(self.areas.common.write_u16(QUEUE_SELECT, queue));
        &self.areas.common
    }

    /// Writes a vector and reads it back: the device refuses one that it has no room for.
    fn set_vector(&self, register: usize, vector: u16) {
        self.keep(self.areas.common.write_u16(register, vector));
        if self.keep(self.areas.common.read_u16(register)) != vector {
            self.fail(VirtioError::NoVector);
        }
    }

    /// Remembers where the doorbell of the selected queue is.
    fn learn_doorbell(&mut self, queue: u16) {
        let number = usize::from(self.keep(self.areas.common.read_u16(QUEUE_NOTIFY_OFF)));
        let multiplier = usize::try_from(self.areas.multiplier).ok();
        let offset = multiplier.and_then(|multiplier| number.checked_mul(multiplier));
        let offset = offset.filter(|offset| self.areas.notify.locate(*offset, 2).is_some());
        if offset.is_none() {
            self.fail(VirtioError::NoStructure);
        }
        let place = usize::from(queue);
        if self.doorbells.len() <= place {
            self.doorbells.resize(place + 1, None);
        }
        if let Some(doorbell) = self.doorbells.get_mut(place) {
            *doorbell = offset;
        }
    }
}

impl<R: RegisterFile> Transport for PosternTransport<R> {
    fn device_type(&self) -> DeviceType {
        self.kind
    }

    fn read_device_features(&mut self) -> u64 {
        let half = |number| {
            self.areas.common.write_u32(DEVICE_FEATURE_SELECT, number)?;
            self.areas.common.read_u32(DEVICE_FEATURE)
        };
        let (low, high) = (self.keep(half(0)), self.keep(half(1)));
        u64::from(high) << 32 | u64::from(low)
    }

    fn write_driver_features(&mut self, features: u64) {
        let platform = self.read_device_features() & Features::ACCESS_PLATFORM.bits();
        for (number, half) in (0..).zip(halves(features | platform)) {
            self.keep(self.areas.common.write_u32(DRIVER_FEATURE_SELECT, number));
            self.keep(self.areas.common.write_u32(DRIVER_FEATURE, half));
        }
    }

    fn max_queue_size(&mut self, queue: u16) -> u32 {
        self.keep(self.select(queue).read_u16(QUEUE_SIZE)).into()
    }

    fn notify(&mut self, queue: u16) {
        if let Some(Some(doorbell)) = self.doorbells.get(usize::from(queue)) {
            self.keep(self.areas.notify.write_u16(*doorbell, queue));
        }
    }

    fn get_status(&self) -> DeviceStatus {
        let status = self.keep(self.areas.common.read_u8(DEVICE_STATUS));
        DeviceStatus::from_bits_retain(status.into())
    }

    /// Waits for the end of a reset.
    fn set_status(&mut self, status: DeviceStatus) {
        let [byte, ..] = status.bits().to_le_bytes();
        self.keep(self.areas.common.write_u8(DEVICE_STATUS, byte));
        if status.is_empty() && !(0..RESET_LOOKS).any(|_| self.get_status().is_empty()) {
            self.fail(VirtioError::NoReset);
        }
    }

    fn set_guest_page_size(&mut self, _: u32) {}

    fn requires_legacy_layout(&self) -> bool {
        false
    }

    fn queue_set(
        &mut self,
        queue: u16,
        size: u32,
        descriptors: PhysAddr,
        driver_area: PhysAddr,
        device_area: PhysAddr,
    ) {
        let common = self.select(queue);
        self.keep(u16::try_from(size).ok().and_then(|size| common.write_u16(QUEUE_SIZE, size)));
        self.keep(common.write_u64(QUEUE_DESC, descriptors));
        self.keep(common.write_u64(QUEUE_DRIVER, driver_area));
        self.keep(common.write_u64(QUEUE_DEVICE, device_area));
        // What changes of the configuration there are is not looked at.
        self.set_vector(CONFIG_MSIX_VECTOR, NO_VECTOR);
        self.set_vector(QUEUE_MSIX_VECTOR, self.vector);
        self.learn_doorbell(queue);
        self.keep(self.areas.common.write_u16(QUEUE_ENABLE, 1));
    }

    /// A queue ends with the device: `pci` resets it.
    fn queue_unset(&mut self, _: u16) {}

    fn queue_used(&mut self, queue: u16) -> bool {
        self.keep(self.select(queue).read_u16(QUEUE_ENABLE)) == 1
    }

    /// With MSI-X there is nothing to acknowledge.
    fn ack_interrupt(&mut self) -> InterruptStatus {
        InterruptStatus::empty()
    }

    fn read_config_generation(&self) -> u32 {
        self.keep(self.areas.common.read_u8(CONFIG_GENERATION)).into()
    }

    /// In accesses of the field's size, which must be 1, 2, 4 or 8 bytes.
    fn read_config_space<T: FromBytes + IntoBytes>(&self, offset: usize) -> Result<T, Error> {
        let area = self.areas.device.as_ref().ok_or(Error::ConfigSpaceMissing)?;
        let mut bytes = [0; 8];
        let found = match size_of::<T>() {
            1 => area.read_u8(offset).map(|value| bytes[..1].copy_from_slice(&[value])),
            2 => {
                let value = area.read_u16(offset);
                value.map(|value| bytes[..2].copy_from_slice(&value.to_le_bytes()))
            }
            4 => {
                let value = area.read_u32(offset);
                value.map(|value| bytes[..4].copy_from_slice(&value.to_le_bytes()))
            }
            8 => [offset, offset + 4].iter().zip([0, 4]).try_for_each(|(offset, place)| {
                let value = area.read_u32(*offset)?;
                bytes[place..place + 4].copy_from_slice(&value.to_le_bytes());
                Some(())
            }),
            _ => return Err(Error::InvalidParam),
        };
        found.ok_or(Error::ConfigSpaceTooSmall)?;
        T::read_from_prefix(&bytes).map(|(value, _)| value).map_err(|_| Error::InvalidParam)
    }

    /// No driver here changes a configuration.
    fn write_config_space<T: IntoBytes + Immutable>(
        &mut self,
        _: usize,
        _: T,
    ) -> Result<(), Error> {
        Err(Error::Unsupported)
    }
}
