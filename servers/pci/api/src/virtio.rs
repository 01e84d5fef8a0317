//! The structures of a virtio device, mapped into its driver.

use crate::{Opened, VirtioKind};
use alloc::rc::Rc;
use alloc::vec::Vec;
use sys::{Failure, Registers};
use virtio::{Area, Areas};

impl Opened {
    /// Where the structures of a virtio device are. Its own configuration is there when the device
    /// has one and the driver was given the BAR.
    ///
    /// # Errors
    /// A text: a structure is missing, or lies where the driver was given nothing.
    pub fn virtio_areas(&self) -> Result<Areas<Registers>, Failure> {
        let mut windows = Windows { opened: self, mapped: Vec::new() };
        let (common, _) = windows.area(VirtioKind::Common)?;
        let (notify, multiplier) = windows.area(VirtioKind::Notify)?;
        let own = self.info.virtio(VirtioKind::Device);
        let own = own.filter(|found| self.info.bar(found.bar).is_some());
        let device =
            own.map(|_| windows.area(VirtioKind::Device)).transpose()?.map(|(area, _)| area);
        Ok(Areas { common, notify, multiplier, device })
    }
}

/// Windows that are mapped, each once.
struct Windows<'a> {
    opened: &'a Opened,
    mapped: Vec<Mapped>,
}

struct Mapped {
    bar: u8,
    window: u8,
    registers: Rc<Registers>,
}

impl Windows<'_> {
    /// The first structure of this kind, and its multiplier.
    fn area(&mut self, kind: VirtioKind) -> Result<(Area<Registers>, u32), Failure> {
        let found = self.opened.info.virtio(kind).ok_or("a virtio structure is missing")?;
        let (registers, start) =
            self.registers(found.bar, found.offset.into(), found.length.into())?;
        let bytes = usize::try_from(found.length).map_err(Failure::new)?;
        let area = Area::new(registers, start, bytes).map_err(Failure::new)?;
        Ok((area, found.multiplier))
    }

    /// The registers that hold these bytes of a BAR, and where in them the bytes begin.
    fn registers(
        &mut self,
        bar: u8,
        offset: u64,
        bytes: u64,
    ) -> Result<(Rc<Registers>, usize), Failure> {
        let place = self.opened.info.place(bar, offset, bytes).ok_or_else(|| {
            Failure::new(format_args!("BAR {bar}: no {bytes} bytes at {offset:#x} were given"))
        })?;
        let start = usize::try_from(place.offset).map_err(Failure::new)?;
        Ok((self.window(bar, place.window)?, start))
    }

    fn window(&mut self, bar: u8, window: u8) -> Result<Rc<Registers>, Failure> {
        let is_it = |mapped: &&Mapped| (mapped.bar, mapped.window) == (bar, window);
        if let Some(mapped) = self.mapped.iter().find(is_it) {
            return Ok(mapped.registers.clone());
        }
        let registers = Rc::new(self.opened.registers(bar, window)?);
        self.mapped.push(Mapped { bar, window, registers: registers.clone() });
        Ok(registers)
    }
}
