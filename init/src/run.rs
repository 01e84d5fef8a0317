//! The event loop of init: calls, faults, deaths, times.

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
use init_core::{Decision, FaultLog};
use manifest::MAX_SERVERS;
use service::Event;
use sys::{Endpoint, Error, Notification, Process, Rights};

/// The notification bit of the timer. Below it is one bit for the death of each server; the
/// highest ones are the executor's.
const TIME: u64 = 1 << MAX_SERVERS;
/// Heap for fault records, tasks, and the tables of `graph` and `ps`, in bytes.
const RESERVE_BYTES: usize = 96 << 10;
/// The pause after a failed receive.
const REST_NS: u64 = 10_000_000;

/// init.
pub(crate) struct Init {
    common: Common,
    children: Vec<Child>,
    /// The order of starts, by index.
    order: Vec<usize>,
    faults: FaultLog,
    executor: Executor,
    /// The executor's notification.
    bell: Notification,
    /// The time of the next start or heartbeat check, and the task that signals it.
    next: Option<(u64, Task)>,
}

impl Init {
    /// Creates all endpoints, so that each server finds its peers in any order of starts.
    pub(crate) fn new(boot: Boot) -> Result<Self, rt::Failure> {
        // The heap grows once, here: growth after thousands of deaths would look like a leak.
        drop(core::hint::black_box(Vec::<u8>::with_capacity(RESERVE_BYTES)));
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
            // The first event starts the servers.
            let Err(error) = self.bell.signal(TIME).and_then(|()| self.serve());
            defmt::error!("init cannot receive: {=str}", error.text());
            sys::sleep_for(REST_NS);
        }
    }

    /// Returns only when the kernel does not let init receive.
    fn serve(&mut self) -> Result<Infallible, Error> {
        let endpoint = self.common.endpoint.copy(Rights::ALL)?;
        self.executor.clone().serve_with(endpoint, self, service, Self::on_event)
    }

    /// Handles an event, does the work that is due now, and sets the timer for the rest.
    fn on_event(&mut self, event: Event) {
        match event {
            Event::Handled => {}
            Event::Notified(bits) => {
                if bits & TIME != 0 {
                    self.next = None;
                }
                let is_signalled = |index: &usize| bits & (1 << index) != 0;
                (0..self.children.len()).filter(is_signalled).for_each(|it| self.on_death(it));
            }
            Event::Raw(raw) => self.on_raw(*raw),
        }
        self.kill_hung();
        self.start_due();
        self.end_without_prompt();
        self.set_timer();
    }

    /// Supervision decides what follows the death of a server.
    fn on_death(&mut self, index: usize) {
        let Some(child) = self.children.get_mut(index) else { return };
        let Some(status) = child.exit_status() else { return };
        let decision = child.supervision.decide(sys::clock(), child.since_ns(), status);
        child.end_life(status, decision, &self.common.boot.system);
        if !matches!(decision, Decision::RestartAt(_)) {
            self.tell_dependents(index);
        }
    }

    /// Starts a server now. An error becomes its state.
    fn start(&mut self, index: usize) {
        self.give_spare_pages(index);
        let grants = grants::of(&self.common, &self.children, index);
        let Some(child) = self.children.get(index) else { return };
        let loaded = child.load(&self.common, &grants, (&self.bell, 1 << index));
        let Some(child) = self.children.get_mut(index) else { return };
        match child.begin_life(loaded) {
            Started::First => {}
            Started::Again => self.on_restart(index),
            Started::GivenUp => self.tell_dependents(index),
        }
    }

    /// Raises the quota of the server that starts programs by the pages that are spare now. In a
    /// restart they are fewer while others still hold memory of its last life.
    fn give_spare_pages(&mut self, index: usize) {
        let plan = self.common.boot.system.servers.get(index);
        let Some(least) = plan.filter(|plan| plan.spawn).map(|plan| plan.limits.pages) else {
            return;
        };
        let idle = self.children.iter().filter(|child| child.process().is_none());
        let reserved = idle.map(|child| child.plan.limits.pages).fold(0, u32::saturating_add);
        let own = Process::own_info().unwrap_or_default();
        if let Some(child) = self.children.get_mut(index) {
            // What it had in its last life is not reserved any more.
            let reserved = reserved.saturating_sub(child.plan.limits.pages).saturating_add(least);
            let spare = init_core::spare_pages(own.limit.pages, own.used.pages, reserved);
            child.plan.limits.pages = least.saturating_add(spare);
        }
    }

    /// Starts each server whose time has come and whose dependencies run.
    fn start_due(&mut self) {
        let now = sys::clock();
        for place in 0..self.order.len() {
            let Some(index) = self.order.get(place).copied() else { continue };
            if self.start_time(index).is_some_and(|at_ns| at_ns <= now) {
                self.start(index);
            }
        }
    }

    /// Returns the time at which a server starts; none while it waits for a dependency, or runs.
    fn start_time(&self, index: usize) -> Option<u64> {
        // Asked for each server after each event: what most answer comes first.
        let Life::Waiting { at_ns } = self.children.get(index)?.life else { return None };
        let starting = self.children.iter().enumerate().filter(|(_, child)| child.will_start());
        let starting: Vec<usize> = starting.map(|(index, _)| index).collect();
        (!self.common.boot.system.waits_for(index, &starting)).then_some(at_ns)
    }

    fn set_timer(&mut self) {
        let starts = (0..self.children.len()).filter_map(|index| self.start_time(index));
        let next = starts.chain(self.next_check()).min();
        if next != self.next.as_ref().map(|(at_ns, _)| *at_ns) {
            self.next = next.map(|at_ns| (at_ns, self.executor.ring_at(at_ns, TIME)));
        }
    }

    /// Returns the index of the server with this badge.
    fn index_of_badge(&self, badge: u64) -> Option<usize> {
        let index = usize::try_from(badge).ok()?.checked_sub(1)?;
        (index < self.children.len()).then_some(index)
    }
}

/// The kernel objects of init itself.
fn own_objects() -> Result<(Executor, Notification, Endpoint), Error> {
    let executor = Executor::new()?;
    let bell = executor.bell()?;
    Ok((executor, bell, Endpoint::create()?))
}

fn service(init: &mut Init) -> &mut (dyn System + 'static) {
    init
}
