//! A virtio device. Source: virtio 1.2, sections 2.7, 3.1 and 4.1.4.

mod card;
mod disk;
mod entropy;
mod queue;
mod registers;

pub use card::Card;
pub use disk::Disk;
pub use entropy::Entropy;
pub use queue::Chain;

use super::Bus;
use queue::Queue;
use registers::Common;
use std::cell::{Cell, RefCell};
use sys::Notification;

/// What a device does with the buffers of a request.
pub trait Model {
    /// The features of the device type.
    fn features(&self) -> u64;

    /// The configuration of the device type.
    fn config(&self) -> Vec<u8>;

    /// The number of its queues.
    fn queues(&self) -> usize {
        1
    }

    /// Does what the request asks for: the number of bytes that were written.
    fn serve(&mut self, chain: &Chain, bus: &Bus) -> u32;

    /// The same for one of several queues; `None` keeps the request until the test says what
    /// became of it ([`Virtio::complete_kept`]).
    fn serve_queue(&mut self, _queue: usize, chain: &Chain, bus: &Bus) -> Option<u32> {
        Some(self.serve(chain, bus))
    }
}

/// What a device does wrong when it completes a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mischief {
    /// Nothing.
    #[default]
    None,
    /// It says that it wrote this many bytes.
    Length(u32),
    /// It names this descriptor.
    Id(u32),
    /// Its index goes on by this more than there are completions.
    Skip(u16),
    /// It does not complete.
    Silent,
    /// It completes twice.
    Twice,
    /// It completes without having done anything.
    Idle,
}

/// What a device is like before it is driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup {
    /// Its most descriptors.
    pub queue_size: u16,
    /// Features beside those of its model.
    pub features: u64,
    /// Whether it takes the features that it offered.
    pub takes_features: bool,
    /// Whether it ends a reset.
    pub resets: bool,
    /// The number of vectors that it has room for.
    pub vectors: u16,
    /// Which doorbell the first queue has; those of others follow.
    pub doorbell: u16,
}

impl Default for Setup {
    fn default() -> Self {
        let features = 1 << 28 | 1 << 29 | 1 << 32 | 1 << 33;
        let (takes_features, resets, vectors) = (true, true, 2);
        Self { queue_size: 256, features, takes_features, resets, vectors, doorbell: 0 }
    }
}

/// A virtio device: its registers, and what it does.
#[derive(Debug)]
pub struct Virtio<M> {
    setup: Setup,
    bus: Bus,
    model: RefCell<M>,
    common: RefCell<Common>,
    queues: RefCell<Vec<Queue>>,
    mischief: Cell<Mischief>,
    held: Cell<bool>,
    /// The interrupt of each vector: not more than one is used.
    bell: RefCell<Option<(Notification, u64)>>,
    interrupts: Cell<u64>,
    doorbells: Cell<u64>,
    violations: RefCell<Vec<String>>,
}

impl<M: Model> Virtio<M> {
    /// Bytes of the registers, and where the structures are: as QEMU lays them out.
    pub const BYTES: usize = 0x4000;
    /// The common configuration.
    pub const COMMON: usize = 0;
    /// The configuration of the device type.
    pub const DEVICE: usize = 0x2000;
    /// The doorbells.
    pub const NOTIFY: usize = 0x3000;
    /// Bytes between two doorbells.
    pub const MULTIPLIER: u32 = 4;

    /// A device on a bus.
    pub fn new(bus: &Bus, model: M, setup: Setup) -> Self {
        let queues = (0..model.queues()).map(|_| Queue::default()).collect();
        Self {
            setup,
            bus: bus.clone(),
            model: RefCell::new(model),
            common: RefCell::default(),
            queues: RefCell::new(queues),
            mischief: Cell::default(),
            held: Cell::default(),
            bell: RefCell::default(),
            interrupts: Cell::default(),
            doorbells: Cell::default(),
            violations: RefCell::default(),
        }
    }

