//! The state behind one lock, and the calls without a message.

use super::endpoint::{Endpoint, Wanted};
use super::memory::Block;
use crate::{Error, Rights};
use abi::{Handle, ObjectKind, Syscall};
use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The state and what its waiters sleep on.
pub(super) struct Shared {
    state: Mutex<Kernel>,
    changed: Condvar,
}

pub(super) static KERNEL: Shared =
    Shared { state: Mutex::new(Kernel::new()), changed: Condvar::new() };

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, Kernel> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `attempt` gives something, or the deadline is there.
    pub(super) fn wait<T>(
        &self,
        deadline_ns: u64,
        mut attempt: impl FnMut(&mut Kernel) -> Option<T>,
    ) -> Result<T, Error> {
        let mut state = self.lock();
        loop {
            if let Some(done) = attempt(&mut state) {
                return Ok(done);
            }
            let now = now();
            if deadline_ns == 0 {
                return Err(Error::WouldBlock);
            }
            if deadline_ns <= now {
                return Err(Error::TimedOut);
            }
            // Never much longer than a moment: a missed wake-up must not hang a test.
            let left = Duration::from_nanos((deadline_ns - now).min(50_000_000));
            let waited = self.changed.wait_timeout(state, left);
            state = waited.map_or_else(|error| error.into_inner().0, |(state, _)| state);
        }
    }

    pub(super) fn wake(&self) {
        self.changed.notify_all();
    }
}

/// What a handle names.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) kind: ObjectKind,
    pub(super) id: u64,
    pub(super) rights: Rights,
    pub(super) badge: u64,
}

pub(super) struct Kernel {
    handles: Option<HashMap<u32, Entry>>,
    pub(super) endpoints: Option<HashMap<u64, Endpoint>>,
    notifications: Option<HashMap<u64, u64>>,
    pub(super) memories: Option<HashMap<u64, Block>>,
    pub(super) calls: Option<HashMap<u64, Wanted>>,
    next: u64,
}

/// A table, made when it is first needed: a static cannot hold a full one.
pub(super) fn table<K, V>(table: &mut Option<HashMap<K, V>>) -> &mut HashMap<K, V> {
    table.get_or_insert_with(HashMap::new)
}

impl Kernel {
    const fn new() -> Self {
        Self {
            handles: None,
            endpoints: None,
            notifications: None,
            memories: None,
            calls: None,
            next: 1,
        }
    }

