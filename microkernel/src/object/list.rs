//! Lists of threads: through the threads themselves, so that nothing is allocated and each is
//! taken out of its place at once.

use super::{By, Links, PendingLink, ThreadId, Threads};

/// A doubly linked list of threads.
#[derive(Clone, Copy, Debug, Hash, Default)]
pub struct List {
    first: Option<ThreadId>,
    last: Option<ThreadId>,
}

impl List {
    /// No threads.
    pub const EMPTY: Self = Self { first: None, last: None };

    /// One thread, which has no neighbours.
    pub fn of(id: ThreadId) -> Self {
        Self { first: Some(id), last: Some(id) }
    }

    /// The first thread.
    pub fn first(&self) -> Option<ThreadId> {
        self.first
    }

    /// The last thread.
    pub fn last(&self) -> Option<ThreadId> {
        self.last
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// Appends a thread that is in no list of this kind.
    pub fn push_back<F>(&mut self, threads: &mut Threads<F>, id: ThreadId, by: By) {
        *links(threads, id, by) = Links { previous: self.last, next: None };
        match self.last {
            Some(last) => links(threads, last, by).next = Some(id),
            None => self.first = Some(id),
        }
        self.last = Some(id);
    }

    /// Prepends a thread that is in no list of this kind.
    pub fn push_front<F>(&mut self, threads: &mut Threads<F>, id: ThreadId, by: By) {
        *links(threads, id, by) = Links { previous: None, next: self.first };
        match self.first {
            Some(first) => links(threads, first, by).previous = Some(id),
            None => self.last = Some(id),
        }
        self.first = Some(id);
    }

    /// Takes out a thread by its queue links. The caller joins its neighbours.
    #[inline(always)]
    pub(crate) fn take_out(&mut self, links: &mut Links) -> PendingLink {
        let Links { previous, next } = core::mem::take(links);
        if previous.is_none() {
            self.first = next;
        }
        if next.is_none() {
            self.last = previous;
        }
        PendingLink { previous, next }
    }

    /// Appends a thread by its queue links. The caller joins it with the thread before.
    #[inline(always)]
    pub(crate) fn put_last(&mut self, id: ThreadId, links: &mut Links) -> PendingLink {
        let previous = self.last.replace(id);
        *links = Links { previous, next: None };
        if previous.is_none() {
            self.first = Some(id);
        }
        PendingLink { previous, next: previous.map(|_| id) }
    }

    /// Inserts a thread that is in no list of this kind behind one that is in this list.
    pub fn insert_after<F>(
        &mut self,
        threads: &mut Threads<F>,
        place: ThreadId,
        id: ThreadId,
        by: By,
    ) {
        let next = links(threads, place, by).next.replace(id);
        *links(threads, id, by) = Links { previous: Some(place), next };
        match next {
            Some(next) => links(threads, next, by).previous = Some(id),
            None => self.last = Some(id),
        }
    }

    /// Takes out a thread that is in this list.
    pub fn remove<F>(&mut self, threads: &mut Threads<F>, id: ThreadId, by: By) {
        let Links { previous, next } = core::mem::take(links(threads, id, by));
        match previous {
            Some(previous) => links(threads, previous, by).next = next,
            None => {
                debug_assert!(self.first == Some(id), "{id:?} is not in this list");
                self.first = next;
            }
        }
        match next {
            Some(next) => links(threads, next, by).previous = previous,
            None => self.last = previous,
        }
    }

    /// Puts all from the first one up to this one behind the last, which is another one.
    pub fn rotate<F>(&mut self, threads: &mut Threads<F>, end: ThreadId, by: By) {
        let rest = links(threads, end, by).next.take();
        let (Some(first), Some(last), Some(rest)) = (self.first, self.last, rest) else { return };
        links(threads, rest, by).previous = None;
        links(threads, last, by).next = Some(first);
        links(threads, first, by).previous = Some(last);
        (self.first, self.last) = (Some(rest), Some(end));
    }

    /// The thread before this one.
    pub fn before<F>(&self, threads: &Threads<F>, id: ThreadId, by: By) -> Option<ThreadId> {
        match by {
            By::Queue => threads[id].links.previous,
            By::Sibling => threads[id].siblings.previous,
        }
    }

    /// The thread behind this one.
    pub fn after<F>(&self, threads: &Threads<F>, id: ThreadId, by: By) -> Option<ThreadId> {
        match by {
            By::Queue => threads[id].links.next,
            By::Sibling => threads[id].siblings.next,
        }
    }

    /// The threads, from first to last.
    pub fn iter<'a, F>(
        &self,
        threads: &'a Threads<F>,
        by: By,
    ) -> impl Iterator<Item = ThreadId> + use<'a, F> {
        let mut next = self.first;
        let list = *self;
        core::iter::from_fn(move || {
            let id = next?;
            next = list.after(threads, id, by);
            Some(id)
        })
    }
}

impl PendingLink {
    /// Whether there is a neighbour to join.
    #[inline(always)]
    pub(crate) fn is_open(self) -> bool {
        self.previous.is_some() | self.next.is_some()
    }

    /// Joins the two neighbours.
    #[cold]
    pub(crate) fn close<F>(self, threads: &mut Threads<F>) {
        if let Some(previous) = self.previous {
            threads[previous].links.next = self.next;
        }
        if let Some(next) = self.next {
            threads[next].links.previous = self.previous;
        }
    }
}

#[inline(always)]
fn links<F>(threads: &mut Threads<F>, id: ThreadId, by: By) -> &mut Links {
    let thread = &mut threads[id];
    match by {
        By::Queue => &mut thread.links,
        By::Sibling => &mut thread.siblings,
    }
}

#[cfg(test)]
mod tests {
    use super::{By, List};
    use crate::arena::{Arena, Slot};
    use crate::machine::{CpuId, Phys};
    use crate::object::{ProcessKind, Thread, Threads};

    #[test]
    fn a_list_keeps_order_and_links() {
        let mut processes: Arena<ProcessKind, ()> = Arena::new((0..1).map(Slot::empty).collect());
        let process = processes.insert(()).unwrap();
        let mut threads: Threads<()> = Arena::new((0..4).map(Slot::empty).collect());
        let ids: Vec<_> = (0..4)
            .map(|_| threads.insert(Thread::new((), process, Phys::ZERO, 0, CpuId(0))).unwrap())
            .collect();
        let mut list = List::EMPTY;
        for id in &ids[1..] {
            list.push_back(&mut threads, *id, By::Queue);
        }
        list.push_front(&mut threads, ids[0], By::Queue);
        assert!(list.iter(&threads, By::Queue).eq(ids.iter().copied()));
        for (gone, left) in [(1, vec![0, 2, 3]), (3, vec![0, 2]), (0, vec![2]), (2, vec![])] {
            list.remove(&mut threads, ids[gone], By::Queue);
            assert!(list.iter(&threads, By::Queue).eq(left.iter().map(|index| ids[*index])));
        }
        assert!(list.is_empty());
        for id in &ids {
            list.push_back(&mut threads, *id, By::Queue);
        }
        for order in [[2, 3, 0, 1], [0, 1, 2, 3]] {
            list.rotate(&mut threads, ids[(order[0] + 3) % 4], By::Queue);
            assert!(list.iter(&threads, By::Queue).eq(order.map(|index| ids[index])));
            let backwards =
                std::iter::successors(list.last(), |id| list.before(&threads, *id, By::Queue));
            assert!(backwards.eq(order.map(|index| ids[index]).into_iter().rev()));
        }
    }
}
