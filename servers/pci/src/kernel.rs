//! The platform of a machine: system calls.

use crate::platform::{Interrupt, Platform, Space};
use alloc::boxed::Box;
use alloc::rc::Rc;
use sys::{
    Error, IoSpace, IoSpaceFlags, Irq, IrqInfo, IrqMessage, Memory, Notification, RegisterFile,
    Resource, Rights,
};

/// The CPU that all messages interrupt: drivers run where they are woken.
const CPU: u16 = 0;

/// The kernel, by the right to make objects of devices.
#[derive(Debug)]
pub struct Kernel {
    resource: Rc<Resource>,
}

impl Kernel {
    /// With init's grant.
    pub fn new(resource: Rc<Resource>) -> Self {
        Self { resource }
    }
}

impl Platform for Kernel {
    fn registers(&self, address: u64, pages: u64) -> Result<Box<dyn RegisterFile>, Error> {
        let memory = Memory::device(&self.resource, address, pages)?;
        Ok(Box::new(memory.map_registers(0, pages)?))
    }

    fn window(&self, address: u64, pages: u64) -> Result<Memory, Error> {
        Memory::device(&self.resource, address, pages)
    }

    fn message(
        &self,
        notification: &Notification,
        bits: u64,
    ) -> Result<(Box<dyn Interrupt>, IrqMessage), Error> {
        let (irq, message) = Irq::message(&self.resource, CPU, notification, bits)?;
        Ok((Box::new(irq), message))
    }

    fn space(
        &self,
        function: u16,
        pages: u32,
        trusted: bool,
    ) -> Result<(Box<dyn Space>, u64), Error> {
        let flags = if trusted { IoSpaceFlags::TRUSTED } else { IoSpaceFlags::empty() };
        let (space, mappings) = IoSpace::create(&self.resource, function, pages.into(), flags)?;
        Ok((Box::new(space), mappings))
    }
}

impl Interrupt for Irq {
    fn info(&self) -> Result<IrqInfo, Error> {
        Irq::info(self)
    }

    fn for_driver(&self) -> Result<Irq, Error> {
        self.as_handle().copy(Rights::MANAGE | Rights::TRANSFER).map(Irq::from)
    }
}

impl Space for IoSpace {
    fn for_driver(&self) -> Result<IoSpace, Error> {
        self.as_handle().copy(Rights::WRITE | Rights::TRANSFER).map(IoSpace::from)
    }

    fn clear(&self) -> Result<u64, Error> {
        IoSpace::clear(self)
    }
}
