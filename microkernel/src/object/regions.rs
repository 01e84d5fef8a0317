//! Regions: the mappings of a space, found by address.
//!
//! Shape: an AVL tree by first address, whose links are in the regions themselves; regions of a
//! space never overlap, so that their ends are in the same order. The two sides of a region differ
//! by one in height at most. That bounds the height by 1.44 times the logarithm of the number of
//! regions, whatever order a program maps in: a tree balanced by chance with fixed priorities
//! would be the program's to unbalance. Each loop goes down or up one path; none needs a stack.
//! Order: a region is in the arena before it is inserted and until it was removed here.
//! Source: Adelson-Velsky and Landis, "An algorithm for the organization of information" (1962).

use super::{MemoryId, RegionId, RegionKind};
use crate::arena::Arena;
use abi::{Protection, Rights};

/// Where all regions live.
pub type RegionArena = Arena<RegionKind, Region>;

/// A mapping: consecutive pages of a memory object at an address.
#[derive(Clone, Copy, Debug, Hash, Default)]
pub struct Region {
    /// The first address.
    pub start: u64,
    /// Pages of 4 KiB.
    pub pages: u64,
    /// What is mapped.
    pub memory: MemoryId,
    /// From which of its pages on.
    pub first_page: u64,
    /// How.
    pub protection: Protection,
    /// The rights of the handle it was mapped with: what `Protect` may make of it.
    pub limit: Rights,
    /// A long operation is at work on it.
    pub busy: bool,
    /// Its place in the tree; a new region has the default.
    pub branch: Branch,
}

impl Region {
    /// The first address after it.
    pub fn end(&self) -> u64 {
        self.start + self.pages * abi::PAGE_SIZE
    }
}

/// A region's links in the tree.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub struct Branch {
    parent: Option<RegionId>,
    sides: [Option<RegionId>; 2],
    /// The heights of the trees on the two sides: the most regions on a way down. Here and not in
    /// the children, so that to balance a region looks at no other one.
    heights: [u8; 2],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// Lower addresses.
    Left,
    /// Higher ones.
    Right,
}

use Side::{Left, Right};

impl Side {
    fn other(self) -> Self {
        if self == Left { Right } else { Left }
    }
}

impl Branch {
    fn side(&self, side: Side) -> Option<RegionId> {
        self.sides[side as usize]
    }

    /// The most regions on a way down from here, this one among them.
    fn height(&self) -> u8 {
        1 + self.heights[0].max(self.heights[1])
    }

    /// The side that is higher than the other one by more than one.
    fn too_high(&self) -> Option<Side> {
        match self.heights {
            [left, right] if left > right + 1 => Some(Left),
            [left, right] if right > left + 1 => Some(Right),
            _ => None,
        }
    }
}

/// The parent and the side; none: at the root.
type Place = Option<(RegionId, Side)>;

/// Where a new region hangs: good until the tree changes.
#[derive(Debug)]
pub struct Gap(Place);

/// The regions of one space.
#[derive(Clone, Debug, Default, Hash)]
pub struct Regions {
    root: Option<RegionId>,
}

impl Regions {
    /// The first region that ends after this address: it contains the address or lies behind it.
    pub fn first_from(&self, arena: &RegionArena, address: u64) -> Option<RegionId> {
        let mut found = None;
        let mut next = self.root;
        while let Some(id) = next {
            let region = &arena[id];
            next = if region.end() > address {
                found = Some(id);
                region.branch.side(Left)
            } else {
                region.branch.side(Right)
            };
        }
        found
    }

    /// The next region by address. A walk costs a constant per region, on average.
    pub fn next(arena: &RegionArena, id: RegionId) -> Option<RegionId> {
        if let Some(right) = arena[id].branch.side(Right) {
            return Some(lowest(arena, right));
        }
        let mut id = id;
        loop {
            match place(arena, id)? {
                (parent, Left) => return Some(parent),
                (parent, Right) => id = parent,
            }
        }
    }

    /// Where a region from `start` to `end` would hang; none: it would overlap another one.
    pub fn gap(&self, arena: &RegionArena, start: u64, end: u64) -> Option<Gap> {
        let mut place = None;
        let mut next = self.root;
        while let Some(id) = next {
            let region = &arena[id];
            let side = if end <= region.start {
                Left
            } else if region.end() <= start {
                Right
            } else {
                return None;
            };
            place = Some((id, side));
            next = region.branch.side(side);
        }
        Some(Gap(place))
    }

    /// Where a region directly behind this one would hang.
    pub fn gap_behind(arena: &RegionArena, id: RegionId) -> Gap {
        let right = arena[id].branch.side(Right);
        Gap(Some(right.map_or((id, Right), |right| (lowest(arena, right), Left))))
    }

    /// Puts a new region into the gap that was found for it.
    pub fn insert(&mut self, arena: &mut RegionArena, Gap(place): Gap, id: RegionId) {
        self.hang(arena, place, Some(id));
        self.rebalance(arena, place.map(|(parent, _)| parent));
    }

