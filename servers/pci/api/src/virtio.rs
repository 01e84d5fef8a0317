//! The registers of a device, mapped into its driver.

use crate::Opened;
use alloc::rc::Rc;
use alloc::vec::Vec;
use sys::{Failure, Registers};

/// Windows that a driver has mapped, each once.
#[derive(Debug, Default)]
pub struct Windows(Vec<Mapped>);

#[derive(Debug)]
struct Mapped {
    bar: u8,
    window: u8,
    registers: Rc<Registers>,
}

impl Windows {
    /// The registers that hold these bytes of a BAR, and where in them the bytes begin.
    ///
    /// # Errors
    /// When the driver was not given all of the bytes, or the kernel refuses the mapping.
    pub fn registers(
        &mut self,
        opened: &Opened,
        bar: u8,
        offset: u64,
        bytes: u64,
    ) -> Result<(Rc<Registers>, usize), Failure> {
        let place = opened.info.place(bar, offset, bytes).ok_or_else(|| {
            Failure::new(format_args!("BAR {bar}: no {bytes} bytes at {offset:#x} were given"))
        })?;
        let start = usize::try_from(place.offset).map_err(Failure::new)?;
        Ok((self.window(opened, bar, place.window)?, start))
    }

    fn window(&mut self, opened: &Opened, bar: u8, window: u8) -> Result<Rc<Registers>, Failure> {
        let is_it = |mapped: &&Mapped| (mapped.bar, mapped.window) == (bar, window);
        if let Some(mapped) = self.0.iter().find(is_it) {
            return Ok(mapped.registers.clone());
        }
        let registers = Rc::new(opened.registers(bar, window)?);
        self.0.push(Mapped { bar, window, registers: registers.clone() });
        Ok(registers)
    }
}
