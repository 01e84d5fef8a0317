//! What checks work with.

use crate::child::Child;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use archive::Archive;
use core::cell::{Cell, RefCell};
use core::fmt::Debug;
use loader::{Grant, Program};
use sys::{
    Constant, Endpoint, Error, Failure, Notification, Priority, Quota, Resource, SystemInfo,
};

/// What a check says.
pub(crate) type Outcome = Result<(), Failure>;
/// A named check.
pub(crate) type Check = (&'static str, fn(&Bench) -> Outcome);

/// The quota of children.
pub(crate) const SMALL: Quota =
    Quota { pages: 400, handles: 64, threads: 4, objects: 64, max_priority: 45, reserved: 0 };
/// How long to wait for what should come at once.
pub(crate) const SOON_NS: u64 = 3_000_000_000;

/// The machine's rights and this program's own file.
pub(crate) struct Bench {
    /// The right to devices and to the end.
    pub(crate) resource: Resource,
    archive: Constant,
    archive_len: usize,
    falsify: Cell<bool>,
    notes: RefCell<Vec<String>>,
}

/// Returns the time `ns` nanoseconds from now.
pub(crate) fn after(ns: u64) -> u64 {
    sys::clock().saturating_add(ns)
}

/// Returns whether the test becomes true soon. Another CPU may make it true.
pub(crate) fn eventually(test: impl Fn() -> bool) -> bool {
    let end = after(SOON_NS);
    while !test() && sys::clock() < end {
        sys::sleep_for(1_000_000);
    }
    test()
}

impl Bench {
    /// From what the kernel gives the first program.
    pub(crate) fn new(env: &rt::Env) -> Result<Self, Failure> {
        let size = env.startup().values("archive").next().and_then(|size| size.parse().ok());
        Ok(Self {
            resource: env.handle("resource")?,
            archive: env.constant("archive")?,
            archive_len: size.ok_or("the size of the boot archive was not told")?,
            falsify: Cell::new(false),
            notes: RefCell::default(),
        })
    }

    /// From now on the first thing that is compared is falsified, or not.
    pub(crate) fn falsify(&self, falsify: bool) {
        self.falsify.set(falsify);
    }

    /// Something to be shown beside the result.
    pub(crate) fn tell(&self, note: impl ToString) {
        self.notes.borrow_mut().push(note.to_string());
    }

    /// What was told since the last time.
    pub(crate) fn take_notes(&self) -> Vec<String> {
        self.notes.take()
    }

    /// Something must be as wanted.
    pub(crate) fn same<T: Debug>(&self, what: &str, found: T, wanted: T) -> Outcome {
        let (found, mut wanted) = (format!("{found:?}"), format!("{wanted:?}"));
        if self.falsify.take() {
            wanted.push_str(" (falsified)");
        }
        if found == wanted {
            return Ok(());
        }
        Err(Failure::from(format!("{what}: found {found}, wanted {wanted}")))
    }

    /// Something must hold.
    pub(crate) fn hold(&self, what: &str, found: bool) -> Outcome {
        self.same(what, found, true)
    }

    /// A call must be refused with this error.
    pub(crate) fn refused<T>(&self, what: &str, found: Result<T, Error>, error: Error) -> Outcome {
        self.same(what, found.map(drop), Err(error))
    }

    /// This program's file.
    pub(crate) fn image(&self) -> Result<&[u8], Failure> {
        let bytes = self.archive.get(..self.archive_len).ok_or("the archive is too short")?;
        Archive::open(bytes).and_then(|archive| archive.file("selftest")).map_err(Failure::new)
    }

    /// Starts this program as a child with a role.
    pub(crate) fn child(&self, role: &[&str], handles: &[Grant<'_>]) -> Result<Child, Failure> {
        self.child_with(role, handles, None, SMALL)
    }

    /// The same with a fault handler and a quota.
    pub(crate) fn child_with(
        &self,
        role: &[&str],
        handles: &[Grant<'_>],
        fault: Option<(&Endpoint, u64)>,
        quota: Quota,
    ) -> Result<Child, Failure> {
        let death = Notification::create()?;
        let process = Program {
            name: "child",
            image: self.image()?,
            args: role,
            quota,
            priority: Priority(30),
            stack_pages: 8,
            handles,
            fault,
            death: Some((&death, 1)),
            ..Program::default()
        }
        .start()
        .map_err(|error| Failure::from(error.to_string()))?;
        Ok(Child::new(process, death))
    }

    /// Runs something and checks that the machine's counts are the same afterwards.
    pub(crate) fn conserves(&self, work: impl Fn() -> Outcome) -> Outcome {
        // The first time makes page tables and heap grow.
        work()?;
        let before = at_rest()?;
        work()?;
        self.same("frames, processes, threads, handles, objects", settled(&before)?, before)
    }
}

/// Frames, processes, threads, handles and objects in use.
pub(crate) fn counts() -> Result<[u64; 5], Error> {
    let SystemInfo { frames_free, processes, threads, handles, objects, .. } = sys::system_info()?;
    Ok([frames_free, processes, threads, handles, objects])
}

/// Returns the counts once they are stable: a thread may be ending on another CPU.
fn at_rest() -> Result<[u64; 5], Error> {
    let mut last = counts()?;
    for _ in 0..100 {
        sys::sleep_for(5_000_000);
        let before = core::mem::replace(&mut last, counts()?);
        if last == before {
            break;
        }
    }
    Ok(last)
}

/// The counts, as soon as they are as before, or after a while.
fn settled(before: &[u64; 5]) -> Result<[u64; 5], Error> {
    let end = after(500_000_000);
    loop {
        let now = counts()?;
        if now == *before || sys::clock() > end {
            return Ok(now);
        }
        sys::sleep_for(1_000_000);
    }
}

/// Bytes that differ from place to place.
pub(crate) fn pattern(len: usize) -> Vec<u8> {
    (0..len)
        .map(|place| place.wrapping_mul(31).to_le_bytes()[0] ^ (place >> 8).to_le_bytes()[0])
        .collect()
}
