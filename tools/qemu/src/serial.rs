//! The receiving side of a session: a thread that reads what the guest prints.

use crate::Screen;
use crate::patience::Patience;
use std::io::Read;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

/// The longest single wait: some clocks cannot count further.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// Called with the screen after each piece of output.
pub type Observer = Box<dyn FnMut(&Screen) + Send>;

/// What has been received, shared with the reading thread.
pub(crate) struct Serial {
    shared: Arc<(Mutex<Received>, Condvar)>,
    reader: Option<JoinHandle<()>>,
}

/// The state of the line.
#[derive(Default)]
pub(crate) struct Received {
    pub(crate) screen: Screen,
    pub(crate) closed: bool,
    pub(crate) observer: Option<Observer>,
}

impl Serial {
    /// Reads from here until it ends.
    pub(crate) fn new(source: impl Read + Send + 'static) -> Self {
        let shared = Arc::new((Mutex::new(Received::default()), Condvar::new()));
        let for_reader = Arc::clone(&shared);
        let reader = std::thread::spawn(move || read_all(source, &for_reader));
        Self { shared, reader: Some(reader) }
    }

    /// The state now.
    pub(crate) fn received(&self) -> MutexGuard<'_, Received> {
        lock(&self.shared.0)
    }

    /// Waits until the condition holds, the line is closed or the time is over. Returns the
    /// condition's value.
    pub(crate) fn wait<T>(
        &self,
        patience: &Patience,
        mut condition: impl FnMut(&mut Received) -> Option<T>,
    ) -> Option<T> {
        let (_, changed) = &*self.shared;
        let mut received = self.received();
        loop {
            let result = condition(&mut received);
            if result.is_some() || received.closed || patience.is_over() {
                return result;
            }
            received = match changed.wait_timeout(received, patience.left().min(LONGEST_WAIT)) {
                Ok((guard, _)) => guard,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    /// Waits for the end of the output, after the guest has ended.
    pub(crate) fn join(&mut self) {
        if let Some(reader) = self.reader.take() {
            // After a panic of the reader the line counts as closed.
            drop(reader.join());
        }
    }
}

fn read_all(mut source: impl Read, shared: &(Mutex<Received>, Condvar)) {
    let mut buffer = [0; 4096];
    loop {
        let count = source.read(&mut buffer).unwrap_or(0);
        let mut received = lock(&shared.0);
        received.screen.push(&buffer[..count]);
        received.closed = count == 0;
        let Received { screen, observer, .. } = &mut *received;
        if let Some(observer) = observer {
            observer(screen);
        }
        shared.1.notify_all();
        if count == 0 {
            return;
        }
    }
}

/// A thread that panicked with the lock left whole lines.
fn lock(received: &Mutex<Received>) -> MutexGuard<'_, Received> {
    received.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
