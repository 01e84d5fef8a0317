//! Who has 30% of a CPU gets 30%, whatever others do; and a chain of calls is as urgent as the
//! client at its head. All CPUs are busy.
//!
//! Amounts of time are judged only where time counts instructions; elsewhere the host is busy,
//! and they are printed. That a budget ends and is replenished, and the order of threads, are
//! judged everywhere.

use crate::children::{Child, SOON_NS};
use crate::machine::{Machine, after};
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::hint::black_box;
use core::sync::atomic::{AtomicU64, Ordering};
use rt::Failure;
use sys::{
    ContextFlags, Endpoint, Notification, PERIOD_MOST_NS, Priority, Process, Quota, Rights,
    SchedContext, Terms, Thread, Words,
};

const MS: u64 = 1_000_000;
const STACK_PAGES: u64 = 8;
/// How urgent the measured thread is.
const MEASURED: Priority = Priority(20);
/// What it gets, and how far it may be off, in thousandths.
const SHARE: u64 = 300;
const OFF: u64 = 10;
/// How long is measured: thirty periods.
const WINDOW_NS: u64 = 300 * MS;
/// The number of servers in the chain.
const LINKS: usize = 8;
const STEPS: u64 = 1_500;
const ROUNDS: u64 = 4;
/// How urgent its client, its servers by themselves, and those in between are.
const URGENT: Priority = Priority(25);
const SERVERS: Priority = Priority(5);
const MIDDLE: Priority = Priority(15);

fn terms(budget_ns: u64, period_ns: u64, priority: Priority) -> Terms {
    Terms { budget_ns, period_ns, priority, flags: ContextFlags::NONE }
}

/// Measures all.
pub(crate) fn run(machine: &Machine, judged: bool) -> Result<(), Failure> {
    let cpus = sys::system_info()?.cpus;
    let alone = Reserved::start(machine, judged, 3 * MS, 10 * MS)?;
    for (what, priority) in [("equals", 20), ("less urgent ones", 10)] {
        let _busy: Vec<Child> =
            (0..2 * cpus).map(|_| child(machine, "busy", priority)).collect::<Result<_, _>>()?;
        alone.look(machine, what)?;
    }
    {
        let _callers: Vec<Child> =
            (0..2 * cpus).map(|_| child(machine, "calls", 20)).collect::<Result<_, _>>()?;
        alone.look(machine, "callers and their servers")?;
    }
    {
        let _killer = child(machine, "makes-and-kills", 20)?;
        let _busy = child(machine, "busy", 20)?;
        alone.look(machine, "one that makes and kills")?;
    }
    {
        let other = Reserved::start(machine, judged, 300 * MS, 500 * MS)?;
        let _busy: Vec<Child> =
            (0..2 * cpus).map(|_| child(machine, "busy", 20)).collect::<Result<_, _>>()?;
        alone.look(machine, "one with 60% in a long period")?;
        other.end()?;
    }
    alone.end()?;
    chain(machine, cpus)
}

/// A thread that takes all it can get, on a context.
struct Reserved {
    context: SchedContext,
    thread: Thread,
    judged: bool,
}

impl Reserved {
    fn start(
        machine: &Machine,
        judged: bool,
        budget_ns: u64,
        period_ns: u64,
    ) -> Result<Self, Failure> {
        let terms = terms(budget_ns, period_ns, MEASURED);
        let context = SchedContext::create(machine.resource(), &terms)?;
        let thread = sys::spawn_thread(STACK_PAGES, MEASURED, || {
            loop {
                steps(STEPS);
            }
        })?;
        context.bind(&thread)?;
        Ok(Self { context, thread, judged })
    }

    /// How much of a CPU it gets, in thousandths.
    fn look(&self, machine: &Machine, beside: &str) -> Result<(), Failure> {
        // From the beginning of a period on, as far as anybody can tell.
        sys::sleep_for(20 * MS);
        let (begun, before) = (sys::clock(), self.context.usage()?);
        sys::sleep_for(WINDOW_NS);
        if !self.judged {
            self.wait_until_spent(before.exhaustions)?;
        }
        let (ended, now) = (sys::clock(), self.context.usage()?);
        let share = (now.used_ns - before.used_ns) * 1000 / (ended - begun);
        let spent = now.exhaustions - before.exhaustions;
        machine.say(format_args!("budgets: {share} of 1000 beside {beside}, spent {spent} times"));
        if self.judged && share.abs_diff(SHARE) > OFF {
            return Err(Failure::new(format_args!("{share} of 1000 beside {beside}")));
        }
        Ok(())
    }

    /// Its budget ends, comes back, and ends, however slow the machine is.
    fn wait_until_spent(&self, before: u64) -> Result<(), Failure> {
        let deadline = after(SOON_NS);
        while self.context.usage()?.exhaustions < before + 2 {
            if sys::clock() > deadline {
                return Err(Failure::from("a budget does not end, or does not come back"));
            }
            sys::sleep_for(WINDOW_NS / 10);
        }
        Ok(())
    }

    fn end(self) -> Result<(), Failure> {
        Ok(self.thread.kill()?)
    }
}

/// A process that keeps a CPU busy in its way.
fn child(machine: &Machine, role: &str, priority: u8) -> Result<Child, Failure> {
    let ready = Notification::create()?;
    let quota =
        Quota { pages: 256, handles: 32, threads: 4, objects: 32, max_priority: 30, reserved: 0 };
    let grants = [("ready", ready.as_handle(), Rights::SIGNAL, 0)];
    let child = machine.child(&[role, &format!("{priority}")], quota, &grants, None)?;
    ready.wait(after(SOON_NS))?;
    Ok(child)
}

