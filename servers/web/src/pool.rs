//! Workers, and the connections that they get.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::RefCell;
use critical_section::Mutex;
use net_api::TcpStream;
use sys::{Error, FOREVER, Notification, Priority};

/// Connections at a time. A client of a test can open eight.
pub(crate) const WORKERS: usize = if cfg!(test) { 6 } else { 10 };
/// Those of them that may be streams of events.
const STREAMS: usize = WORKERS / 2;
const STACK_PAGES: u64 = 16;

struct Place {
    bell: Notification,
    /// The connection that the worker serves next.
    given: Option<TcpStream>,
}

struct State {
    places: Vec<Place>,
    idle: Vec<usize>,
    streams: usize,
    /// Whether a connection waits for a worker.
    wanted: bool,
}

/// The workers. Copies are the same ones.
#[derive(Clone)]
pub(crate) struct Pool(Arc<Inner>);

struct Inner {
    state: Mutex<RefCell<State>>,
    /// Signalled when a worker becomes idle.
    free: Notification,
}

impl Pool {
    /// Starts the workers; `work` serves a connection to its end.
    ///
    /// # Errors
    /// What the kernel refuses.
    pub(crate) fn start<W>(priority: Priority, work: W) -> Result<Self, Error>
    where
        W: Fn(&Self, TcpStream) + Clone + Send + 'static,
    {
        let place = |_| Ok(Place { bell: Notification::create()?, given: None });
        let places = (0..WORKERS).map(place).collect::<Result<_, Error>>()?;
        let state = State { places, idle: (0..WORKERS).collect(), streams: 0, wanted: false };
        let state = Mutex::new(RefCell::new(state));
        let pool = Self(Arc::new(Inner { state, free: Notification::create()? }));
        for number in 0..WORKERS {
            let bell = pool
                .with(|state| state.places.get(number).map(|it| it.bell.copy(sys::Rights::ALL)));
            let bell = bell.ok_or(Error::BadState)??;
            let (its, work) = (pool.clone(), work.clone());
            // It lives as long as the process.
            drop(sys::spawn_thread(STACK_PAGES, priority, move || its.work(number, &bell, &work))?);
        }
        Ok(pool)
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        critical_section::with(|section| change(&mut self.0.state.borrow_ref_mut(section)))
    }

    fn work(&self, number: usize, bell: &Notification, work: &impl Fn(&Self, TcpStream)) {
        loop {
            match self.with(|state| state.places.get_mut(number).and_then(|it| it.given.take())) {
                Some(stream) => {
                    work(self, stream);
                    self.with(|state| state.idle.push(number));
                    // It is this process's own: it exists.
                    let _ = self.0.free.signal(1);
                }
                None => {
                    // Whatever ended the wait: look again.
                    let _ = bell.wait(FOREVER);
                }
            }
        }
    }

    /// Gives a connection to a worker, and waits for one that is idle.
    pub(crate) fn serve(&self, stream: TcpStream) {
        let number = loop {
            let idle = self.with(|state| {
                let idle = state.idle.pop();
                state.wanted = idle.is_none();
                idle
            });
            match idle {
                Some(number) => break number,
                None => {
                    let _ = self.0.free.wait(FOREVER);
                }
            }
        };
        self.with(|state| {
            if let Some(place) = state.places.get_mut(number) {
                place.given = Some(stream);
                let _ = place.bell.signal(1);
            }
        });
    }

    /// Whether a connection waits for a worker.
    pub(crate) fn is_wanted(&self) -> bool {
        self.with(|state| state.wanted)
    }

    /// Does something as one of the streams of events, if there may be another one.
    pub(crate) fn stream(&self, work: impl FnOnce()) -> bool {
        let may = self.with(|state| {
            let may = state.streams < STREAMS;
            state.streams += usize::from(may);
            may
        });
        if may {
            work();
            self.with(|state| state.streams -= 1);
        }
        may
    }
}
