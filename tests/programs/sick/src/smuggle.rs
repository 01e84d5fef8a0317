//! A handle on a way that the manifest does not have.

use names_api::NamesClient;
use rt::Failure;
use sys::{Endpoint, FOREVER, Message, Received, Rights, Transfers};

/// The receiver of the handle.
const TAKER: &str = "sick-takes";

/// Gives its line to init away.
pub(crate) fn gives(env: &rt::Env) -> Result<(), Failure> {
    let supervisor: Endpoint = env.handle("supervisor")?;
    let names = NamesClient::from_endpoint(env.names().copy(Rights::SEND)?);
    let taker = Endpoint::from(names.open(TAKER)?);
    let mut transfers = Transfers::none();
    transfers.push(supervisor)?;
    taker.send_with(&mut Message { label: 1, transfers, ..Message::default() }, FOREVER)?;
    defmt::info!("gave it away");
    sys::sleep_until(FOREVER);
    Ok(())
}

/// Takes all handles that come, and keeps them.
pub(crate) fn takes(env: &rt::Env) -> Result<(), Failure> {
    let endpoint: Endpoint = env.handle("endpoint")?;
    let mut kept = alloc::vec::Vec::new();
    loop {
        if let Received::Message(message) = endpoint.receive(FOREVER, &mut [])? {
            kept.extend(message.handles.into_iter().flatten());
        }
    }
}
