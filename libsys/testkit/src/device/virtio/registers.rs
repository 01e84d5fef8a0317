//! The registers.

use super::queue::Queue;
use super::{Model, Virtio};
use sys::{Error, RegisterFile};

const ACKNOWLEDGE_AND_DRIVER: u8 = 1 | 2;
const DRIVER_OK: u8 = 4;
const FEATURES_OK: u8 = 8;
const NO_VECTOR: u16 = 0xffff;

/// The common configuration, but for the queue.
#[derive(Debug, Default)]
pub(super) struct Common {
    device_select: u32,
    driver_select: u32,
    /// What the driver accepted.
    accepted: u64,
    config_vector: u16,
    status: u8,
    selected: u16,
}

/// The lower or the upper 32 bits; others are 0.
fn half(value: u64, number: u32) -> u32 {
    let bytes = value.checked_shr(number.saturating_mul(32)).unwrap_or(0).to_le_bytes();
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

impl<M: Model> Virtio<M> {
    fn offered(&self) -> u64 {
        self.setup.features | self.model.borrow().features()
    }

    /// Reads a register of the common configuration; `None` when none has this place and size.
    fn common_read(&self, offset: usize, bytes: usize) -> Option<u64> {
        let (common, queues) = (self.common.borrow(), self.queues.borrow());
        let none = Queue::default();
        let found = queues.get(usize::from(common.selected));
        let queue = found.unwrap_or(&none);
        let of_queue = |value: u64| if found.is_some() { value } else { 0 };
        let doorbell = u64::from(self.setup.doorbell) + u64::from(common.selected);
        Some(match (offset, bytes) {
            (0x00, 4) => common.device_select.into(),
            (0x04, 4) => half(self.offered(), common.device_select).into(),
            (0x08, 4) => common.driver_select.into(),
            (0x0c, 4) => half(common.accepted, common.driver_select).into(),
            (0x10, 2) => common.config_vector.into(),
            (0x12, 2) => queues.len() as u64,
            (0x14, 1) => common.status.into(),
            (0x15, 1) => 0,
            (0x16, 2) => common.selected.into(),
            (0x18, 2) => of_queue(queue.size.into()),
            (0x1a, 2) => of_queue(queue.vector.into()),
            (0x1c, 2) => of_queue(queue.enabled.into()),
            (0x1e, 2) => of_queue(doorbell),
            (0x20..0x38, 4) => {
                let part = *queue.parts.get((offset - 0x20) / 8)?;
                half(part, u32::from(!offset.is_multiple_of(8))).into()
            }
            _ => return None,
        })
    }

    fn common_write(&self, offset: usize, bytes: usize, value: u64) -> Option<()> {
        let [a, b, c, d, ..] = value.to_le_bytes();
        let (word, short) = (u32::from_le_bytes([a, b, c, d]), u16::from_le_bytes([a, b]));
        let mut common = self.common.borrow_mut();
        let mut queues = self.queues.borrow_mut();
        let mut none = Queue::default();
        let queue = queues.get_mut(usize::from(common.selected)).unwrap_or(&mut none);
        let vector = if short < self.setup.vectors { short } else { NO_VECTOR };
        match (offset, bytes) {
            (0x00, 4) => common.device_select = word,
            (0x08, 4) => common.driver_select = word,
            (0x0c, 4) => {
                let shift = common.driver_select.min(1) * 32;
                common.accepted &= !(0xffff_ffff << shift);
                common.accepted |= value << shift;
            }
            (0x10, 2) => common.config_vector = vector,
            (0x14, 1) => {
                drop((common, queues));
                self.set_status(a);
            }
            (0x16, 2) => common.selected = short,
            (0x18, 2) => queue.size = short,
            (0x1a, 2) => queue.vector = vector,
            (0x1c, 2) => queue.enabled = short == 1,
            (0x20..0x38, 4) => {
                let shift = if offset.is_multiple_of(8) { 0 } else { 32 };
                let part = queue.parts.get_mut((offset - 0x20) / 8)?;
                *part = *part & !(0xffff_ffff << shift) | value << shift;
            }
            _ => return None,
        }
        Some(())
    }

    fn set_status(&self, status: u8) {
        let before = self.common.borrow().status;
        if status == 0 {
            *self.common.borrow_mut() = Common::default();
            for queue in &mut *self.queues.borrow_mut() {
                *queue = Queue::new(self.setup.queue_size, NO_VECTOR);
            }
            self.common.borrow_mut().status = u8::from(!self.setup.resets);
            return;
        }
        if status & before != before {
            self.violate(format!("the status goes back from {before:#x} to {status:#x}"));
        }
        if status & FEATURES_OK != 0 && before & FEATURES_OK == 0 {
            self.check_features(before);
        }
        let accepts = self.setup.takes_features;
        let cleared = if accepts { 0 } else { FEATURES_OK };
        self.common.borrow_mut().status = status & !cleared;
        if status & DRIVER_OK != 0 && before & FEATURES_OK == 0 {
            self.violate("DRIVER_OK before FEATURES_OK");
        }
    }

    fn check_features(&self, before: u8) {
        let (accepted, offered) = (self.common.borrow().accepted, self.offered());
        if before & ACKNOWLEDGE_AND_DRIVER != ACKNOWLEDGE_AND_DRIVER {
            self.violate("FEATURES_OK before ACKNOWLEDGE and DRIVER");
        }
        if accepted & !offered != 0 {
            self.violate(format!("features that are not offered: {:#x}", accepted & !offered));
        }
        if offered & 1 << 33 != 0 && accepted & 1 << 33 == 0 {
            self.violate("ACCESS_PLATFORM is offered and was not accepted");
        }
    }

    fn device_read(&self, offset: usize, bytes: usize) -> Option<u64> {
        let config = self.model.borrow().config();
        let field = config.get(offset..offset.checked_add(bytes)?)?;
        let mut value = [0; 8];
        value[..bytes].copy_from_slice(field);
        Some(u64::from_le_bytes(value))
    }

    fn read(&self, offset: usize, bytes: usize) -> Result<u64, Error> {
        let value = match offset {
            Self::DEVICE..Self::NOTIFY if bytes <= 4 => {
                self.device_read(offset - Self::DEVICE, bytes)
            }
            _ => self.common_read(offset, bytes),
        };
        if value.is_none() {
            self.violate(format!("{bytes} bytes read at {offset:#x}"));
        }
        Ok(value.unwrap_or(0))
    }

    fn write(&self, offset: usize, bytes: usize, value: u64) -> Result<(), Error> {
        let first = Self::NOTIFY + usize::from(self.setup.doorbell) * Self::MULTIPLIER as usize;
        let number = offset.checked_sub(first).map(|offset| offset / Self::MULTIPLIER as usize);
        let count = self.queues.borrow().len();
        if let Some(number) = number.filter(|number| *number < count)
            && bytes == 2
        {
            if self.common.borrow().status & DRIVER_OK == 0 {
                self.violate("a doorbell before DRIVER_OK");
            }
            self.run(number);
        } else if self.common_write(offset, bytes, value).is_none() {
            self.violate(format!("{bytes} bytes written at {offset:#x}"));
        }
        Ok(())
    }
}

/// The accesses of one size.
macro_rules! access {
    ($read:ident, $write:ident, $number:ty) => {
        fn $read(&self, offset: usize) -> Result<$number, Error> {
            let value = self.read(offset, size_of::<$number>())?;
            <$number>::try_from(value).map_err(|_| Error::BadArgument)
        }

        fn $write(&self, offset: usize, value: $number) -> Result<(), Error> {
            self.write(offset, size_of::<$number>(), value.into())
        }
    };
}

impl<M: Model> RegisterFile for Virtio<M> {
    fn len(&self) -> usize {
        Self::BYTES
    }

    access!(read_u8, write_u8, u8);
    access!(read_u16, write_u16, u16);
    access!(read_u32, write_u32, u32);
    access!(read_u64, write_u64, u64);
}
