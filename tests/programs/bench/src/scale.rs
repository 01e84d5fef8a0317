//! The same operations with few and many things in the machine: does their cost grow?
//!
//! Rows are called `OPERATION@KIND@NUMBER`. Where the kernel takes no more, the number is how
//! many there were, and a line `scale: …` says why.

use crate::calls::server;
use crate::children::Child;
use crate::machine::{Machine, after};
use crate::meter::Meter;
use crate::settings::{QUOTA, URGENT};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use rt::Failure;
use sys::hazard::entries::sleep_for_ever;
use sys::{
    BorrowedHandle, Endpoint, Error, FOREVER, Mapping, Memory, Notification, Priority, Process,
    Protection, Quota, Rights, Thread, Timer, WORDS, yield_now,
};

/// How many of a kind.
const LEVELS: [usize; 3] = [10, 1_000, 100_000];
/// Of each operation.
const TIMES: usize = 200;
/// Less urgent than what is measured.
const BELOW: Priority = Priority(1);
/// How long all of a kind may take to make: 30,000 instructions for each.
const PATIENCE_NS: u64 = 3_000_000_000;
/// Turns for others.
const SETTLE: usize = 100;
/// Handles that one process holds: a table has room for a few more.
const HOARD: usize = 1_000;
/// The first deadline of timers: not while anything is measured.
const FAR_NS: u64 = 1 << 60;

/// Something of which there can be many.
trait Kind {
    /// What it is called.
    const NAME: &'static str;
    /// Prepares for this number.
    fn start(machine: &Machine, count: usize) -> Result<Self, Failure>
    where
        Self: Sized;
    /// One more.
    fn add(&mut self) -> Result<(), Error>;
    /// Takes all away.
    fn stop(self) -> Result<(), Failure>;
}

/// All kinds, each at all levels.
pub(crate) fn all(meter: &Meter<'_>) -> Result<(), Failure> {
    level::<Asleep>(meter)?;
    level::<Ready>(meter)?;
    level::<Endpoints>(meter)?;
    level::<Copies>(meter)?;
    level::<Timers>(meter)?;
    level::<Mappings>(meter)
}

fn level<K: Kind>(meter: &Meter<'_>) -> Result<(), Failure> {
    for wanted in LEVELS {
        let Some((limit, why)) = with::<K>(meter, wanted)? else { continue };
        meter.machine.say(format_args!("scale: no more than {limit} {}: {why}", K::NAME));
        // Some room for what is measured.
        with::<K>(meter, limit - limit / 10)?;
        break;
    }
    Ok(())
}

/// Measures with this number. Returns the number that could be made, and why no more, if it was
/// fewer.
fn with<K: Kind>(meter: &Meter<'_>, wanted: usize) -> Result<Option<(usize, Failure)>, Failure> {
    let mut many = K::start(meter.machine, wanted)?;
    let end = after(PATIENCE_NS);
    let failed = (0..wanted).find_map(|count| {
        let too_long = || (count, Failure::from("each takes longer than the one before"));
        let failed = many.add().err().map(|error| (count, error.into()));
        failed.or_else(|| (sys::clock() > end).then(too_long))
    });
    if failed.is_none() {
        // Others of this priority come to rest; less urgent ones do not run.
        (0..SETTLE).for_each(|_| yield_now());
        operations(meter, &format!("@{}@{wanted}", K::NAME))
            .map_err(|failure| failure.while_doing(format_args!("{wanted} {}", K::NAME)))?;
    }
    many.stop()?;
    Ok(failed)
}

/// Measures all operations; their names end so.
fn operations(meter: &Meter<'_>, suffix: &str) -> Result<(), Failure> {
    let row = |name: &str| String::from(name) + suffix;
    let null = || {
        let _ = sys::clock();
        Ok::<_, Error>(())
    };
    meter.measure(&row("null-call"), TIMES, null)?;
    let endpoint = Endpoint::create()?;
    let other = server(meter, "serve-words", &endpoint)?;
    meter.measure(&row("call"), TIMES, || endpoint.call_words(0, &[0; WORDS]).map(drop))?;
    other.stop()?;
    let bell = Notification::create()?;
    meter.measure(&row("signal"), TIMES, || bell.signal(1))?;
    let other = meter.machine.child(&["yield"], QUOTA, &[], None)?;
    meter.measure(&row("two-yields"), TIMES, || {
        yield_now();
        Ok::<_, Error>(())
    })?;
    let thread = || {
        let thread = Thread::create(&other.process, sleep_for_ever(), 0, 0, URGENT)?;
        thread.kill()
    };
    meter.measure(&row("thread-create-and-destroy"), TIMES, thread)?;
    other.stop()?;
    let memory = Memory::create(1)?;
    let map = || memory.map_part(0, 1, Protection::ReadWrite).map(drop);
    meter.measure(&row("map-and-unmap"), TIMES, map)?;
    let timer = Timer::create(&bell, 2)?;
    let mut deadline = FAR_NS / 2;
    let arm = || {
        deadline += 1;
        timer.arm(deadline)
    };
    meter.measure(&row("timer-arm"), TIMES, arm)?;
    let copy = || bell.copy(Rights::ALL).map(drop);
    meter.measure(&row("handle-copy-and-close"), TIMES, copy)
}

