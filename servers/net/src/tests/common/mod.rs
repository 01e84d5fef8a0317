//! A network of two: `net` over a card, and on the other end of the wire a second smoltcp that
//! outlives the card's driver.

mod card;
mod peer;
mod wire;

pub use card::driver;
pub use peer::{DOWNLOAD, ECHO, Peer, byte};
pub use wire::{Weather, Wire};

use crate::{Grants, NetServer, Shared};
use executor::Executor;
use net_api::NetClient;
use nic::{DriverDoor, NicClient, NicDriverClient};
use std::rc::Rc;
use sys::{Endpoint, Failure, Priority, Quota, Rights};
use testkit::{Client, Server, System};

/// The peer's address, which is gateway and server of names, and that of `net`.
pub const PEER: [u8; 4] = [10, 0, 2, 2];
pub const OWN: [u8; 4] = [10, 0, 2, 15];

/// A client's rights.
pub const ALL: [&str; 6] = [
    "a=connect:tcp:*",
    "a=connect:udp:*",
    "a=listen:tcp:*",
    "a=ping",
    "a=capture",
    "b=connect:tcp:*",
];

pub fn quota() -> Quota {
    Quota {
        pages: 8 * 1024,
        handles: 512,
        threads: 8,
        objects: 1024,
        max_priority: 20,
        reserved: 0,
    }
}

/// Starts `net` over this driver; the first two clients are `a` and `b`, with these rights.
pub fn net<'a>(system: &'a System, driver: &Server<'_>, rights: &'static [&str]) -> Server<'a> {
    let driver = driver.endpoint(1);
    let program = system.program("net").quota(quota());
    program.handle("driver", &driver, Rights::ALL).serve(move |env| {
        let executor = Executor::new()?;
        let driver: Endpoint = env.handle("driver")?;
        let find = move || driver.copy(Rights::ALL).ok().map(NicDriverClient::from_endpoint);
        let door = DriverDoor::new(find);
        let card = NicClient::new(&executor, door, (32, 32), Priority(20))?;
        serve(&env, &executor, Some(card), rights)
    })
}

/// Starts `net` without a card, and with all rights for its clients. Time costs no work there.
pub fn alone(system: &System) -> Server<'_> {
    let program = system.program("net").quota(quota());
    program.serve(|env| serve(&env, &Executor::new()?, None, &ALL))
}

fn serve(
    env: &rt::Env,
    executor: &Executor,
    card: Option<Rc<NicClient>>,
    rights: &[&str],
) -> Result<(), Failure> {
    let shared = Shared::new(executor, card, [7; 32]);
    shared.start();
    let clients = ["1 a", "2 b"];
    let grants =
        Grants::parse(rights.iter().copied(), clients.into_iter(), |wrong| panic!("{wrong}"));
    let mut server = NetServer::new(shared, grants);
    executor.serve::<NetServer>(env.handle("endpoint")?, &mut server)?;
    Ok(())
}

/// A client of `net`: 1 is `a`, 2 is `b`.
pub fn client<T: Send + 'static>(
    system: &System,
    net: &Server<'_>,
    badge: u64,
    work: impl FnOnce(Endpoint) -> T + Send + 'static,
) -> Client<T> {
    let program = system.program("client").quota(Quota { pages: 1024, ..quota() });
    let endpoint = net.endpoint(badge);
    let program = program.handle("server", &endpoint, Rights::ALL);
    program.script(move |env| work(env.handle("server").unwrap()))
}

/// A client of `net`, once that has an address.
pub fn ready(endpoint: Endpoint) -> NetClient {
    let net = NetClient::from_endpoint(endpoint);
    loop {
        let status = net.status().unwrap();
        let own = net_api::Address::from(OWN);
        let has = |it: &net_api::Interface| it.addresses.iter().any(|(address, _)| *address == own);
        if status.interfaces.iter().any(|it| it.name == "eth0" && has(it)) {
            return net;
        }
        sys::sleep_for(1_000_000);
    }
}
