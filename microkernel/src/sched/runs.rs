//! Runs: threads of one share that stand behind each other in a list of a run queue.
//!
//! Shape: the two ends of a run know each other (`Thread::run_end`), so a list is gone through run
//! by run, however many threads there are. One that is alone has none there, and so has one that
//! is in no list; what the threads between two ends have says nothing.
//! Cost: a thread that is alone in its list, as most are, takes a comparison; what others need is
//! out of line.
//! Order: [`linked`] after a thread was put into a list, [`unlinking`] before it is taken out.

use crate::object::{By, List, ProcessId, RunEnd, ThreadId, Threads};

/// The first and the last thread of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) first: ThreadId,
    pub(super) last: ThreadId,
}

/// The first run of a list.
pub(super) fn first<F>(list: &List, threads: &Threads<F>) -> Option<Run> {
    list.first().map(|first| Run { first, last: other_end(threads, first) })
}

/// All runs of a list.
pub(super) fn runs<'a, F>(
    list: &List,
    threads: &'a Threads<F>,
) -> impl Iterator<Item = Run> + use<'a, F> {
    let list = *list;
    core::iter::successors(first(&list, threads), move |run| {
        let first = list.after(threads, run.last, By::Queue)?;
        Some(Run { first, last: other_end(threads, first) })
    })
}

/// The last run of a share, but for the first run of the list when that has its turn.
#[inline(never)]
pub(super) fn of_share<F>(
    list: &List,
    threads: &Threads<F>,
    share: ProcessId,
    in_turn: bool,
) -> Option<Run> {
    let its = |run: &Run| threads[run.first].share == share;
    runs(list, threads).skip(usize::from(in_turn)).filter(its).last()
}

/// A thread was put into the list, not between two of another share's run.
#[inline(always)]
pub(super) fn linked<F>(list: &List, threads: &mut Threads<F>, id: ThreadId) {
    if !alone(list) {
        enter(list, threads, id);
    }
}

#[inline(never)]
fn enter<F>(list: &List, threads: &mut Threads<F>, id: ThreadId) {
    let share = threads[id].share;
    let its = |other: &ThreadId| threads[*other].share == share;
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
pub(super) fn unlinking<F>(list: &List, threads: &mut Threads<F>, id: ThreadId) {
    if !alone(list) {
        exit(list, threads, id);
    }
}

#[inline(never)]
fn exit<F>(list: &List, threads: &mut Threads<F>, id: ThreadId) {
    let before = list.before(threads, id, By::Queue);
    let after = list.after(threads, id, By::Queue);
    let thread = &mut threads[id];
    let (share, end) = (thread.share, core::mem::take(&mut thread.run_end).0);
    let its = |other: &ThreadId| threads[*other].share == share;
    match (before.filter(its), after.filter(its)) {
        (Some(_), Some(_)) => {}
        // NOFAIL: as in `other_end`: it is an end of a run, and not alone.
        (Some(last), None) => join(threads, end.unwrap_or(last), last),
        (None, Some(first)) => join(threads, first, end.unwrap_or(first)),
        (None, None) => {
            if let (Some(before), Some(after)) = (before, after) {
                meet(threads, before, after);
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
pub(super) fn rotate<F>(list: &mut List, threads: &mut Threads<F>, run: Run) {
    let Some(last) = list.last().filter(|last| *last != run.last) else { return };
    list.rotate(threads, run.last, By::Queue);
    meet(threads, last, run.first);
}

/// The last of a run and the first of another one are neighbours now: are they one?
fn meet<F>(threads: &mut Threads<F>, last: ThreadId, first: ThreadId) {
    if threads[last].share == threads[first].share {
        join(threads, other_end(threads, last), other_end(threads, first));
    }
}

fn other_end<F>(threads: &Threads<F>, end: ThreadId) -> ThreadId {
    threads[end].run_end.0.unwrap_or(end)
}

fn join<F>(threads: &mut Threads<F>, first: ThreadId, last: ThreadId) {
    if first == last {
        threads[first].run_end = RunEnd(None);
    } else {
        threads[first].run_end = RunEnd(Some(last));
        threads[last].run_end = RunEnd(Some(first));
    }
}
