//! One run: a seed decides everything.

use super::calls::{self, Call};
use super::oracles::{self, History};
use super::random::Random;
use crate::hosted::{DATA, Driver, Hosted, Place, Smp, VECTOR_BYTES, VECTOR_CLEAN};
use crate::kernel::Sizes;
use crate::machine::{Access, CpuId, Interrupt, Machine};
use crate::object::{Fault, ThreadId};
use crate::tests::invariants::{check, check_running};
use crate::tests::syscall_pages::assert_documented;
use abi::{FaultKind, Rights, Syscall};
use std::collections::HashMap;

/// Steps of one run at most; it ends when nothing can happen any more.
const STEPS: usize = 2000;
/// All invariants are checked once in this number of steps, those of threads and CPUs at each.
const FULL_EVERY: usize = 16;
/// The most CPUs.
pub(super) const CPUS: usize = 4;

/// Little of everything, so that things run out.
const SIZES: Sizes = Sizes {
    frames_end: 1024,
    threads: 12,
    processes: 6,
    endpoints: 6,
    notifications: 6,
    memories: 24,
    regions: 32,
    timers: 4,
    lifelines: 4,
    chunks: 10,
    irqs: 3,
    ports: 3,
    sched_contexts: 3,
    records: 16,
};

/// Three processes that know each other, eight threads: enough for every kind of meeting.
pub(super) fn scene(cpus: usize) -> Smp {
    let mut driver = Driver::boot_with(&SIZES, cpus);
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let notification = driver.make(Syscall::NotificationCreate, &[]);
    // One can be mapped by a large page; the other one takes memory away.
    let large = driver.make(Syscall::MemoryCreate, &[512]);
    driver.make(Syscall::MemoryCreate, &[256]);
    let mut threads = Vec::new();
    for _ in 0..2 {
        let (child, _) = driver.child(notification);
        driver.give_page(child);
        for handle in [endpoint, notification, child, large] {
            driver.give(child, handle, Rights::ALL, 0);
        }
        // What a bus server has.
        driver.give(child, 1, Rights::DEVICE | Rights::TRANSFER, 0);
        // A listener of another client's, which may not give badges.
        driver.give(child, endpoint, Rights::ALL.difference(Rights::MINT), 0);
        threads.extend([30, 30, 29].map(|priority| driver.thread(child, priority).0));
    }
    threads.push(driver.thread(0, 30).0);
    // The first program's faults are told too: it would take the machine along.
    driver.call(Syscall::ProcessFaults, &[0, endpoint, 99]).unwrap();
    // Some of them run on contexts, with little time, and some are passive.
    for thread in &threads[2..4] {
        driver.call(Syscall::ThreadPassive, &[*thread, 1]).unwrap();
    }
    for thread in &threads[..2] {
        let context = driver.make(Syscall::ContextCreate, &[1, 10_000, 25_000, 29, 1]);
        driver.call(Syscall::ContextBind, &[context, *thread, 1]).unwrap();
    }
    for thread in threads {
        driver.call(Syscall::ThreadResume, &[thread]).unwrap();
    }
    Smp::from(driver)
}

/// What happens next.
#[derive(Clone, Debug)]
enum Event {
    Call(Call),
    Fault(FaultKind),
    Touch(u64, Access),
    Vector(u8),
    Turn,
    Ipi,
    Timer,
    Line(u8),
    Message(u8),
    Pause(u64),
    Revive(ThreadId),
}

/// A machine at work, and what its vector registers should hold.
struct Run {
    smp: Smp,
    random: Random,
    vectors: HashMap<String, [u8; VECTOR_BYTES]>,
    history: History,
}

impl Run {
    /// Something that can happen now, on some CPU. Nothing: it all came to rest.
    fn choose(&mut self) -> Option<(CpuId, Event)> {
        let first = self.random.below(self.smp.places.len() as u64);
        for offset in 0..self.smp.places.len() as u64 {
            let index = (first + offset) % self.smp.places.len() as u64;
            let cpu = CpuId(u16::try_from(index).unwrap());
            if let Some(event) = self.event(cpu) {
                return Some((cpu, event));
            }
        }
        self.revive()
    }

    /// All threads are at rest: ends one wait or stop, so that the run goes on.
    fn revive(&mut self) -> Option<(CpuId, Event)> {
        let cpu = self.smp.cpus().find(|cpu| self.smp.place(*cpu) == Place::Idle)?;
        let threads = &self.smp.kernel.objects.threads;
        let living: Vec<ThreadId> = threads.ids().filter(|id| !threads[*id].dead).collect();
        (!living.is_empty()).then(|| (cpu, Event::Revive(self.random.one_of(&living))))
    }

