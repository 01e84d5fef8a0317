//! A wire that loses, doubles and reorders frames, the same way for the same seed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub const MAC: [u8; 6] = [0x52, 0x54, 0, 0x12, 0x34, 0x56];
pub const PEER_MAC: [u8; 6] = [0x52, 0x55, 10, 0, 2, 2];

/// What happens to frames, of a thousand.
#[derive(Clone, Copy, Default)]
pub struct Weather {
    pub lost: u32,
    pub doubled: u32,
    pub reordered: u32,
    /// One byte of them is changed.
    pub damaged: u32,
}

pub struct Ends {
    pub to_peer: VecDeque<Vec<u8>>,
    pub to_net: VecDeque<Vec<u8>>,
    weather: Weather,
    random: fastrand::Rng,
}

/// Both directions. Copies are the same one.
#[derive(Clone)]
pub struct Wire(Arc<Mutex<Ends>>);

impl Wire {
    pub fn new(weather: Weather, seed: u64) -> Self {
        let random = fastrand::Rng::with_seed(seed);
        let (to_peer, to_net) = (VecDeque::new(), VecDeque::new());
        Self(Arc::new(Mutex::new(Ends { to_peer, to_net, weather, random })))
    }

    pub fn ends(&self) -> MutexGuard<'_, Ends> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn send_to_peer(&self, frame: Vec<u8>) {
        let ends = &mut *self.ends();
        put(&mut ends.to_peer, frame, ends.weather, &mut ends.random);
    }

    pub fn send_to_net(&self, frame: Vec<u8>) {
        let ends = &mut *self.ends();
        put(&mut ends.to_net, frame, ends.weather, &mut ends.random);
    }
}

fn put(
    queue: &mut VecDeque<Vec<u8>>,
    mut frame: Vec<u8>,
    weather: Weather,
    random: &mut fastrand::Rng,
) {
    let mut happens = |of_thousand| random.u32(..1000) < of_thousand;
    let lost = happens(weather.lost);
    let (doubled, reordered) = (happens(weather.doubled), happens(weather.reordered));
    let damaged = happens(weather.damaged);
    if damaged {
        let place = random.usize(..frame.len());
        frame[place] ^= 1 << random.u32(..8);
    }
    if lost {
        return;
    }
    if doubled {
        queue.push_back(frame.clone());
    }
    match queue.len().checked_sub(1) {
        Some(before_last) if reordered => queue.insert(before_last, frame),
        _ => queue.push_back(frame),
    }
}