    /// Takes a region out.
    pub fn remove(&mut self, arena: &mut RegionArena, id: RegionId) {
        match arena[id].branch.sides {
            [Some(_), Some(right)] => self.replace(arena, id, right),
            [left, right] => self.take_out(arena, id, left.or(right)),
        }
    }

    /// Takes out a region that has one child at most.
    fn take_out(&mut self, arena: &mut RegionArena, id: RegionId, child: Option<RegionId>) {
        self.hang(arena, place(arena, id), child);
        self.rebalance(arena, arena[id].branch.parent);
    }

    /// Takes out a region that has two children: the next one, which has no left child, takes
    /// over its place.
    fn replace(&mut self, arena: &mut RegionArena, id: RegionId, right: RegionId) {
        let heir = lowest(arena, right);
        let Branch { parent, sides: [_, orphan], .. } = arena[heir].branch;
        self.hang(arena, place(arena, heir), orphan);
        let branch = arena[id].branch;
        self.link(arena, place(arena, id), Some(heir));
        for side in [Left, Right] {
            self.link(arena, Some((heir, side)), branch.side(side));
        }
        // As they were: what has changed on its way up comes here by `rebalance`.
        arena[heir].branch.heights = branch.heights;
        self.rebalance(arena, if parent == Some(id) { Some(heir) } else { parent });
    }

    /// Puts a child, or none, into a place.
    fn hang(&mut self, arena: &mut RegionArena, place: Place, child: Option<RegionId>) {
        self.link(arena, place, child);
        if let Some((parent, side)) = place {
            let height = child.map_or(0, |child| arena[child].branch.height());
            arena[parent].branch.heights[side as usize] = height;
        }
    }

    /// The same, where the height on that side is left as it was.
    fn link(&mut self, arena: &mut RegionArena, place: Place, child: Option<RegionId>) {
        match place {
            Some((parent, side)) => arena[parent].branch.sides[side as usize] = child,
            None => self.root = child,
        }
        if let Some(child) = child {
            arena[child].branch.parent = place.map(|(parent, _)| parent);
        }
    }

    /// Balances from a region up, as far as heights change. Its own sides are measured.
    fn rebalance(&mut self, arena: &mut RegionArena, mut next: Option<RegionId>) {
        while let Some(id) = next {
            let top = match arena[id].branch.too_high() {
                Some(high) => self.balance(arena, id, high),
                None => id,
            };
            let Some((parent, side)) = place(arena, top) else { break };
            let height = arena[top].branch.height();
            let known = &mut arena[parent].branch.heights[side as usize];
            if *known == height {
                break;
            }
            *known = height;
            next = Some(parent);
        }
    }

    /// Balances a region whose sides are balanced, one of them higher by two: what is in its place
    /// then.
    #[cold]
    fn balance(&mut self, arena: &mut RegionArena, id: RegionId, high: Side) -> RegionId {
        let child = arena[id].branch.side(high).filter(|child| {
            let [left, right] = arena[*child].branch.heights;
            if high == Left { right > left } else { left > right }
        });
        if let Some(child) = child {
            self.lift(arena, child, high.other());
        }
        self.lift(arena, id, high)
    }

    /// Rotates: the child on this side comes into the place of its parent.
    fn lift(&mut self, arena: &mut RegionArena, id: RegionId, side: Side) -> RegionId {
        let Some(child) = arena[id].branch.side(side) else { return id };
        let inner = arena[child].branch.side(side.other());
        self.link(arena, place(arena, id), Some(child));
        self.hang(arena, Some((id, side)), inner);
        self.hang(arena, Some((child, side.other())), Some(id));
        child
    }
}

fn place(arena: &RegionArena, id: RegionId) -> Place {
    let parent = arena[id].branch.parent?;
    let side = if arena[parent].branch.side(Left) == Some(id) { Left } else { Right };
    Some((parent, side))
}

