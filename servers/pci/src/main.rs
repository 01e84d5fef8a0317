//! The pci server.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::boxed::Box;
use alloc::rc::Rc;
use pci_core::access::{Ecam, PortAccess};
use pci_core::config::ConfigSpace;
use pci_core::kernel::Kernel;
use rt::Failure;
use sys::Resource;

rt::entry!(main);

fn main(env: rt::Env) -> Result<(), Failure> {
    let resource: Rc<Resource> = Rc::new(env.handle("resource")?);
    let config = config_space(&resource)?;
    pci_core::run(&env, config, Box::new(Kernel::new(resource)))
}

/// By memory where the machine has that, else by ports.
fn config_space(resource: &Rc<Resource>) -> Result<Box<dyn ConfigSpace>, Failure> {
    match Ecam::find(resource, &sys::system_info()?) {
        Some(ecam) => Ok(Box::new(ecam)),
        None => Ok(Box::new(PortAccess::new(resource)?)),
    }
}
