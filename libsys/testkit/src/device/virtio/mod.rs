//! A virtio device. Source: virtio 1.2, sections 2.7, 3.1 and 4.1.4.

mod disk;
mod entropy;
mod queue;
mod registers;

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

    /// Does what the request asks for: the number of bytes that were written.
    fn serve(&mut self, chain: &Chain, bus: &Bus) -> u32;
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
    /// Which doorbell the queue has.
    pub doorbell: u16,
}

impl Default for Setup {
    fn default() -> Self {
        let features = 1 << 28 | 1 << 29 | 1 << 32 | 1 << 33;
        let (takes_features, resets, vectors) = (true, true, 2);
        Self { queue_size: 256, features, takes_features, resets, vectors, doorbell: 0 }
    }
}

/// A virtio device with one queue: its registers, and what it does.
#[derive(Debug)]
pub struct Virtio<M> {
    setup: Setup,
    bus: Bus,
    model: RefCell<M>,
    common: RefCell<Common>,
    queue: RefCell<Queue>,
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
        Self {
            setup,
            bus: bus.clone(),
            model: RefCell::new(model),
            common: RefCell::default(),
            queue: RefCell::default(),
            mischief: Cell::default(),
            held: Cell::default(),
            bell: RefCell::default(),
            interrupts: Cell::default(),
            doorbells: Cell::default(),
            violations: RefCell::default(),
        }
    }

    /// What its queue's interrupt rings.
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
        let held = self.queue.borrow_mut().take_held();
        for chain in held.into_iter().rev() {
            self.serve(&chain);
        }
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

    /// Looks at the queue, as at a doorbell.
    fn run(&self) {
        self.doorbells.set(self.doorbells.get() + 1);
        loop {
            let next = self.queue.borrow_mut().next(&self.bus);
            match next {
                Ok(Some(chain)) if self.held.get() => self.queue.borrow_mut().keep(chain),
                Ok(Some(chain)) => self.serve(&chain),
                Ok(None) => return,
                Err(what) => return self.violate(what),
            }
        }
    }

    fn serve(&self, chain: &Chain) {
        let mischief = self.mischief.get();
        let written = match mischief {
            Mischief::Silent => return,
            Mischief::Idle => 0,
            _ => self.model.borrow_mut().serve(chain, &self.bus),
        };
        let mut queue = self.queue.borrow_mut();
        let head = u32::from(chain.head);
        match mischief {
            Mischief::Length(length) => queue.complete(&self.bus, head, length, 1),
            Mischief::Id(id) => queue.complete(&self.bus, id, written, 1),
            Mischief::Skip(count) => queue.complete(&self.bus, head, written, 1 + count),
            Mischief::Twice => {
                queue.complete(&self.bus, head, written, 1);
                queue.complete(&self.bus, head, written, 1);
            }
            _ => queue.complete(&self.bus, head, written, 1),
        }
        if queue.wants_interrupt(&self.bus) {
            drop(queue);
            self.interrupt();
        }
    }

    fn interrupt(&self) {
        let vector = self.queue.borrow().vector;
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
