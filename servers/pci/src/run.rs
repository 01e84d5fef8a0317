//! The program, over any configuration space and platform.

use crate::config::ConfigSpace;
use crate::platform::Platform;
use crate::server::PciServer;
use alloc::boxed::Box;
use alloc::vec::Vec;
use executor::{Executor, Task};
use manifest::DriverGrant;
use rt::Failure;

/// The notification bit of the timer.
const TIME: u64 = 1;

/// Serves the drivers of the startup block for ever.
///
/// # Errors
/// When the program was not given its endpoint, or the kernel refuses to let it serve.
pub fn run(
    env: &rt::Env,
    config: Box<dyn ConfigSpace>,
    platform: Box<dyn Platform>,
) -> Result<(), Failure> {
    let lines = env.startup().values("device");
    let grants: Vec<DriverGrant> = lines.filter_map(|line| line.parse().ok()).collect();
    let executor = Executor::new()?;
    let mut server = PciServer::new(config, platform, grants);
    let mut timer = Timer { executor: executor.clone(), next: None };
    timer.advance(&mut server);
    let endpoint = env.handle("endpoint")?;
    executor.serve_with(endpoint, &mut server, |it| it, |server, _| timer.advance(server))?;
    Ok(())
}

/// The time at which the server has something to do, and the task that signals it.
struct Timer {
    executor: Executor,
    next: Option<(u64, Task)>,
}

impl Timer {
    fn advance(&mut self, server: &mut PciServer) {
        let now_ns = sys::clock();
        let next = server.advance(now_ns);
        let set = self.next.as_ref().map(|(at_ns, _)| *at_ns).filter(|at_ns| *at_ns > now_ns);
        if next != set {
            self.next = next.map(|at_ns| (at_ns, self.executor.ring_at(at_ns, TIME)));
        }
    }
}
