//! A server that may only ask init, and tries to change something.

use init_api::{SystemClient, SystemError};
use rt::Failure;
use service::CallError;
use sys::{Process, Quota};

/// The server that it would end.
const VICTIM: &str = "template";

/// Asks, and tries each method that changes something.
pub(crate) fn observes(env: &rt::Env) -> Result<(), Failure> {
    let system = SystemClient::from_endpoint(env.handle("supervisor")?);
    let seen = system.servers()?.len();
    let quota = Quota { pages: 4, handles: 4, threads: 0, objects: 8, ..Quota::default() };
    let child = Process::create("child", &quota, None)?;
    let attempts = [
        system.kill(VICTIM, 9),
        system.crash(VICTIM),
        system.restart(VICTIM),
        system.kill_process(child.info()?.pid, 9),
        system.process(VICTIM).map(drop),
        system.adopt(child),
        system.shutdown(0),
    ];
    let is_refused =
        |it: &&Result<(), _>| matches!(it, Err(CallError::Service(SystemError::NotAllowed)));
    let refused = attempts.iter().filter(is_refused).count();
    defmt::info!("an observer saw {=usize} servers, and was refused {=usize} times", seen, refused);
    Ok(())
}