/// The first region by address of those from this one down.
fn lowest(arena: &RegionArena, mut id: RegionId) -> RegionId {
    while let Some(left) = arena[id].branch.side(Left) {
        id = left;
    }
    id
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{Branch, Region, RegionArena, Regions};
    use crate::arena::{Arena, Slot};
    use crate::object::{MemoryKind, RegionId};
    use abi::{PAGE_SIZE, Protection, Rights};
    use std::collections::BTreeMap;

    /// All regions of a tree in order, by way of its branches alone. Panics when one is not in
    /// order, linked both ways, balanced and measured.
    pub(crate) fn checked(regions: &Regions, arena: &RegionArena) -> Vec<RegionId> {
        let mut found = Vec::new();
        check_below(arena, None, regions.root, &mut found);
        let ends = found.iter().map(|id| (arena[*id].start, arena[*id].end()));
        let apart = ends.clone().zip(ends.skip(1)).all(|(one, other)| one.1 <= other.0);
        assert!(apart, "regions are not sorted and apart");
        found
    }

    fn check_below(
        arena: &RegionArena,
        parent: Option<RegionId>,
        id: Option<RegionId>,
        found: &mut Vec<RegionId>,
    ) -> u8 {
        let Some(id) = id else { return 0 };
        let branch = arena[id].branch;
        assert_eq!(branch.parent, parent, "{id:?} does not know its parent");
        let left = check_below(arena, Some(id), branch.sides[0], found);
        found.push(id);
        let right = check_below(arena, Some(id), branch.sides[1], found);
        assert!(left.abs_diff(right) <= 1, "{id:?} is not balanced: {left} and {right}");
        assert_eq!(branch.heights, [left, right], "{id:?} is measured wrongly");
        branch.height()
    }

    /// A tree of regions and what it should be.
    struct Pair {
        arena: RegionArena,
        regions: Regions,
        model: BTreeMap<u64, RegionId>,
    }

    impl Pair {
        fn new(capacity: usize) -> Self {
            let arena = Arena::new((0..capacity).map(Slot::empty).collect());
            Self { arena, regions: Regions::default(), model: BTreeMap::new() }
        }

        /// A region of two pages.
        fn insert(&mut self, number: u64) {
            let start = number * 4 * PAGE_SIZE;
            let memory = Arena::<MemoryKind, ()>::new([Slot::empty(0)].into()).insert(());
            let region = Region {
                start,
                pages: 2,
                memory: memory.unwrap(),
                first_page: 0,
                protection: Protection::Read,
                limit: Rights::NONE,
                busy: false,
                branch: Branch::default(),
            };
            let overlaps = |start, end| self.regions.gap(&self.arena, start, end).is_none();
            assert_eq!(self.model.contains_key(&start), overlaps(start, start + 1));
            assert_eq!(self.model.contains_key(&start), overlaps(start + PAGE_SIZE, region.end()));
            let gap = self.regions.gap(&self.arena, start, region.end()).unwrap();
            let id = self.arena.insert(region).unwrap();
            self.regions.insert(&mut self.arena, gap, id);
            self.model.insert(start, id);
        }

        fn remove(&mut self, start: u64) {
            let id = self.model.remove(&start).unwrap();
            self.regions.remove(&mut self.arena, id);
            self.arena.remove(id);
        }

        fn compare(&self) {
            let expected: Vec<RegionId> = self.model.values().copied().collect();
            assert_eq!(checked(&self.regions, &self.arena), expected);
            let first = self.regions.first_from(&self.arena, 0);
            let walked = std::iter::successors(first, |id| Regions::next(&self.arena, *id));
            assert_eq!(walked.collect::<Vec<_>>(), expected);
        }

        /// The first region that contains an address or lies behind it.
        fn look_up(&self, address: u64) {
            // Those that start above the last page before the address end above the address.
            let from = (address + 1).saturating_sub(2 * PAGE_SIZE);
            let expected = self.model.range(from..).next().map(|(_, id)| *id);
            assert_eq!(self.regions.first_from(&self.arena, address), expected, "{address:#x}");
        }

        fn height(&self) -> u8 {
            self.regions.root.map_or(0, |root| self.arena[root].branch.height())
        }
    }

    #[test]
    fn against_a_sorted_map() {
        let mut pair = Pair::new(512);
        let mut seed = 7_u64;
        for step in 0..20_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let number = seed >> 55;
            let start = number * 4 * PAGE_SIZE;
            // Fewer and fewer regions, then more and more.
            let grows = (seed >> 40) % 8 < if step / 2_000 % 2 == 0 { 6 } else { 2 };
            if grows && !pair.model.contains_key(&start) {
                pair.insert(number);
            } else if !grows && pair.model.contains_key(&start) {
                pair.remove(start);
            }
            pair.compare();
            for at in [0, 1, 2 * PAGE_SIZE - 1, 2 * PAGE_SIZE, 4 * PAGE_SIZE - 1] {
                pair.look_up(start + at);
            }
        }
    }

    #[test]
    fn every_region_of_every_small_tree_can_be_taken_out() {
        for len in 1..=64_u64 {
            for taken in 0..len {
                let mut pair = Pair::new(64);
                (0..len).for_each(|number| pair.insert(number * 37 % len.next_power_of_two()));
                let start = *pair.model.keys().nth(usize::try_from(taken).unwrap()).unwrap();
                pair.remove(start);
                pair.compare();
            }
        }
    }

    #[test]
    fn ascending_descending_and_inward_orders_stay_low() {
        const LEN: u64 = 1 << 14;
        let orders: [fn(u64) -> u64; 3] = [
            |number| number,
            |number| LEN - 1 - number,
            |number| if number % 2 == 0 { number / 2 } else { LEN - 1 - number / 2 },
        ];
        for order in orders {
            let mut pair = Pair::new(1 << 14);
            (0..LEN).for_each(|number| pair.insert(order(number)));
            pair.compare();
            // 1.4405 log2(2^14 + 2) - 0.33 is 19.8.
            assert!(pair.height() <= 19, "{}", pair.height());
            (0..LEN / 2).for_each(|number| pair.remove(order(number) * 4 * PAGE_SIZE));
            pair.compare();
            assert!(pair.height() <= 18, "{}", pair.height());
        }
    }
}
