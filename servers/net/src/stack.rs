//! All interfaces and sockets.

use crate::check::Drops;
use crate::face::Face;
use crate::phy::{Card, Phy};
use crate::sockets::Sockets;
use crate::tap::Tap;
use alloc::collections::BTreeMap;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::task::Waker;
use nic::NicClient;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use service::Session;
use smoltcp::wire::IpAddress;

/// What random numbers begin with.
pub type Seeds = [u8; 32];

/// Ports that are given out. Source: RFC 6335, section 6.
const PORTS: core::ops::RangeInclusive<u16> = 49152..=65535;

/// All interfaces and sockets.
pub(crate) struct Stack {
    pub(crate) faces: Vec<Face>,
    pub(crate) table: Sockets,
    random: ChaCha8Rng,
    /// The card, before and after it is attached for the first time.
    pub(crate) client: Option<Rc<NicClient>>,
    /// Futures that look again after each poll.
    pub(crate) waiting: Vec<Waker>,
    /// The last watch of each socket that has one, and the last number that one got.
    pub(crate) watches: BTreeMap<Session, u64>,
    pub(crate) last_watch: u64,
    /// The copies of frames.
    pub(crate) tap: Tap,
}

impl Stack {
    /// With the loopback interface, and one for a card when it is there.
    pub(crate) fn new(client: Option<Rc<NicClient>>, seeds: Seeds) -> Self {
        let mut random = ChaCha8Rng::from_seed(seeds);
        let faces = alloc::vec![Face::looped(random.next_u64())];
        Self {
            faces,
            table: Sockets::default(),
            random,
            client,
            waiting: Vec::new(),
            watches: BTreeMap::new(),
            last_watch: 0,
            tap: Tap::default(),
        }
    }

    /// A random number.
    pub(crate) fn random(&mut self) -> u64 {
        self.random.next_u64()
    }

    /// A port that no socket has.
    pub(crate) fn free_port(&mut self) -> Option<u16> {
        let count = u64::from(PORTS.end() - PORTS.start()) + 1;
        (0..64).find_map(|_| {
            let offset = u16::try_from(self.random() % count).ok()?;
            let port = PORTS.start().checked_add(offset)?;
            (!self.table.has_port(port, &self.faces)).then_some(port)
        })
    }

    /// The interface that leads to an address.
    pub(crate) fn face_to(&self, to: IpAddress) -> Option<usize> {
        let looped = self.faces.first()?;
        if is_loopback(to) || looped.iface.has_ip_addr(to) {
            return Some(0);
        }
        let has_way = |face: &Face| match to {
            IpAddress::Ipv4(_) => face.iface.ipv4_addr().is_some(),
            IpAddress::Ipv6(_) => face.iface.ipv6_addr().is_some(),
        };
        (1..).zip(self.faces.iter().skip(1)).find(|(_, face)| has_way(face)).map(|(at, _)| at)
    }

    /// Lets everything go on once. Returns the nanoseconds until the next time, if there is one.
    pub(crate) fn poll(&mut self) -> Option<u64> {
        self.take_frames();
        let mut changed = self.table.drop_ended(&mut self.faces) | self.table.any_late();
        for number in 0..self.faces.len() {
            let Some(face) = self.faces.get_mut(number) else { break };
            let its = face.poll();
            changed |= its.sockets | its.addresses;
            if its.addresses {
                self.share_addresses();
            }
        }
        self.table.renew_listeners(&mut self.faces);
        self.give_frames();
        if changed {
            self.wake();
        }
        let pauses = self.faces.iter_mut().filter_map(Face::pause);
        pauses.chain(self.table.pause()).min()
    }

    /// Wakes the futures that wait.
    pub(crate) fn wake(&mut self) {
        self.waiting.drain(..).for_each(Waker::wake);
    }

    /// The loopback interface has all addresses.
    fn share_addresses(&mut self) {
        let others: Vec<_> = self.faces.iter().skip(1).flat_map(Face::addresses).collect();
        if let Some(looped) = self.faces.first_mut() {
            looped.set_addresses(&others);
        }
    }

    /// Takes what the card's driver has, and makes the interface when the card is there first.
    fn take_frames(&mut self) {
        let Some(client) = &self.client else { return };
        let mut frames = client.frames();
        if frames.is_attached() && frames.exchange().is_err() {
            frames.detach();
        }
        let link = frames.link();
        drop(frames);
        let Some(link) = link else { return };
        match self.faces.get_mut(1).map(|face| &mut face.phy) {
            Some(Phy::Card(card)) if card.link != link => {
                // Another card has come in its place: it must be asked for its addresses.
                let drops = card.drops;
                self.faces.truncate(1);
                self.table.forget_face(1);
                self.add_card(link, drops);
            }
            Some(_) => {}
            None => self.add_card(link, Drops::default()),
        }
    }

    fn add_card(&mut self, link: nic::Link, drops: Drops) {
        let Some(client) = self.client.clone() else { return };
        let seed = self.random();
        self.faces.push(Face::card(Card { client, link, drops, tap: self.tap.clone() }, seed));
        self.table.join_face(1, &mut self.faces);
    }

    fn give_frames(&mut self) {
        if let Some(client) = &self.client {
            let mut frames = client.frames();
            if frames.send().is_err() {
                frames.detach();
            }
        }
    }
}

fn is_loopback(address: IpAddress) -> bool {
    match address {
        IpAddress::Ipv4(address) => address.is_loopback(),
        IpAddress::Ipv6(address) => address.is_loopback(),
    }
}
