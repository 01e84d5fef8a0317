//! A driver whose card is one end of the wire; the peer is polled beside it.

use super::peer::Peer;
use super::quota;
use super::wire::{MAC, Wire};
use executor::Executor;
use nic::{Backend, Completed, DeviceFrame, INTERRUPT, Link, NicError, Operation, Submitted};
use std::collections::VecDeque;
use sys::{DeviceAddress, Mapping, Memory, Protection};
use testkit::{Server, System};

/// From one poll of the peer to the next.
const POLL_NS: u64 = 1_000_000;

struct Card {
    wire: Wire,
    pool: Option<Mapping>,
    empty: VecDeque<DeviceFrame>,
    done: VecDeque<Completed>,
}

impl Card {
    fn place(frame: &DeviceFrame) -> usize {
        usize::try_from(frame.address.0).unwrap()
    }
}

impl Backend for Card {
    fn link(&self) -> Link {
        Link { mac: MAC, mtu: 1500, depth: 64 }
    }
    fn map_pool(&mut self, pool: &Memory, pages: u64) -> Result<DeviceAddress, NicError> {
        self.pool = Some(pool.map_part(0, pages, Protection::ReadWrite)?);
        Ok(DeviceAddress(0))
    }
    fn submit(&mut self, frame: &DeviceFrame) -> Submitted {
        match frame.operation {
            Operation::Fill => self.empty.push_back(*frame),
            Operation::Transmit => {
                let mut bytes = vec![0; frame.bytes.into()];
                self.pool.as_ref().unwrap().read_at(Self::place(frame), &mut bytes).unwrap();
                self.wire.send_to_peer(bytes);
                self.done.push_back(Completed { tag: frame.tag, result: Ok(0) });
            }
        }
        Submitted::Accepted
    }
    fn kick(&mut self) {}
    fn complete(&mut self) -> Option<Completed> {
        if let Some(done) = self.done.pop_front() {
            return Some(done);
        }
        if self.empty.is_empty() {
            return None;
        }
        let frame = self.wire.ends().to_net.pop_front()?;
        let slot = self.empty.pop_front()?;
        self.pool.as_ref().unwrap().write_at(Self::place(&slot), &frame).unwrap();
        let result = Ok(u16::try_from(frame.len()).unwrap());
        Some(Completed { tag: slot.tag, result })
    }
}

/// The driver, in all of its lives, of the card at this wire, at whose other end the peer is.
pub fn driver<'a>(system: &'a System, wire: &Wire, peer: &Peer) -> Server<'a> {
    let (wire, peer) = (wire.clone(), peer.clone());
    system.program("card").quota(quota()).serve(move |env| {
        let executor = Executor::new()?;
        let bell = executor.bell()?;
        let (inner, wire, peer) = (executor.clone(), wire.clone(), peer.clone());
        let its_wire = wire.clone();
        executor
            .spawn(async move {
                loop {
                    peer.poll();
                    if !its_wire.ends().to_net.is_empty() {
                        bell.signal(INTERRUPT).unwrap();
                    }
                    inner.sleep_for(POLL_NS).await;
                }
            })
            .detach();
        let (empty, done) = (VecDeque::new(), VecDeque::new());
        let card = Card { wire, pool: None, empty, done };
        nic::serve(&executor, env.handle("endpoint")?, card)?;
        Ok(())
    })
}
