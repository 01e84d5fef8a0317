//! The last sample, made into the parts of the page, for all connections.

use crate::page::{self, Layout};
use crate::sample::{Point, Sample, Sources};
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::RefCell;
use critical_section::Mutex;

/// From one sample to the next, and one that counts as such.
pub(crate) const SECOND_NS: u64 = 1_000_000_000;
const ALMOST_NS: u64 = 900_000_000;
/// A pause without viewers after which the history begins anew.
const PAUSE_NS: u64 = 5 * SECOND_NS;
/// Samples in the history.
const HISTORY: usize = 120;

/// The parts of the page at a moment.
pub(crate) struct View {
    /// Their names and their HTML.
    pub(crate) parts: Vec<(&'static str, String)>,
}

#[derive(Default)]
struct State {
    view: Option<Arc<View>>,
    last: Arc<Sample>,
    history: VecDeque<Point>,
    /// Whether a thread takes a sample now.
    busy: bool,
}

/// The last view, and how to come to the next one.
pub(crate) struct Store {
    sources: Sources,
    layout: Layout,
    state: Mutex<RefCell<State>>,
}

impl Store {
    pub(crate) fn new(sources: Sources) -> Self {
        let layout = Layout::new(&sources.allowed);
        Self { sources, layout, state: Mutex::new(RefCell::default()) }
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        critical_section::with(|section| change(&mut self.state.borrow_ref_mut(section)))
    }

    /// The view of this second. While one thread makes it, the others have the one before.
    pub(crate) fn view(&self) -> Arc<View> {
        let now = sys::clock();
        let found = self.with(|state| {
            let view = state.view.clone();
            let is_new = now.saturating_sub(state.last.at_ns) < ALMOST_NS;
            if view.is_some() && (is_new || state.busy) {
                return Ok(view);
            }
            state.busy = true;
            Err(state.last.clone())
        });
        match found {
            Ok(Some(view)) => view,
            Ok(None) => self.make(Arc::default()),
            Err(before) => self.make(before),
        }
    }

    fn make(&self, before: Arc<Sample>) -> Arc<View> {
        let sample = Arc::new(self.sources.sample(&before));
        let history: Vec<Point> = self.with(|state| {
            if sample.at_ns.saturating_sub(before.at_ns) > PAUSE_NS {
                state.history.clear();
            }
            if state.history.len() >= HISTORY {
                state.history.pop_front();
            }
            state.history.push_back(page::point(&before, &sample));
            state.history.iter().copied().collect()
        });
        let parts = page::parts(&before, &sample, &history, &self.layout);
        let view = Arc::new(View { parts });
        // The old ones are freed outside of the section.
        let old = self.with(|state| {
            state.busy = false;
            (state.view.replace(view.clone()), core::mem::replace(&mut state.last, sample))
        });
        drop(old);
        view
    }
}