/// Plays one of those.
pub(crate) fn play(env: &rt::Env, role: &str, number: u64) -> Option<Result<(), Failure>> {
    let work = match role {
        "busy" => busy,
        "calls" => calls,
        "makes-and-kills" => makes_and_kills,
        _ => return None,
    };
    let begin = || {
        let ready: Notification = env.handle("ready")?;
        ready.signal(1)?;
        sys::set_own_priority(Priority(number.to_le_bytes()[0]))?;
        work()
    };
    Some(begin())
}

fn busy() -> Result<(), Failure> {
    loop {
        steps(STEPS);
    }
}

/// Calls a server that is more urgent than all who are measured, as fast as it can.
fn calls() -> Result<(), Failure> {
    let line = Arc::new(Endpoint::create()?);
    let server = line.clone();
    let _thread = sys::spawn_thread(STACK_PAGES, Priority(30), move || {
        // Ends with its process.
        let _ = serve(&server, || ());
    })?;
    loop {
        line.call_words(1, &Words::default())?;
    }
}

fn makes_and_kills() -> Result<(), Failure> {
    let quota =
        Quota { pages: 8, handles: 4, threads: 1, objects: 4, max_priority: 20, reserved: 0 };
    loop {
        // Refused until the last one is gone for good.
        if let Ok(process) = Process::create("load", &quota, None) {
            process.kill(0)?;
        }
    }
}

fn serve(line: &Endpoint, mut work: impl FnMut()) -> Result<(), Failure> {
    let (mut reply, mut words) = (None, Words::default());
    loop {
        line.reply_receive_words(&mut reply, 0, &mut words)?;
        work();
    }
}

/// A chain of passive servers works as urgently as its client: on their CPU no thread of middle
/// urgency comes in between, though each server by itself is less urgent.
fn chain(machine: &Machine, cpus: u64) -> Result<(), Failure> {
    sys::trace::set_affinity(1)?;
    let done = Arc::new(AtomicU64::new(0));
    let head = links(&done)?;
    let _busy: Vec<Child> =
        (0..2 * cpus).map(|_| child(machine, "busy", MIDDLE.0)).collect::<Result<_, _>>()?;
    let between = Between::start()?;
    // A budget that never ends: what is looked at is who runs.
    let all = terms(PERIOD_MOST_NS, PERIOD_MOST_NS, URGENT);
    let context = SchedContext::create(machine.resource(), &all)?;
    context.bind_own()?;
    let (before, steps_before) = (context.usage()?, between.steps());
    for _ in 0..ROUNDS {
        head.call_words(1, &Words::default())?;
    }
    let came_between = between.steps() - steps_before;
    let used = context.usage()?.used_ns - before.used_ns;
    context.unbind_own()?;
    let steps = done.load(Ordering::Relaxed);
    let all = ROUNDS * STEPS * LINKS as u64;
    machine.say(format_args!("budgets: a chain of {LINKS}, {came_between} steps in between"));
    if steps != all || came_between != 0 || used == 0 {
        let text = format_args!("{steps} of {all} steps, {came_between} between, {used} ns");
        return Err(Failure::new(text));
    }
    between.wait_for_it()
}

/// A thread of middle priority on the chain's CPU that counts what it does.
struct Between(Arc<AtomicU64>);

impl Between {
    fn start() -> Result<Self, Failure> {
        let between = Self(Arc::default());
        let count = between.0.clone();
        let _thread = sys::spawn_thread(STACK_PAGES, MIDDLE, move || {
            // Elsewhere it would compete with no thread, which is noticed at the end.
            let _ = sys::trace::set_affinity(1);
            loop {
                steps(1);
                count.fetch_add(1, Ordering::Relaxed);
            }
        })?;
        between.wait_for_it()?;
        Ok(between)
    }

    fn steps(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// It does run when it may.
    fn wait_for_it(&self) -> Result<(), Failure> {
        let before = self.steps();
        let deadline = after(SOON_NS);
        while self.steps() == before {
            if sys::clock() > deadline {
                return Err(Failure::from("no thread of middle priority ever runs"));
            }
            sys::sleep_for(MS);
        }
        Ok(())
    }
}

/// The servers, each of which calls the next; where the first can be called.
fn links(done: &Arc<AtomicU64>) -> Result<Endpoint, Failure> {
    let mut next: Option<Endpoint> = None;
    for _ in 0..LINKS {
        let line = Endpoint::create()?;
        let (server, done) = (line.copy(Rights::ALL)?, done.clone());
        let ready = Arc::new(Notification::create()?);
        let bell = ready.clone();
        let _thread = sys::spawn_thread(STACK_PAGES, SERVERS, move || {
            // Where it may run is noticed at the end.
            let _ = sys::trace::set_affinity(1);
            let passive = sys::set_own_passive(true).and_then(|_| bell.signal(1));
            // A server that does not begin is noticed by who waits for it.
            let _ = passive.map(|()| serve(&server, || work(&done, next.as_ref())));
        })?;
        ready.wait(after(SOON_NS))?;
        next = Some(line);
    }
    // All of them wait for calls before anybody else is busy: they are not urgent by themselves.
    sys::sleep_for(10 * MS);
    Ok(next.ok_or("no links")?)
}

fn steps(count: u64) {
    let mut number = 1_u64;
    for _ in 0..count {
        number = black_box(number.wrapping_mul(6_364_136_223_846_793_005));
    }
}

fn work(done: &AtomicU64, next: Option<&Endpoint>) {
    steps(STEPS);
    done.fetch_add(STEPS, Ordering::Relaxed);
    if let Some(next) = next {
        // Steps that are missing at the end are noticed there.
        let _ = next.call_words(1, &Words::default());
    }
}
