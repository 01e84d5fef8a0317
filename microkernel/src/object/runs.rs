//! Runs: threads that have something in common and stand behind each other in a list: the share in
//! a list of a run queue, the priority among the senders of an endpoint.
//!
//! Shape: the two ends of a run know each other (`Thread::run_end`), so a list is gone through run
//! by run, however many threads there are. One that is alone has none there, and so has one that
//! is in no list; what the threads between two ends have says nothing.
//! Cost: a thread that is alone in its list, as most are, takes a comparison; what others need is
//! out of line.
//! Order: [`linked`] after a thread was put into a list, [`unlinking`] before it is taken out.

use super::{By, List, ProcessId, RunEnd, Thread, ThreadId, Threads};

/// What the threads of a run have in common.
pub(crate) trait Common {
    /// Equal in a run, different in neighbouring ones.
    type Key: PartialEq;
    /// That of a thread.
    fn key<F>(thread: &Thread<F>) -> Self::Key;
}

/// Threads of one share.
pub(crate) enum SameShare {}

impl Common for SameShare {
    type Key = ProcessId;
    #[inline(always)]
    fn key<F>(thread: &Thread<F>) -> ProcessId {
        thread.sched.share
    }
}

/// Threads of one priority.
pub(crate) enum SamePriority {}

impl Common for SamePriority {
    type Key = u8;
    #[inline(always)]
    fn key<F>(thread: &Thread<F>) -> u8 {
        thread.sched.priority
    }
}

/// The first and the last thread of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) first: ThreadId,
    pub(crate) last: ThreadId,
}

/// The first run of a list.
pub(crate) fn first<F>(list: &List, threads: &Threads<F>) -> Option<Run> {
    list.first().map(|first| Run { first, last: other_end(threads, first) })
}

/// The last run of a list.
pub(crate) fn last<F>(list: &List, threads: &Threads<F>) -> Option<Run> {
    list.last().map(|last| Run { first: other_end(threads, last), last })
}

/// The run before another one.
pub(crate) fn before<F>(list: &List, threads: &Threads<F>, run: Run) -> Option<Run> {
    let last = list.before(threads, run.first, By::Queue)?;
    Some(Run { first: other_end(threads, last), last })
}

/// All runs of a list.
pub(crate) fn runs<'a, F>(
    list: &List,
    threads: &'a Threads<F>,
) -> impl Iterator<Item = Run> + use<'a, F> {
    let list = *list;
    core::iter::successors(first(&list, threads), move |run| {
        let first = list.after(threads, run.last, By::Queue)?;
        Some(Run { first, last: other_end(threads, first) })
    })
}

/// Runs that are looked at for one of a share.
const LOOKS: usize = 64;

/// The last run of a share, but for the first run of the list when that has its turn. Of a list
/// of more runs only the last ones are looked at: with that
/// many shares ready, one more turn of one of them is a small part.
#[inline(never)]
pub(crate) fn of_share<F>(
    list: &List,
    threads: &Threads<F>,
    share: ProcessId,
    in_turn: bool,
) -> Option<Run> {
    let runs = core::iter::successors(last(list, threads), |run| before(list, threads, *run));
    let turn = list.first().filter(|_| in_turn);
    let waits = |run: &Run| turn != Some(run.first);
    let its = |run: &Run| threads[run.first].sched.share == share;
    runs.take(LOOKS).take_while(waits).find(its)
}

/// A thread was put into the list, not between two of another run.
#[inline(always)]
pub(crate) fn linked<C: Common, F>(list: &List, threads: &mut Threads<F>, id: ThreadId) {
    if !alone(list) {
        enter::<C, F>(list, threads, id);
    }
}

#[inline(never)]
fn enter<C: Common, F>(list: &List, threads: &mut Threads<F>, id: ThreadId) {
    let key = C::key(&threads[id]);
    let its = |other: &ThreadId| C::key(&threads[*other]) == key;
    let before = list.before(threads, id, By::Queue).filter(its);
    let after = list.after(threads, id, By::Queue).filter(its);
    if before.is_some() || after.is_some() {
        let first = before.map_or(id, |before| other_end(threads, before));
        let last = after.map_or(id, |after| other_end(threads, after));
        join(threads, first, last);
    }
}

/// A thread is about to be taken out of the list.
#[inline(always)]
pub(crate) fn unlinking<C: Common, F>(list: &List, threads: &mut Threads<F>, id: ThreadId) {
    if !alone(list) {
        exit::<C, F>(list, threads, id);
    }
}

#[inline(never)]
fn exit<C: Common, F>(list: &List, threads: &mut Threads<F>, id: ThreadId) {
    let before = list.before(threads, id, By::Queue);
    let after = list.after(threads, id, By::Queue);
    let thread = &mut threads[id];
    let (key, end) = (C::key(thread), core::mem::take(&mut thread.sched.run_end).0);
    let its = |other: &ThreadId| C::key(&threads[*other]) == key;
    match (before.filter(its), after.filter(its)) {
        (Some(_), Some(_)) => {}
        // NOFAIL: as in `other_end`: it is an end of a run, and not alone.
        (Some(last), None) => join(threads, end.unwrap_or(last), last),
        (None, Some(first)) => join(threads, first, end.unwrap_or(first)),
        (None, None) => {
            if let (Some(before), Some(after)) = (before, after) {
                meet::<C, F>(threads, before, after);
            }
        }
    }
}

/// Whether one thread is all there is.
#[inline(always)]
fn alone(list: &List) -> bool {
    list.first() == list.last()
}

/// Puts the first run of a list last.
pub(crate) fn rotate<C: Common, F>(list: &mut List, threads: &mut Threads<F>, run: Run) {
    let Some(last) = list.last().filter(|last| *last != run.last) else { return };
    list.rotate(threads, run.last, By::Queue);
    meet::<C, F>(threads, last, run.first);
}

/// The last of a run and the first of another one are neighbours now: are they one?
fn meet<C: Common, F>(threads: &mut Threads<F>, last: ThreadId, first: ThreadId) {
    if C::key(&threads[last]) == C::key(&threads[first]) {
        join(threads, other_end(threads, last), other_end(threads, first));
    }
}

fn other_end<F>(threads: &Threads<F>, end: ThreadId) -> ThreadId {
    threads[end].sched.run_end.0.unwrap_or(end)
}

fn join<F>(threads: &mut Threads<F>, first: ThreadId, last: ThreadId) {
    if first == last {
        threads[first].sched.run_end = RunEnd(None);
    } else {
        threads[first].sched.run_end = RunEnd(Some(last));
        threads[last].sched.run_end = RunEnd(Some(first));
    }
}
