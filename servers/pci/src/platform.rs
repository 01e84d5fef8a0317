//! What the server needs of the kernel beside configuration space.

use alloc::boxed::Box;
use sys::{Error, IoSpace, Irq, IrqInfo, IrqMessage, Memory, Notification, RegisterFile};

/// Objects of devices.
pub trait Platform {
    /// Maps registers of a device: pages from a physical address on, a multiple of the page size.
    ///
    /// # Errors
    /// What the kernel refuses.
    fn registers(&self, address: u64, pages: u64) -> Result<Box<dyn RegisterFile>, Error>;

    /// Makes a driver's handle to pages of a BAR.
    ///
    /// # Errors
    /// What the kernel refuses: RAM, for one.
    fn window(&self, address: u64, pages: u64) -> Result<Memory, Error>;

    /// Makes an interrupt that sets bits of a notification.
    ///
    /// # Errors
    /// What the kernel refuses.
    fn message(
        &self,
        notification: &Notification,
        bits: u64,
    ) -> Result<(Box<dyn Interrupt>, IrqMessage), Error>;

    /// Makes the space of a function, or takes over the one that a dead server left, with its
    /// number of mappings.
    ///
    /// # Errors
    /// [`Error::BadState`] while another process manages it.
    fn space(
        &self,
        function: u16,
        pages: u32,
        trusted: bool,
    ) -> Result<(Box<dyn Space>, u64), Error>;
}

/// An interrupt of a driver.
pub trait Interrupt {
    /// How often it came.
    ///
    /// # Errors
    /// What the kernel refuses.
    fn info(&self) -> Result<IrqInfo, Error>;
    /// The driver's handle.
    ///
    /// # Errors
    /// What the kernel refuses.
    fn for_driver(&self) -> Result<Irq, Error>;
}

/// The memory that a function reaches.
pub trait Space {
    /// The driver's handle: to map and unmap.
    ///
    /// # Errors
    /// What the kernel refuses.
    fn for_driver(&self) -> Result<IoSpace, Error>;
    /// Ends the space and one of its mappings: the number of those left.
    ///
    /// # Errors
    /// What the kernel refuses.
    fn clear(&self) -> Result<u64, Error>;
}