    fn event(&mut self, cpu: CpuId) -> Option<Event> {
        let random = &mut self.random;
        let own = &self.smp.kernel.machine.cpus[usize::from(cpu.0)];
        let (ipi_sent, timer) = (own.ipi_sent, own.timer_ns.is_some());
        if ipi_sent && random.once_in(3) {
            return Some(Event::Ipi);
        }
        if timer && random.once_in(16) {
            return Some(Event::Timer);
        }
        if random.once_in(32) {
            return self.line();
        }
        if random.once_in(64) {
            let most = random.one_of(&[4, Hosted::MESSAGES.into(), 256]);
            return Some(Event::Message(u8::try_from(random.below(most)).unwrap()));
        }
        match self.smp.place(cpu) {
            Place::Off(_) => None,
            Place::Window => Some(Event::Turn),
            Place::Idle if ipi_sent => Some(Event::Ipi),
            Place::Idle => timer.then_some(Event::Timer),
            Place::User(me) => Some(match random.below(24) {
                0 => {
                    let most = random.one_of(&[3_000, 3_000, 30_000]);
                    Event::Pause(random.below(most))
                }
                1 if !calls::is_first(&self.smp, me) => {
                    Event::Fault(random.one_of(&[FaultKind::Page, FaultKind::IllegalInstruction]))
                }
                2..5 => {
                    let own = [0, 0x1000, 0x10_0000, 0x10_1000, 0x20_0000].map(|at| DATA + at);
                    let large = [calls::LARGE, calls::LARGE + 0x1f_f000];
                    let address = random.one_of(&[own.as_slice(), &large].concat());
                    Event::Touch(address, random.one_of(&[Access::Read, Access::Write]))
                }
                5 | 6 => Event::Vector(random.next().to_le_bytes()[0]),
                _ => Event::Call(calls::any(&mut self.smp, me, random)),
            }),
        }
    }

    /// A device line that may interrupt; it is masked from then on.
    fn line(&mut self) -> Option<Event> {
        let unmasked = &self.smp.kernel.machine.unmasked;
        let lines: Vec<u8> = unmasked.iter().copied().chain([3]).collect();
        Some(Event::Line(self.random.one_of(&lines)))
    }

    fn act(&mut self, cpu: CpuId, event: Event) {
        let smp = &mut self.smp;
        match event {
            Event::Call(call) => self.call(cpu, &call),
            Event::Fault(kind) => smp.fault(cpu, &Fault { kind, code: 0, address: 0 }),
            Event::Touch(address, access) => {
                // Most of them would only fault.
                if !smp.touch(cpu, address, access) && self.random.once_in(8) {
                    smp.fault(cpu, &Fault { kind: FaultKind::Page, code: 0, address });
                }
            }
            Event::Vector(value) => self.vector(cpu, value),
            Event::Turn => {
                smp.turn(cpu);
                oracles::check_postponed(smp, cpu);
            }
            Event::Ipi => smp.ipi_arrives(cpu),
            Event::Timer => smp.timer_fires(cpu),
            Event::Line(line) => {
                smp.kernel.machine.unmasked.remove(&line);
                smp.interrupt(cpu, Interrupt::Line(line));
            }
            Event::Message(number) => smp.interrupt(cpu, Interrupt::Message(number)),
            Event::Pause(time) => smp.kernel.machine.now_ns += time,
            Event::Revive(id) => smp.revive(cpu, id),
        }
    }

    fn call(&mut self, cpu: CpuId, call: &Call) {
        let smp = &mut self.smp;
        let Some(me) = smp.running(cpu) else { return };
        let forbidden = oracles::forbidden(smp, me, call);
        let seen = oracles::is_plain(smp, me);
        self.history.calls(smp, me);
        smp.syscall(cpu, call.number, &call.arguments, call.envelope);
        if let Some(why) = forbidden {
            assert!(!oracles::was_taken(smp, me), "{why}: {call:?} by {me:?}");
        }
        if let Some((call, error)) = oracles::error_of(smp, me, call).filter(|_| seen) {
            assert_documented(call, error);
        }
    }

    /// Each thread finds its own values in its registers.
    fn vector(&mut self, cpu: CpuId, value: u8) {
        let Some(me) = self.smp.running(cpu) else { return };
        let mine = self.vectors.entry(format!("{me:?}")).or_insert(VECTOR_CLEAN);
        if let Some(registers) = self.smp.vector(cpu) {
            assert_eq!(registers, mine, "{me:?} finds other registers than its own");
            *registers = [value; VECTOR_BYTES];
            *mine = *registers;
        }
    }
}

/// Runs a seed from the scene of its number of CPUs: the steps that it took.
pub(super) fn run(seed: u64, scenes: &[Smp], tell: bool) -> usize {
    let index = usize::try_from(seed).unwrap() % scenes.len();
    let mut run = Run {
        smp: scenes[index].clone(),
        random: Random::new(seed),
        vectors: HashMap::new(),
        history: History::default(),
    };
    run.smp.kernel.machine.vector_keeps = seed.is_multiple_of(2);
    if seed.is_multiple_of(3) {
        // Exits put shared work off all the time.
        run.smp.kernel.sched.shared_iterations =
            1 + u32::try_from(run.random.below(3)).unwrap_or_default();
    }
    for step in 0..STEPS {
        let Some((cpu, event)) = run.choose() else { return step };
        if tell {
            println!("{step:5} {:?} {cpu:?} {event:?}", run.smp.places);
        }
        run.act(cpu, event);
        run.history.check(&run.smp);
        check_running(&run.smp.kernel);
        if step % FULL_EVERY == 0 {
            check(&run.smp.kernel);
        }
    }
    check(&run.smp.kernel);
    STEPS
}
