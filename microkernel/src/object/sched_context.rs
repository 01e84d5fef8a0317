//! Scheduling context: so much time in each period, and how urgent.
//!
//! Shape: periods follow each other without gaps from the moment it is bound. Each begins
//! with the whole budget; what is left of the one before is lost. What was used beyond the
//! budget (the way into the kernel at its end, servers without contexts) is owed by the next.
//! Units: [`crate::Machine::ticks`].

use super::{QuotaId, ThreadId};
use abi::ContextFlags;

/// Budgets that are owed at most.
const MOST_OWED: u64 = 100;

/// What its maker chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Terms {
    /// Time in each period.
    pub budget: u64,
    /// How long a period is.
    pub period: u64,
    /// How urgent the thread is that runs on it.
    pub priority: u8,
    /// What it does beside stopping a thread.
    pub flags: ContextFlags,
}

/// A scheduling context.
#[derive(Clone, Copy, Debug, Hash, Default)]
pub struct SchedContext {
    /// Handles that name it, and its binding.
    pub refs: u32,
    /// Who pays for it.
    pub quota: QuotaId,
    /// What its maker chose.
    pub terms: Terms,
    /// What is left of the budget.
    pub left: u64,
    /// What was used beyond it.
    pub owed: u64,
    /// The end of the period.
    pub until: u64,
    /// The thread that is bound to it.
    pub home: Option<ThreadId>,
    /// The thread that runs on it.
    pub holder: Option<ThreadId>,
    /// Time used, in all.
    pub used: u64,
    /// How often the budget was spent.
    pub exhaustions: u64,
}

impl SchedContext {
    /// A context without a thread.
    pub fn new(terms: Terms, quota: QuotaId) -> Self {
        Self {
            refs: 0,
            quota,
            terms,
            left: 0,
            owed: 0,
            until: 0,
            home: None,
            holder: None,
            used: 0,
            exhaustions: 0,
        }
    }

    /// The first period begins, with the whole budget.
    pub fn begin(&mut self, now: u64) {
        (self.left, self.owed) = (self.terms.budget, 0);
        self.until = now.wrapping_add(self.terms.period);
    }

    /// The period that it is now, if the last one known is over.
    pub fn renew(&mut self, now: u64) {
        let Some(late) = now.checked_sub(self.until) else { return };
        let Terms { budget, period, .. } = self.terms;
        let missed = late / period;
        // At most one period after `now`; wrapping as in `begin`.
        self.until = self.until.wrapping_add(missed.wrapping_add(1).wrapping_mul(period));
        let owed = self.owed.saturating_sub(missed.saturating_mul(budget));
        (self.left, self.owed) = (budget.saturating_sub(owed), owed.saturating_sub(budget));
    }

    /// So much time was used until now. What of it lies after the end of the period comes off
    /// the next budget.
    pub fn charge(&mut self, spent: u64, now: u64) {
        let late = now.checked_sub(self.until).map_or(0, |since| since % self.terms.period);
        let late = spent.min(late);
        self.used = self.used.wrapping_add(spent);
        self.take(spent - late);
        self.renew(now);
        self.take(late);
    }

    fn take(&mut self, spent: u64) {
        let paid = spent.min(self.left);
        self.left -= paid;
        // Saturating: a counter that went back makes any `spent`.
        self.owed = self.owed.saturating_add(spent - paid).min(MOST_OWED * self.terms.budget);
    }
}
