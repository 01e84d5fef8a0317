//! Quota: how much a process may use, and does.
//!
//! Shape: a tree. A process's limit is taken out of its creator's account and counts as used
//! there. At its death the unused part goes back at once, the rest when what it paid for goes.

use super::QuotaId;
use crate::arena::Arena;
use abi::Error;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resource {
    /// Frames of 4 KiB.
    Pages,
    /// Slots of handle tables.
    Handles,
    /// Threads.
    Threads,
    /// All other objects.
    Objects,
}

/// An amount of each resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Amounts([u32; 4]);

impl Amounts {
    /// Amounts in the order pages, handles, threads, objects.
    pub const fn new(pages: u32, handles: u32, threads: u32, objects: u32) -> Self {
        Self([pages, handles, threads, objects])
    }

    /// How much of this resource.
    pub fn of(&self, resource: Resource) -> u32 {
        self.0[resource as usize]
    }

    /// What is left of `self` after `used`.
    fn minus(&self, used: &Self) -> Self {
        Self(core::array::from_fn(|index| self.0[index].saturating_sub(used.0[index])))
    }

    fn fits(&self, more: &Self, limit: &Self) -> bool {
        (0..4).all(|index| {
            self.0[index].checked_add(more.0[index]).is_some_and(|sum| sum <= limit.0[index])
        })
    }

    fn add(&mut self, more: &Self) {
        for index in 0..4 {
            self.0[index] += more.0[index];
        }
    }

    fn is_zero(&self) -> bool {
        self.0 == [0; 4]
    }

    fn single(resource: Resource, count: u32) -> Self {
        let mut amounts = Self::default();
        amounts.0[resource as usize] = count;
        amounts
    }
}

/// One account.
#[derive(Clone, Debug, Hash, Default)]
pub struct Quota {
    /// What may be used.
    pub limit: Amounts,
    /// What is used.
    pub used: Amounts,
    /// Whose account the limit was taken from.
    pub parent: Option<QuotaId>,
    /// The process is dead: what comes back goes on to the parent.
    pub closed: bool,
    /// The number of accounts above it.
    pub depth: u8,
}

/// The most accounts above one: what comes back goes up through them.
const DEEPEST: u8 = 32;

/// All accounts.
pub type Quotas = Arena<super::QuotaKind, Quota>;

impl Quotas {
    /// Opens an account of this limit, paid for by the parent.
    ///
    /// # Errors
    /// `QuotaExceeded` when the parent has not that much left or is too deep in the tree,
    /// `OutOfMemory` without room.
    pub fn open(&mut self, parent: Option<QuotaId>, limit: Amounts) -> Result<QuotaId, Error> {
        let mut depth = 0;
        if let Some(parent) = parent {
            let account = &self[parent];
            depth = account.depth + 1;
            if !account.used.fits(&limit, &account.limit) || depth > DEEPEST {
                return Err(Error::QuotaExceeded);
            }
        }
        let account = Quota { limit, used: Amounts::default(), parent, closed: false, depth };
        let id = self.insert(account).map_err(|_| Error::OutOfMemory)?;
        if let Some(parent) = parent {
            self[parent].used.add(&limit);
        }
        Ok(id)
    }

    /// How much of a resource may still be used; nothing when there is no such account any more.
    pub fn left(&self, id: QuotaId, resource: Resource) -> u32 {
        self.get(id).map_or(0, |account| account.limit.minus(&account.used).of(resource))
    }

    /// Counts `count` more of a resource.
    ///
    /// # Errors
    /// `QuotaExceeded`, and nothing is counted.
    pub fn charge(&mut self, id: QuotaId, resource: Resource, count: u32) -> Result<(), Error> {
        let account = &mut self[id];
        let more = Amounts::single(resource, count);
        if !account.used.fits(&more, &account.limit) {
            return Err(Error::QuotaExceeded);
        }
        account.used.add(&more);
        Ok(())
    }

    /// Counts `count` less of a resource.
    pub fn give_back(&mut self, id: QuotaId, resource: Resource, count: u32) {
        let amount = Amounts::single(resource, count);
        let account = &mut self[id];
        account.used = account.used.minus(&amount);
        if account.closed {
            self.shrink(id, amount);
        }
    }

    /// The process is dead: its unused part goes back to the parent now.
    pub fn close(&mut self, id: QuotaId) {
        let account = &mut self[id];
        account.closed = true;
        let unused = account.limit.minus(&account.used);
        self.shrink(id, unused);
    }

    /// Gives a part of closed accounts' limits back, up the tree; empty ones go.
    fn shrink(&mut self, id: QuotaId, amount: Amounts) {
        let mut next = Some(id);
        while let Some(id) = next {
            let account = &mut self[id];
            if !account.closed {
                break;
            }
            account.limit = account.limit.minus(&amount);
            let (parent, done) = (account.parent, account.limit.is_zero());
            if done {
                self.discard(id);
            }
            if let Some(parent) = parent {
                let account = &mut self[parent];
                account.used = account.used.minus(&amount);
            }
            next = parent;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Amounts, Quotas, Resource};
    use crate::arena::{Arena, Slot};
    use abi::Error;

    fn quotas() -> Quotas {
        Arena::new((0..8).map(Slot::empty).collect())
    }

    #[test]
    fn a_child_takes_its_limit_out_of_the_parent() {
        let mut quotas = quotas();
        let root = quotas.open(None, Amounts::new(10, 10, 10, 10)).unwrap();
        let child = quotas.open(Some(root), Amounts::new(8, 1, 1, 1)).unwrap();
        assert_eq!(quotas.charge(root, Resource::Pages, 3), Err(Error::QuotaExceeded));
        assert_eq!(quotas.charge(child, Resource::Pages, 9), Err(Error::QuotaExceeded));
        assert_eq!(quotas.charge(child, Resource::Pages, u32::MAX), Err(Error::QuotaExceeded));
        assert_eq!(quotas.charge(child, Resource::Pages, 8), Ok(()));
    }

    #[test]
    fn death_gives_the_unused_part_now_and_the_rest_later() {
        let mut quotas = quotas();
        let root = quotas.open(None, Amounts::new(10, 10, 10, 10)).unwrap();
        let child = quotas.open(Some(root), Amounts::new(8, 2, 2, 2)).unwrap();
        let grandchild = quotas.open(Some(child), Amounts::new(4, 0, 0, 0)).unwrap();
        quotas.charge(grandchild, Resource::Pages, 3).unwrap();
        quotas.close(child);
        assert_eq!(quotas[root].used, Amounts::new(4, 0, 0, 0));
        quotas.close(grandchild);
        assert_eq!(quotas[root].used, Amounts::new(3, 0, 0, 0));
        quotas.give_back(grandchild, Resource::Pages, 3);
        assert_eq!(quotas[root].used, Amounts::default());
        assert_eq!(quotas.len(), 1, "closed accounts are gone");
    }
}
