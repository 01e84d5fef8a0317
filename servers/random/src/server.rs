//! The service.

use crate::{Generator, Seed};
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;
use random_api::{BYTES_MAX, Random, RandomError, Status};
use service::Caller;

/// The server. Copies are the same one: one serves, one is given the seeds.
#[derive(Clone, Debug, Default)]
pub struct RandomServer(Rc<RefCell<State>>);

#[derive(Debug, Default)]
struct State {
    generator: Generator,
    status: Status,
}

impl RandomServer {
    /// Mixes in what device and CPU gave. Returns whether there are bytes now or were before.
    pub fn seed(&self, device: Option<Seed>, cpu: Option<Seed>) -> bool {
        let State { generator, status } = &mut *self.0.borrow_mut();
        for (source, count) in [(device, &mut status.device), (cpu, &mut status.cpu)] {
            let good = source.map_or(0, |seed| generator.seed(&[seed]));
            *count += good as u64;
        }
        status.device + status.cpu > 0
    }
}

impl Random for RandomServer {
    fn bytes(&mut self, _: &Caller, count: u16) -> Result<Vec<u8>, RandomError> {
        if count == 0 || count > BYTES_MAX {
            return Err(RandomError::BadCount);
        }
        let mut bytes = alloc::vec![0; count.into()];
        let filled = self.0.borrow_mut().generator.fill(&mut bytes);
        if filled { Ok(bytes) } else { Err(RandomError::NotSeeded) }
    }

    fn status(&mut self, _: &Caller) -> Result<Status, RandomError> {
        Ok(self.0.borrow().status)
    }
}

#[cfg(test)]
mod tests {
    use super::RandomServer;
    use crate::SEED;
    use executor::Executor;
    use random_api::{Random, RandomClient, RandomError, Status};
    use service::CallError;
    use testkit::Client;

    #[test]
    fn it_refuses_until_it_is_seeded_and_gives_each_byte_once() {
        testkit::run(|system| {
            let server = system.serve("random", |env| {
                let executor = Executor::new()?;
                let (mut server, inner) = (RandomServer::default(), executor.clone());
                let keeper = server.clone();
                executor
                    .spawn(async move {
                        inner.sleep_for(1_000_000).await;
                        let seed = core::array::from_fn(|place| place.to_le_bytes()[0]);
                        keeper.seed(Some(seed), Some([3; SEED]));
                    })
                    .detach();
                executor.serve::<dyn Random>(env.handle("endpoint")?, &mut server)?;
                Ok(())
            });
            let client = RandomClient::from_endpoint(server.endpoint(1));
            assert_eq!(client.bytes(8), Err(CallError::Service(RandomError::NotSeeded)));
            sys::sleep_for(2_000_000);
            for count in [0, 1025] {
                assert_eq!(client.bytes(count), Err(CallError::Service(RandomError::BadCount)));
            }
            assert_eq!(client.status(), Ok(Status { device: 1, cpu: 0 }), "one was stuck");
            let clients = [1, 2].map(|number| {
                server.client(&format!("client-{number}"), |endpoint| {
                    RandomClient::from_endpoint(endpoint).bytes(32).unwrap()
                })
            });
            let [alice, bob] = clients.map(Client::join);
            assert!(alice.len() == 32 && alice != bob);
        });
    }
}
