//! The pci server.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::boxed::Box;
use alloc::vec::Vec;
use executor::{Executor, Task};
use manifest::DriverGrant;
use pci_core::access::{Ecam, PortAccess};
use pci_core::config::ConfigSpace;
use pci_core::kernel::Kernel;
use pci_core::server::PciServer;
use rt::Failure;
use sys::{Resource, Rights};

rt::entry!(main);

/// The notification bit of the timer.
const TIME: u64 = 1;

fn main(env: rt::Env) -> Result<(), Failure> {
    let resource: Resource = env.handle("resource")?;
    let grants: Vec<DriverGrant> =
        env.startup().values("device").filter_map(|line| line.parse().ok()).collect();
    let config = config_space(&resource)?;
    let platform = Box::new(Kernel::new(resource));
    let executor = Executor::new()?;
    let mut server = PciServer::new(config, platform, grants);
    let mut timer = Timer { executor: executor.clone(), next: None };
    timer.advance(&mut server);
    executor.serve_with(
        env.handle("endpoint")?,
        &mut server,
        |server| server,
        |server, _| timer.advance(server),
    )?;
    Ok(())
}

/// The time at which the server has something to do, and the task that signals it.
struct Timer {
    executor: Executor,
    next: Option<(u64, Task)>,
}

impl Timer {
    fn advance(&mut self, server: &mut PciServer) {
        let next = server.advance(sys::clock());
        if next != self.next.as_ref().map(|(at_ns, _)| *at_ns) {
            self.next = next.map(|at_ns| (at_ns, self.executor.ring_at(at_ns, TIME)));
        }
    }
}

/// By memory where the machine has that, else by ports.
fn config_space(resource: &Resource) -> Result<Box<dyn ConfigSpace>, Failure> {
    let copy = resource.copy(Rights::ALL)?;
    match Ecam::find(copy, &sys::system_info()?) {
        Ok(ecam) => Ok(Box::new(ecam)),
        Err(resource) => Ok(Box::new(PortAccess::new(&resource)?)),
    }
}
