//! The event loop: calls, faults, deaths, restarts.

pub(crate) mod boot;
pub(crate) mod child;
mod dependents;
mod evidence;
mod faults;
mod grants;
mod heartbeats;
mod lasting;
mod look;
mod system;

use alloc::vec::Vec;
use boot::Boot;
use child::{Child, Life, Started};
use grants::Common;
use init_api::System;
use init_core::FaultLog;
use service::{Event, Server};
use sys::{Endpoint, FOREVER, Notification, Rights, Timer};

/// The bit of the timer; the servers' bits are below `manifest::MAX_SERVERS`.
const TIMER: u64 = 1 << 63;
/// How long to rest when the kernel does not let init receive.
const REST_NS: u64 = 10_000_000;

/// init.
pub(crate) struct Init {
    common: Common,
    children: Vec<Child>,
    /// In which they start.
    order: Vec<usize>,
    faults: FaultLog,
    bell: Notification,
    timer: Timer,
}

impl Init {
    /// Makes all endpoints, so that every server finds its peers, whoever starts first.
    pub(crate) fn new(boot: Boot) -> Result<Self, rt::Failure> {
        let bell = Notification::create()?;
        bell.bind()?;
        let timer = Timer::create(&bell, TIMER)?;
        let common = Common::new(boot, Endpoint::create()?);
        let plans = common.boot.system.servers.iter().zip(1..);
        let children = plans
            .map(|(plan, number)| Child::new(plan, number, &common.boot.resource))
            .collect::<Result<Vec<_>, _>>()?;
        let order = common.boot.system.start_order();
        Ok(Self { common, children, order, faults: FaultLog::default(), bell, timer })
    }

    /// Starts all servers and serves for ever.
    pub(crate) fn run(mut self) -> Result<(), rt::Failure> {
        self.start_due();
        let mut receiver = Server::<dyn System>::new(self.common.endpoint.copy(Rights::ALL)?);
        loop {
            self.arm_timer();
            match receiver.next(&mut self) {
                Ok(Event::Handled) => {}
                Ok(Event::Notified(bits)) => self.notified(bits),
                Ok(Event::Raw(raw)) => self.raw(raw),
                Err(error) => {
                    defmt::error!("receiving: {=str}", error.text());
                    sys::sleep_for(REST_NS);
                }
            }
            // Whatever woke it: what is late would wait for the next event otherwise.
            self.look_for_hangs();
            self.start_due();
        }
    }

    fn notified(&mut self, bits: u64) {
        for index in 0..self.children.len() {
            if bits & (1 << index) != 0 {
                self.died(index);
            }
        }
    }

    fn died(&mut self, index: usize) {
        if let Some(child) = self.children.get_mut(index)
            && child.died(sys::clock())
        {
            self.tell_dependents(index);
        }
    }

    /// Starts a server now. What goes wrong is kept as its state.
    fn start(&mut self, index: usize) {
        let grants = grants::of(&self.common, &self.children, index);
        let Some(child) = self.children.get_mut(index) else { return };
        match child.start(&self.common, &grants, (&self.bell, 1 << index)) {
            Started::First => {}
            Started::Again => self.came_back(index),
            Started::Not => self.tell_dependents(index),
        }
    }

    /// Starts every server whose pause is over and which waits for no other one.
    fn start_due(&mut self) {
        let now = sys::clock();
        for place in 0..self.order.len() {
            let Some(index) = self.order.get(place).copied() else { continue };
            if self.start_time(index).is_some_and(|at_ns| at_ns <= now) {
                self.start(index);
            }
        }
    }

    /// When the server starts; none when it does not, or not before one that it depends on.
    fn start_time(&self, index: usize) -> Option<u64> {
        let coming = self.children.iter().enumerate().filter(|(_, child)| child.is_coming());
        let coming: Vec<usize> = coming.map(|(index, _)| index).collect();
        match self.children.get(index)?.life {
            Life::Waiting { at_ns } => {
                (!self.common.boot.system.waits_for(index, &coming)).then_some(at_ns)
            }
            _ => None,
        }
    }

    fn arm_timer(&self) {
        let starts = (0..self.children.len()).filter_map(|index| self.start_time(index));
        let next = starts.chain(self.next_look()).min();
        if let Err(error) = self.timer.arm(next.unwrap_or(FOREVER)) {
            defmt::error!("timer: {=str}", error.text());
        }
    }

    /// The index of the server with this badge.
    fn index_of_badge(&self, badge: u64) -> Option<usize> {
        let index = usize::try_from(badge).ok()?.checked_sub(1)?;
        (index < self.children.len()).then_some(index)
    }
}
