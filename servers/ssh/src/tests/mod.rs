//! The whole server over the loopback interface of the real `net`, with clients that behave and
//! clients that do not. There is no `proc`: a session says so and ends.

mod hostile;
mod sessions;

use executor::Executor;
use names_api::{Names, NamesError, ServiceEntry};
use net_api::{NetClient, NetError, Peer, TcpStream};
use random_api::{Random, RandomError, Status};
use service::Caller;
use std::sync::Arc;
use sys::{Endpoint, OwnedHandle, Quota, Rights};
use testkit::System;
use volume::MemoryFs;

/// The badges of the server and of its client.
const SSH: u64 = 1;
const CLIENT: u64 = 2;

fn quota() -> Quota {
    Quota { pages: 2048, handles: 512, threads: 24, objects: 512, max_priority: 20, reserved: 0 }
}

/// Bytes that are different each time.
struct FakeRandom(u8);

impl Random for FakeRandom {
    fn bytes(&mut self, _: &Caller, count: u16) -> Result<Vec<u8>, RandomError> {
        self.0 = self.0.wrapping_add(1);
        Ok((0..count).map(|place| self.0 ^ u8::try_from(place % 251).unwrap_or(0)).collect())
    }

    fn status(&mut self, _: &Caller) -> Result<Status, RandomError> {
        Ok(Status::default())
    }
}

struct FakeNames(Vec<(&'static str, Endpoint)>);

impl Names for FakeNames {
    fn open(&mut self, caller: &Caller, service: String) -> Result<OwnedHandle, NamesError> {
        let found = self.0.iter().find(|(name, _)| *name == service);
        let (_, endpoint) = found.ok_or(NamesError::NotFound { service })?;
        let badged = endpoint.badged(Rights::SEND | Rights::TRANSFER, caller.badge());
        badged.map(OwnedHandle::from).map_err(|_| NamesError::Exhausted)
    }

    fn list(&mut self, _: &Caller) -> Result<Vec<ServiceEntry>, NamesError> {
        Ok(Vec::new())
    }
}

/// Runs the server, which lets this key log in, and a visitor of it.
fn with_visitor<T: Send + 'static>(
    key: &str,
    work: impl FnOnce(&NetClient) -> T + Send + 'static,
) -> T {
    let argument = format!("key={key}");
    testkit::run(|system: &System| {
        let endpoints = || Endpoint::create().unwrap();
        let (net_line, root, random, own) = (endpoints(), endpoints(), endpoints(), endpoints());
        let all = Rights::ALL;
        let _random = system.program("random").handle("served", &random, all).serve(|env| {
            let mut random = FakeRandom(0);
            Executor::new()?.serve::<dyn Random>(env.handle("served")?, &mut random)?;
            Ok(())
        });
        let _net = system
            .program("net")
            .quota(quota())
            .handle("endpoint", &net_line, all)
            .fact("client", "1 ssh")
            .fact("client", "2 client")
            .arg("ssh=listen:tcp:22")
            .arg("client=connect:tcp:*")
            .serve(net_core::alone);
        let volume = system.program("root").quota(quota()).fact("access", "1 / write");
        let _volume = volume.handle("endpoint", &root, all).serve(|env| {
            let clock = Arc::new(|| files::Time(sys::clock()));
            volume::run(&env, MemoryFs::new(4 << 20, 64, clock))
        });
        let names = system
            .program("names")
            .handle("net", &net_line, all)
            .handle("root", &root, all)
            .handle("random", &random, all)
            .serve(|env| {
                let given = ["net", "root", "random"].map(|it| (it, env.handle(it).unwrap()));
                let mut names = FakeNames(Vec::from(given));
                Executor::new()?.serve::<dyn Names>(env.handle("endpoint")?, &mut names)?;
                Ok(())
            });
        let _ssh = system
            .program("ssh")
            .quota(quota())
            .fact("volume", "root /")
            .arg(&argument)
            .handle("names", &names.endpoint(SSH), all)
            .handle("endpoint", &own, all)
            .serve(crate::run);
        let client = system.program("client").quota(quota());
        let client = client.badged("net", &net_line, Rights::SEND | Rights::TRANSFER, CLIENT);
        client.script(move |env| work(&NetClient::from_endpoint(env.handle("net").unwrap()))).join()
    })
}

/// Connects, again when it is refused: the server does not listen yet, or has as many connections
/// to accept as may wait.
fn connect(net: &NetClient) -> TcpStream {
    let to = Peer::new([127, 0, 0, 1], 22);
    loop {
        match TcpStream::connect(net, to) {
            Err(NetError::Refused) => sys::sleep_for(1_000_000),
            stream => return stream.unwrap().with_timeout(90_000_000_000),
        }
    }
}

/// All that comes until the end; a reset is one.
fn to_the_end(stream: &mut TcpStream) -> Vec<u8> {
    let (mut all, mut piece) = (Vec::new(), vec![0; 4096]);
    loop {
        match stream.read(&mut piece) {
            Ok(0) | Err(NetError::Reset) => return all,
            Ok(count) => all.extend_from_slice(&piece[..count]),
            Err(error) => panic!("{error}"),
        }
    }
}