    /// What its queues' interrupt rings.
    pub fn interrupt_to(&self, bell: Notification, bits: u64) {
        *self.bell.borrow_mut() = Some((bell, bits));
    }

    /// What it does wrong from now on.
    pub fn set_mischief(&self, mischief: Mischief) {
        self.mischief.set(mischief);
    }

    /// Takes requests from now on without completing them.
    pub fn hold(&self) {
        self.held.set(true);
    }

    /// Completes what it holds, the last request first, and all others at once again.
    pub fn release(&self) {
        self.held.set(false);
        let count = self.queues.borrow().len();
        for number in 0..count {
            let held = self.queues.borrow_mut()[number].take_held();
            for chain in held.into_iter().rev() {
                self.serve(number, &chain);
            }
        }
    }

    /// Completes the first request of a queue that its model kept, with what this writes. Returns
    /// whether there was one.
    pub fn complete_kept(
        &self,
        queue: usize,
        write: impl FnOnce(&mut M, &Chain, &Bus) -> u32,
    ) -> bool {
        let kept = self.queues.borrow_mut().get_mut(queue).and_then(Queue::take_kept);
        let Some(chain) = kept else { return false };
        let written = write(&mut self.model.borrow_mut(), &chain, &self.bus);
        self.complete(queue, &chain, written);
        true
    }

    /// What the driver did against the standard.
    pub fn violations(&self) -> Vec<String> {
        self.violations.borrow().clone()
    }

    /// The number of interrupts so far.
    pub fn interrupts(&self) -> u64 {
        self.interrupts.get()
    }

    /// The number of times that its doorbell was rung.
    pub fn doorbells(&self) -> u64 {
        self.doorbells.get()
    }

    /// Its model.
    pub fn model(&self) -> std::cell::RefMut<'_, M> {
        self.model.borrow_mut()
    }

    /// Looks at a queue, as at its doorbell.
    fn run(&self, number: usize) {
        self.doorbells.set(self.doorbells.get() + 1);
        loop {
            let next = self.queues.borrow_mut()[number].next(&self.bus);
            match next {
                Ok(Some(chain)) if self.held.get() => {
                    self.queues.borrow_mut()[number].hold(chain);
                }
                Ok(Some(chain)) => self.serve(number, &chain),
                Ok(None) => return,
                Err(what) => return self.violate(what),
            }
        }
    }

    fn serve(&self, number: usize, chain: &Chain) {
        let written = match self.mischief.get() {
            Mischief::Silent => return,
            Mischief::Idle => Some(0),
            _ => self.model.borrow_mut().serve_queue(number, chain, &self.bus),
        };
        match written {
            Some(written) => self.complete(number, chain, written),
            None => self.queues.borrow_mut()[number].keep(chain.clone()),
        }
    }

    fn complete(&self, number: usize, chain: &Chain, written: u32) {
        let mut queues = self.queues.borrow_mut();
        let queue = &mut queues[number];
        let head = u32::from(chain.head);
        match self.mischief.get() {
            Mischief::Length(length) => queue.complete(&self.bus, head, length, 1),
            Mischief::Id(id) => queue.complete(&self.bus, id, written, 1),
            Mischief::Skip(count) => queue.complete(&self.bus, head, written, 1 + count),
            Mischief::Twice => {
                queue.complete(&self.bus, head, written, 1);
                queue.complete(&self.bus, head, written, 1);
            }
            _ => queue.complete(&self.bus, head, written, 1),
        }
        let (wants, vector) = (queue.wants_interrupt(&self.bus), queue.vector);
        drop(queues);
        if wants {
            self.interrupt(vector);
        }
    }

    fn interrupt(&self, vector: u16) {
        if let Some((bell, bits)) = &*self.bell.borrow()
            && vector < self.setup.vectors
        {
            self.interrupts.set(self.interrupts.get() + 1);
            if let Err(error) = bell.signal(*bits) {
                panic!("the interrupt of a fake device: {error}");
            }
        }
    }

    fn violate(&self, what: impl Into<String>) {
        self.violations.borrow_mut().push(what.into());
    }
}
