//! How much of what `proc` has the programs that a program starts may take: slots, and the
//! quotas that come out of `proc`'s own.
//!
//! **Shape.** A job is a program that a server started, with all that it and its descendants
//! start. Servers (the shell) are not limited here; a job has at most half of everything, and
//! all that programs start leaves a quarter for servers: so no program keeps the shell from
//! starting another one.

use super::{Entry, MAX_PROGRAMS, Table};
use proc_api::{Lack, Scarce};

/// Amounts of all that is scarce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amounts([u64; Scarce::ALL.len()]);

impl Amounts {
    const fn new(slots: u8, limits: manifest::Limits) -> Self {
        let manifest::Limits { pages, handles, threads, objects } = limits;
        Self([slots as u64, pages as u64, handles as u64, threads as u64, objects as u64])
    }

    /// What one program takes.
    pub const fn of_program(limits: manifest::Limits) -> Self {
        Self::new(1, limits)
    }

    /// What there is for all programs together.
    pub const fn of_spawner(limits: manifest::Limits) -> Self {
        Self::new(MAX_PROGRAMS, limits)
    }

    fn plus(self, other: Self) -> Self {
        Self(core::array::from_fn(|index| self.0[index].saturating_add(other.0[index])))
    }

    /// The first of these above this number of quarters of all that there is.
    fn above(&self, quarters: u64, all: &Self) -> Option<Lack> {
        let each = Scarce::ALL.into_iter().zip(self.0).zip(all.0);
        let mut above = each.filter_map(|((what, wanted), all)| {
            let limit = all.saturating_mul(quarters) / 4;
            (wanted > limit).then_some(Lack { what, limit })
        });
        above.next()
    }
}

/// Quarters of everything for one job, and for all that programs start.
const JOB: u64 = 2;
const PROGRAMS: u64 = 3;

impl<P, S, W> Table<P, S, W> {
    /// Whether a program may start one that takes this.
    ///
    /// # Errors
    /// What there is too little of.
    pub(super) fn may_start(&self, parent: u32, takes: Amounts) -> Result<(), Lack> {
        let by = self.living().find(|entry| entry.ids.pid == parent);
        let Some(by) = by.filter(|_| parent != 0) else { return Ok(()) };
        let sum = |wanted: &dyn Fn(&Entry<P, S>) -> bool| {
            let taken = self.living().filter(|entry| wanted(entry)).map(|entry| entry.takes);
            taken.fold(takes, Amounts::plus)
        };
        let job = sum(&|entry| entry.job == by.job);
        let all = sum(&|_| true);
        let lack = job.above(JOB, &self.capacity).or_else(|| all.above(PROGRAMS, &self.capacity));
        lack.map_or(Ok(()), Err)
    }
}
