//! What comes to init: calls, faults, deaths, times.

pub(crate) mod boot;
pub(crate) mod child;
mod dependents;
mod evidence;
mod faults;
mod grants;
mod heartbeats;
mod lasting;
mod look;
mod processes;
mod prompt;
mod system;

use alloc::format;
use alloc::vec::Vec;
use boot::Boot;
use child::{Child, Life, Started};
use core::convert::Infallible;
use executor::{Executor, Task};
use grants::Common;
use init_api::System;
use init_core::FaultLog;
use manifest::MAX_SERVERS;
use service::Event;
use sys::{Endpoint, Error, Notification, Rights};

/// The bit that rings when it is time to do something: above those of the servers' deaths,
/// below those of the executor, which are the highest.
const TIME: u64 = 1 << MAX_SERVERS;
/// Room on the heap for the records of faults, tasks, and what a look at the system takes.
const RESERVE_BYTES: usize = 96 << 10;
/// How long to rest when the kernel does not let init receive.
const REST_NS: u64 = 10_000_000;

/// init.
pub(crate) struct Init {
    common: Common,
    children: Vec<Child>,
    /// In which they start.
    order: Vec<usize>,
    faults: FaultLog,
    executor: Executor,
    /// The executor's: a bit for the death of each server.
    bell: Notification,
    /// The next time at which there is something to do, and what rings then.
    next: Option<(u64, Task)>,
}

impl Init {
    /// Makes all endpoints, so that every server finds its peers, whoever starts first.
    pub(crate) fn new(boot: Boot) -> Result<Self, rt::Failure> {
        // What thousands of deaths make it need besides is taken at once, so that its heap does
        // not grow later: that would look like a leak.
        drop(Vec::<u8>::with_capacity(RESERVE_BYTES));
        let (executor, bell, endpoint) = own_objects()
            .map_err(|error| boot::give_up(&boot.resource, &format!("init: {error}")))?;
        let common = Common::new(boot, endpoint);
        let plans = common.boot.system.servers.iter().zip(1..);
        let new = |(plan, number)| Child::new(plan, number, &common.boot.resource);
        let children = plans.map(new).collect();
        let order = common.boot.system.start_order();
        let faults = FaultLog::default();
        Ok(Self { common, children, order, faults, executor, bell, next: None })
    }

    /// Starts all servers and serves for ever.
    pub(crate) fn run(mut self) -> ! {
        let given_up = |(index, child): (_, &Child)| child.end().map(|_| index);
        let given_up: Vec<_> = self.children.iter().enumerate().filter_map(given_up).collect();
        given_up.into_iter().for_each(|index| self.tell_dependents(index));
        loop {
            self.do_what_is_due();
            let Err(error) = self.serve();
            defmt::error!("receiving: {=str}", error.text());
            sys::sleep_for(REST_NS);
        }
    }

    /// Returns only when the kernel does not let init receive.
    fn serve(&mut self) -> Result<Infallible, Error> {
        let endpoint = self.common.endpoint.copy(Rights::ALL)?;
        self.executor.clone().serve_with(endpoint, self, service, Self::came)
    }

    fn came(&mut self, event: Event) {
        match event {
            Event::Handled => {}
            Event::Notified(bits) => self.notified(bits),
            Event::Raw(raw) => self.raw(raw),
        }
        // Whatever it was: what is late would wait for the next event otherwise.
        self.do_what_is_due();
    }

    fn do_what_is_due(&mut self) {
        self.look_for_hangs();
        self.start_due();
        self.end_without_prompt();
        self.wait_for_next_time();
    }

    fn notified(&mut self, bits: u64) {
        if bits & TIME != 0 {
            self.next = None;
        }
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
        let Some(child) = self.children.get(index) else { return };
        let loaded = child.load(&self.common, &grants, (&self.bell, 1 << index));
        let Some(child) = self.children.get_mut(index) else { return };
        match child.start(loaded) {
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

    fn wait_for_next_time(&mut self) {
        let starts = (0..self.children.len()).filter_map(|index| self.start_time(index));
        let next = starts.chain(self.next_look()).min();
        if next != self.next.as_ref().map(|(at_ns, _)| *at_ns) {
            self.next = next.map(|at_ns| (at_ns, self.executor.ring_at(at_ns, TIME)));
        }
    }

    /// The index of the server with this badge.
    fn index_of_badge(&self, badge: u64) -> Option<usize> {
        let index = usize::try_from(badge).ok()?.checked_sub(1)?;
        (index < self.children.len()).then_some(index)
    }
}

/// What init needs before it can do anything.
fn own_objects() -> Result<(Executor, Notification, Endpoint), Error> {
    let executor = Executor::new()?;
    let bell = executor.bell()?;
    Ok((executor, bell, Endpoint::create()?))
}

fn service(init: &mut Init) -> &mut (dyn System + 'static) {
    init
}