    pub(super) fn fresh(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    pub(super) fn open_handles(&self) -> usize {
        self.handles.as_ref().map_or(0, HashMap::len)
    }

    pub(super) fn is_open(&self, handle: Handle) -> bool {
        self.handles.as_ref().is_some_and(|handles| handles.contains_key(&handle.0))
    }

    pub(super) fn insert(&mut self, entry: Entry) -> Result<u64, Error> {
        let number = u32::try_from(self.fresh()).map_err(|_| Error::HandlesFull)?;
        if entry.kind == ObjectKind::Endpoint && entry.rights.contains(Rights::RECEIVE) {
            table(&mut self.endpoints).entry(entry.id).or_default().receivers += 1;
        }
        table(&mut self.handles).insert(number, entry);
        Ok(number.into())
    }

    pub(super) fn entry(&self, handle: u64) -> Result<&Entry, Error> {
        let number = u32::try_from(handle).map_err(|_| Error::BadHandle)?;
        self.handles.as_ref().and_then(|handles| handles.get(&number)).ok_or(Error::BadHandle)
    }

    pub(super) fn entry_of(
        &self,
        handle: u64,
        kind: ObjectKind,
        rights: Rights,
    ) -> Result<&Entry, Error> {
        let entry = self.entry(handle)?;
        if entry.kind != kind {
            Err(Error::WrongKind)
        } else if !entry.rights.contains(rights) {
            Err(Error::NoRight)
        } else {
            Ok(entry)
        }
    }

    pub(super) fn close(&mut self, handle: u64) -> Result<(), Error> {
        let number = u32::try_from(handle).map_err(|_| Error::BadHandle)?;
        let entry = table(&mut self.handles).remove(&number).ok_or(Error::BadHandle)?;
        if entry.kind == ObjectKind::Endpoint && entry.rights.contains(Rights::RECEIVE) {
            self.receiver_closed(entry.id);
        }
        Ok(())
    }

    fn create(&mut self, kind: ObjectKind) -> Result<u64, Error> {
        let id = self.fresh();
        match kind {
            ObjectKind::Notification => drop(table(&mut self.notifications).insert(id, 0)),
            _ => drop(table(&mut self.endpoints).insert(id, Endpoint::default())),
        }
        self.insert(Entry { kind, id, rights: Rights::ALL, badge: 0 })
    }

    fn copy(&mut self, handle: u64, rights: u64, badge: u64) -> Result<u64, Error> {
        let mut entry = self.entry(handle)?.clone();
        if badge != 0 {
            if entry.badge != 0 || !entry.rights.contains(Rights::MINT) {
                return Err(Error::NoRight);
            }
            entry.badge = badge;
        }
        let rights = Rights(u16::try_from(rights).map_err(|_| Error::BadArgument)?);
        entry.rights = entry.rights.intersection(rights);
        self.insert(entry)
    }

    pub(super) fn signal(&mut self, handle: u64, bits: u64) -> Result<(), Error> {
        let id = self.entry_of(handle, ObjectKind::Notification, Rights::SIGNAL)?.id;
        *table(&mut self.notifications).entry(id).or_default() |= bits;
        Ok(())
    }

    pub(super) fn take_bits(&mut self, id: u64) -> Option<u64> {
        let bits = core::mem::take(table(&mut self.notifications).get_mut(&id)?);
        (bits != 0).then_some(bits)
    }
}

/// A call without a message.
pub(super) fn plain(number: Syscall, arguments: [u64; 6]) -> Result<(u64, u64), Error> {
    let [a0, a1, a2, ..] = arguments;
    match number {
        Syscall::Clock => return Ok((now(), 0)),
        Syscall::Yield => return Ok(yielded()),
        Syscall::Sleep => return Ok(slept(a0)),
        Syscall::Wait => return wait(a0, a1),
        Syscall::ProcessKill if a0 == 0 => {
            std::process::exit(i32::try_from(a1).unwrap_or(i32::MAX))
        }
        _ => {}
    }
    let mut kernel = KERNEL.lock();
    let done = match number {
        Syscall::HandleClose => kernel.close(a0).map(|()| (0, 0)),
        Syscall::HandleCopy => kernel.copy(a0, a1, a2).map(|handle| (handle, 0)),
        Syscall::HandleInfo => {
            kernel.entry(a0).map(|entry| (entry.kind as u64, entry.rights.0.into()))
        }
        Syscall::EndpointCreate => kernel.create(ObjectKind::Endpoint).map(|h| (h, 0)),
        Syscall::NotificationCreate => kernel.create(ObjectKind::Notification).map(|h| (h, 0)),
        Syscall::Signal => kernel.signal(a0, a1).map(|()| (0, 0)),
        Syscall::Bind => kernel.bind(a0).map(|()| (0, 0)),
        Syscall::MemoryCreate => kernel.create_memory(a0).map(|handle| (handle, 0)),
        Syscall::MemoryInfo => kernel.memory_pages(a0).map(|pages| (pages, 0)),
        _ => Err(Error::NoSuchCall),
    };
    drop(kernel);
    KERNEL.wake();
    done
}

fn wait(handle: u64, deadline_ns: u64) -> Result<(u64, u64), Error> {
    let id = KERNEL.lock().entry_of(handle, ObjectKind::Notification, Rights::WAIT)?.id;
    KERNEL.wait(deadline_ns, |kernel| kernel.take_bits(id)).map(|bits| (bits, 0))
}

fn yielded() -> (u64, u64) {
    std::thread::yield_now();
    (0, 0)
}

fn slept(deadline_ns: u64) -> (u64, u64) {
    std::thread::sleep(Duration::from_nanos(deadline_ns.saturating_sub(now())));
    (0, 0)
}

/// Nanoseconds since the first use, never 0.
fn now() -> u64 {
    static START: Mutex<Option<Instant>> = Mutex::new(None);
    let mut start = START.lock().unwrap_or_else(PoisonError::into_inner);
    let elapsed = start.get_or_insert_with(Instant::now).elapsed();
    u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX).max(1)
}
