//! The pci server.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::boxed::Box;
use pci_core::access::{Ecam, PortAccess};
use pci_core::config::ConfigSpace;
use pci_core::kernel::Kernel;
use rt::Failure;
use sys::{Resource, Rights};

rt::entry!(main);

fn main(env: rt::Env) -> Result<(), Failure> {
    let resource: Resource = env.handle("resource")?;
    let config = config_space(&resource)?;
    pci_core::run(&env, config, Box::new(Kernel::new(resource)))
}

/// By memory where the machine has that, else by ports.
fn config_space(resource: &Resource) -> Result<Box<dyn ConfigSpace>, Failure> {
    let copy = resource.copy(Rights::ALL)?;
    match Ecam::find(copy, &sys::system_info()?) {
        Ok(ecam) => Ok(Box::new(ecam)),
        Err(resource) => Ok(Box::new(PortAccess::new(&resource)?)),
    }
}
