//! The server's main loop.

use crate::{Grants, NetServer, Seeds, Shared};
use alloc::rc::Rc;
use executor::Executor;
use nic::NicClient;
use sys::Failure;

/// Serves over a card, if there may be one, with the grants in the program's arguments.
///
/// # Errors
/// When the endpoint is missing, or cannot be received from.
pub fn run(
    env: &rt::Env,
    executor: &Executor,
    card: Option<Rc<NicClient>>,
    seeds: Seeds,
) -> Result<(), Failure> {
    let clients = env.startup().values("client");
    let grants = Grants::parse(env.args(), clients, |wrong| {
        defmt::warn!("no grant of the network to a client: {=str}", wrong);
    });
    let shared = Shared::new(executor, card, seeds);
    shared.start();
    defmt::info!("ready");
    let mut server = NetServer::new(shared, grants);
    executor.serve::<NetServer>(env.handle("endpoint")?, &mut server)?;
    Ok(())
}

/// Serves the loopback interface alone, with numbers that are not random: for tests of clients.
///
/// # Errors
/// As [`run`].
pub fn alone(env: rt::Env) -> Result<(), Failure> {
    run(&env, &Executor::new()?, None, Seeds::default())
}