/// Handles in processes that never run.
struct Hoard {
    processes: Vec<(Process, Notification)>,
    room: usize,
}

impl Hoard {
    fn new() -> Self {
        Self { processes: Vec::new(), room: 0 }
    }

    /// One more process.
    fn grow(&mut self) -> Result<(), Error> {
        let handles = 1_023;
        let quota = Quota { pages: 8, handles, threads: 1, objects: 8, ..QUOTA };
        let death = Notification::create()?;
        self.processes.push((Process::create("hoard", &quota, Some((&death, 1)))?, death));
        self.room = HOARD;
        Ok(())
    }

    fn keep(&mut self, handle: BorrowedHandle<'_>) -> Result<(), Error> {
        if self.room == 0 {
            self.grow()?;
        }
        let (last, _) = self.processes.last().ok_or(Error::BadState)?;
        last.give_handle(handle, Rights::ALL, 0)?;
        self.room -= 1;
        Ok(())
    }

    fn stop(self) -> Result<(), Failure> {
        for (process, death) in self.processes {
            process.kill(0)?;
            death.wait(FOREVER)?;
        }
        Ok(())
    }
}

/// A process with room for threads.
fn crowd(machine: &Machine, count: usize) -> Result<Child, Failure> {
    let threads = u32::try_from(count + 8).map_err(Failure::new)?;
    machine.child(&["sleep"], Quota { threads, ..QUOTA }, &[], None)
}

/// Threads that wait for ever.
struct Asleep(Child);

impl Kind for Asleep {
    const NAME: &'static str = "threads-asleep";

    fn start(machine: &Machine, count: usize) -> Result<Self, Failure> {
        crowd(machine, count).map(Self)
    }

    fn add(&mut self) -> Result<(), Error> {
        Thread::create(&self.0.process, sleep_for_ever(), 0, 0, URGENT)?.resume()
    }

    fn stop(self) -> Result<(), Failure> {
        self.0.stop()
    }
}

/// Threads that are ready, below the priority of the running ones.
struct Ready(Child);

impl Kind for Ready {
    const NAME: &'static str = "threads-ready";

    fn start(machine: &Machine, count: usize) -> Result<Self, Failure> {
        crowd(machine, count).map(Self)
    }

    fn add(&mut self) -> Result<(), Error> {
        Thread::create(&self.0.process, sleep_for_ever(), 0, 0, BELOW)?.resume()
    }

    fn stop(self) -> Result<(), Failure> {
        self.0.stop()
    }
}

/// Endpoints without callers.
struct Endpoints(Hoard);

impl Kind for Endpoints {
    const NAME: &'static str = "endpoints";

    fn start(_: &Machine, _: usize) -> Result<Self, Failure> {
        Ok(Self(Hoard::new()))
    }

    fn add(&mut self) -> Result<(), Error> {
        self.0.keep(Endpoint::create()?.as_handle())
    }

    fn stop(self) -> Result<(), Failure> {
        self.0.stop()
    }
}

/// Handles of one notification.
struct Copies(Hoard, Notification);

impl Kind for Copies {
    const NAME: &'static str = "handles";

    fn start(_: &Machine, _: usize) -> Result<Self, Failure> {
        Ok(Self(Hoard::new(), Notification::create()?))
    }

    fn add(&mut self) -> Result<(), Error> {
        self.0.keep(self.1.as_handle())
    }

    fn stop(self) -> Result<(), Failure> {
        self.0.stop()
    }
}

/// Timers that are armed, each for a time of its own.
struct Timers(Hoard, Notification, u64);

impl Kind for Timers {
    const NAME: &'static str = "timers";

    fn start(_: &Machine, _: usize) -> Result<Self, Failure> {
        Ok(Self(Hoard::new(), Notification::create()?, FAR_NS))
    }

    fn add(&mut self) -> Result<(), Error> {
        let timer = Timer::create(&self.1, 1)?;
        // In no order.
        self.2 = FAR_NS + (self.2.wrapping_mul(6_364_136_223_846_793_005) >> 8) % FAR_NS;
        timer.arm(self.2)?;
        self.0.keep(timer.as_handle())
    }

    fn stop(self) -> Result<(), Failure> {
        self.0.stop()
    }
}

/// Pages that are mapped, each by itself.
struct Mappings(Memory, Vec<Mapping>);

impl Kind for Mappings {
    const NAME: &'static str = "mappings";

    fn start(_: &Machine, count: usize) -> Result<Self, Failure> {
        Ok(Self(Memory::create(1)?, Vec::with_capacity(count)))
    }

    fn add(&mut self) -> Result<(), Error> {
        self.1.push(self.0.map_part(0, 1, Protection::ReadWrite)?);
        Ok(())
    }

    fn stop(self) -> Result<(), Failure> {
        // From the last one on, so that their addresses grow together again.
        self.1.into_iter().rev().for_each(drop);
        Ok(())
    }
}
