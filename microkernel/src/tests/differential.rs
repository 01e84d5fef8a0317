//! The fast path and the slow path of messages leave the same state.
//!
//! Shape: a machine with clients and servers of several processes takes random steps. Each call,
//! reply and fault is made twice, on two copies of the machine: with the fast path and without.
//! Then all of the kernel's state is compared: registers, memory, lists, contexts, slices, debts,
//! booked times. The run goes on from the copy of the fast path.

use super::explorer::Random;
use super::kit::{BYTES, ENVELOPE, envelope_bytes, read_memory};
use crate::cpu::Context;
use crate::hosted::{Driver, Place, Smp};
use crate::ipc::fastpath;
use crate::kernel::Sizes;
use crate::machine::{CpuId, Interrupt};
use crate::object::{Fault, State, ThreadId};
use crate::tests::invariants::check;
use abi::{
    Envelope, FOREVER, FaultKind, FaultReply, HandleTransfer, RECEIVES_ONLY, Rights, SENDS_BYTES,
    Syscall,
};
use std::fmt::Write as _;

/// Steps of one run.
const STEPS: usize = 1500;
/// Messages by the fast path that are compared, and the most runs that it takes.
const WANTED: usize = 3000;
const RUNS: u64 = 2000;

/// Clients and servers on one or two CPUs. Returns handles of the first program, which children
/// have in the same slots: endpoint, notification.
fn scene(random: &mut Random, cpus: usize) -> (Smp, u64, u64) {
    let mut driver = Driver::boot_with(&Sizes::for_memory(4096 * abi::PAGE_SIZE, 4096), cpus);
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let notification = driver.make(Syscall::NotificationCreate, &[]);
    let mut threads = Vec::new();
    for number in 0..2_u64 {
        let (child, _) = driver.child(notification);
        driver.give_page(child);
        driver.give(child, endpoint, Rights::ALL, number);
        driver.give(child, notification, Rights::ALL, 0);
        // The second child's faults have a handler with a badge of its own.
        driver.call(Syscall::ProcessFaults, &[child, endpoint, 7 * number]).unwrap();
        for _ in 0..2 {
            threads.push(driver.thread(child, 30));
        }
    }
    for _ in 0..2 {
        threads.push(driver.thread(0, 30));
    }
    driver.call(Syscall::ProcessFaults, &[0, endpoint, 9]).unwrap();
    if random.once_in(3) {
        driver.call(Syscall::ThreadPassive, &[random.one_of(&threads).0, 1]).unwrap();
    }
    if random.once_in(3) {
        let context = driver.make(Syscall::ContextCreate, &[1, 20_000, 50_000, 29, 0]);
        // A passive thread has none of its own.
        let _ = driver.call(Syscall::ContextBind, &[context, random.one_of(&threads).0, 1]);
    }
    for (thread, _) in &threads {
        driver.call(Syscall::ThreadResume, &[*thread]).unwrap();
    }
    for (_, id) in threads {
        let priority = random.one_of(&[29, 30, 30, 30, 31]);
        driver.kernel.sched().update_sched_params(id, |thread| thread.sched.base = priority);
    }
    driver.interrupt(Interrupt::Ipi);
    (Smp::from(driver), endpoint, notification)
}

/// A step that may take the fast path.
#[derive(Clone, Debug)]
enum Message {
    Call { number: u64, arguments: [u64; 9], envelope: u64 },
    Fault(Fault),
}

impl Message {
    fn send(&self, smp: &mut Smp, cpu: CpuId) {
        match self {
            Self::Call { number, arguments, envelope } => {
                smp.syscall(cpu, *number, arguments, *envelope);
            }
            Self::Fault(fault) => smp.fault(cpu, fault),
        }
    }
}

/// All of the state that a program can see or feel, as text.
fn state(smp: &Smp) -> String {
    let kernel = &smp.kernel;
    let mut text = format!("{:?}\n", smp.places);
    for id in kernel.objects.threads.ids() {
        let _ = writeln!(text, "{id:?} {:?}", kernel.objects.threads[id]);
    }
    for id in kernel.objects.processes.ids() {
        let process = &kernel.objects.processes[id];
        let _ = writeln!(text, "{id:?} {process:?}");
    }
    for id in kernel.objects.endpoints.ids() {
        let _ = writeln!(text, "{id:?} {:?}", kernel.objects.endpoints[id]);
    }
    for id in kernel.objects.notifications.ids() {
        let _ = writeln!(text, "{id:?} {:?}", kernel.objects.notifications[id]);
    }
    for id in kernel.objects.sched_contexts.ids() {
        let _ = writeln!(text, "{id:?} {:?}", kernel.objects.sched_contexts[id]);
    }
    for cpu in &kernel.sched.cpus {
        let (queue, clock, flags) = (&cpu.queue, &cpu.clock, &cpu.work);
        let _ = writeln!(text, "{:?} {queue:?} {clock:?} {flags:?}", cpu.current);
        let _ = writeln!(text, "{:?} {:x} {:x}", cpu.context, cpu.ipis, cpu.postponed);
    }
    let stats = kernel.system_info();
    let _ = writeln!(text, "{} {} {}", stats.syscalls, stats.switches, stats.exits);
    let _ = writeln!(text, "{:?} {:?}", kernel.sched.deadlines, kernel.checks.violations);
    text
}

/// The first lines in which two states differ.
fn difference(one: &str, other: &str) -> String {
    let lines = one.lines().zip(other.lines()).filter(|(one, other)| one != other);
    lines.map(|(one, other)| format!("fast: {one}\nslow: {other}\n")).collect()
}

/// The memory that both paths write: envelopes and bytes of all processes.
fn memory(smp: &Smp) -> Vec<u8> {
    let mut all = Vec::new();
    for process in smp.kernel.objects.processes.ids() {
        all.extend(read_memory(&smp.kernel, process, ENVELOPE, 2 * 4096).unwrap_or_default());
    }
    all
}

struct Run {
    smp: Smp,
    random: Random,
    endpoint: u64,
    notification: u64,
    /// Steps in which the fast path did it.
    fast: usize,
    compared: usize,
}

impl Run {
    /// The handle as the thread's process has it: the first program's, or a child's first ones.
    fn handles(&self, me: ThreadId) -> (u64, u64) {
        let process =
            &self.smp.kernel.objects.processes[self.smp.kernel.objects.threads[me].process];
        if process.pid == 1 { (self.endpoint, self.notification) } else { (1, 2) }
    }

    /// An envelope in the thread's memory, and what its register says of it.
    fn envelope(&mut self, me: ThreadId) -> u64 {
        let random = &mut self.random;
        let kind = random.below(8);
        let place = ENVELOPE + 512 * random.below(3) + 4096 * u64::from(random.once_in(16));
        let lengths = [0, 1, 8, 64, 200, 900, 5000];
        let send_address = BYTES + random.below(64) + 4000 * u64::from(random.once_in(8));
        let mut envelope = Envelope {
            send_address: random.one_of(&[send_address, send_address, send_address, 0x6666_0000]),
            send_len: random.one_of(&lengths),
            receive_address: BYTES + 1024 + random.below(64),
            receive_capacity: random.one_of(&lengths),
            ..Envelope::EMPTY
        };
        let tag = match kind {
            0..3 => return 0,
            3 | 4 => {
                envelope.send_len = 0;
                RECEIVES_ONLY
            }
            5 | 6 => SENDS_BYTES,
            _ => 0,
        };
        if tag == 0 {
            let soon = self.smp.kernel.machine.now_ns + 5_000;
            envelope.deadline_ns = random.one_of(&[0, soon, FOREVER, FOREVER]);
            if random.once_in(4) {
                let handle = u32::try_from(self.endpoint).unwrap();
                envelope.transfers[0] =
                    HandleTransfer { handle, rights: Rights::SEND.bits(), moved: 0 };
            }
        }
        let process = self.smp.kernel.objects.threads[me].process;
        let bytes = envelope_bytes(&envelope);
        let slice = crate::UserSlice::new(place, bytes.len() as u64).unwrap();
        // Not every process has all pages: then the kernel finds that out.
        let _ = self.smp.kernel.memory().write_user(process, slice, &bytes);
        place + tag
    }

    fn message(&mut self, me: ThreadId) -> Message {
        if self.random.once_in(8) {
            let kind = self.random.one_of(&[FaultKind::Page, FaultKind::IllegalInstruction]);
            return Message::Fault(Fault { kind, code: 1, address: self.random.next() });
        }
        let envelope = self.envelope(me);
        let (endpoint, _) = self.handles(me);
        let mut arguments = [0; 9].map(|_| self.random.next());
        let label = self.random.below(4);
        let replies =
            self.smp.kernel.objects.threads[me].sched.serving.is_some() || self.random.once_in(4);
        if !replies {
            (arguments[0], arguments[1]) = (endpoint, label);
            return Message::Call { number: Syscall::Call as u64, arguments, envelope };
        }
        let client = self.smp.kernel.objects.threads[me].sched.serving;
        let client = client.filter(|id| self.smp.kernel.objects.threads.get(*id).is_some());
        let token = client.map_or(0, |id| self.smp.kernel.objects.threads[id].ipc.token.value());
        let stale = u64::from(self.random.once_in(16));
        let resume = u64::from(FaultReply::Resume as u32);
        let label = if self.random.once_in(16) { label } else { resume };
        (arguments[0], arguments[1]) = (token ^ stale, endpoint << 32 | label);
        Message::Call { number: Syscall::ReplyRecv as u64, arguments, envelope }
    }

    /// Makes a message on two copies and compares them.
    fn compare(&mut self, cpu: CpuId, message: &Message) {
        let mut slow = self.smp.clone();
        let before = self.smp.kernel.stats.exits;
        let passes =
            |smp: &Smp| smp.kernel.sched.cpus[usize::from(cpu.0)].turns.iter().sum::<u64>();
        let counted = passes(&self.smp);
        fastpath::took();
        message.send(&mut self.smp, cpu);
        let took = fastpath::took();
        fastpath::without(|| message.send(&mut slow, cpu));
        self.compared += 1;
        if !took {
            return;
        }
        self.fast += 1;
        assert_eq!(passes(&self.smp), counted, "the fast path leaves no work for the exit loop");
        assert_eq!(self.smp.kernel.stats.exits, before + 1);
        // What the slow path only asks for later: both are settled before they are compared.
        let fast = &mut self.smp.clone();
        for smp in [&mut *fast, &mut slow] {
            for cpu in smp.kernel.sched.cpu_ids() {
                smp.kernel.sched().settle(cpu);
            }
        }
        let (one, other) = (state(fast), state(&slow));
        assert!(one == other, "{message:?} on {cpu:?}:\n{}", difference(&one, &other));
        let (one, other) = (memory(fast), memory(&slow));
        let at = one.iter().zip(&other).position(|(one, other)| one != other);
        assert!(at.is_none(), "{message:?}: memory differs from {:#x} on", at.unwrap_or_default());
    }

    /// One step of one CPU.
    fn step(&mut self, cpu: CpuId) {
        let own = &self.smp.kernel.machine.cpus[usize::from(cpu.0)];
        let (ipi_sent, timer) = (own.ipi_sent, own.timer_ns.is_some());
        match self.smp.place(cpu) {
            Place::Off(_) => {}
            Place::Window => self.smp.turn(cpu),
            _ if ipi_sent => self.smp.ipi_arrives(cpu),
            _ if timer && self.random.once_in(12) => self.smp.timer_fires(cpu),
            Place::Idle => self.revive(cpu),
            Place::User(me) => self.act(cpu, me),
        }
    }

    fn act(&mut self, cpu: CpuId, me: ThreadId) {
        let (endpoint, notification) = self.handles(me);
        let now = self.smp.kernel.machine.now_ns;
        match self.random.below(32) {
            0..4 => self.smp.kernel.machine.now_ns += self.random.below(9_000),
            4 => self.smp.kernel.machine.now_ns += self.random.below(12_000_000),
            5..12 => {
                let envelope = self.envelope(me);
                self.smp.syscall(cpu, Syscall::Recv as u64, &[endpoint], envelope);
            }
            12 => self.smp.syscall(cpu, Syscall::Yield as u64, &[], 0),
            13 => self.smp.syscall(cpu, Syscall::Sleep as u64, &[now + 3_000], 0),
            14 => self.smp.syscall(cpu, Syscall::Signal as u64, &[notification, 1], 0),
            15 if self.random.once_in(4) => {
                self.smp.syscall(cpu, Syscall::Bind as u64, &[notification], 0);
            }
            _ => {
                let message = self.message(me);
                self.compare(cpu, &message);
            }
        }
    }

    /// On a CPU without work: a blocked thread goes on.
    fn revive(&mut self, cpu: CpuId) {
        let threads = &self.smp.kernel.objects.threads;
        let blocked: Vec<ThreadId> = threads
            .ids()
            .filter(|id| !matches!(threads[*id].state, State::Ready | State::Inactive))
            .filter(|id| !threads[*id].dead)
            .collect();
        let busy = self.smp.kernel.sched.cpus.iter().any(|cpu| cpu.context != Context::Idle);
        if !blocked.is_empty() && !busy {
            let id = self.random.one_of(&blocked);
            self.smp.revive(cpu, id);
        }
    }
}

/// Runs a seed. Returns the numbers of messages, and of those by the fast path.
fn run(seed: u64) -> (usize, usize) {
    let mut random = Random::new(seed);
    let cpus = 1 + usize::from(seed.is_multiple_of(4));
    let (smp, endpoint, notification) = scene(&mut random, cpus);
    let mut run = Run { smp, random, endpoint, notification, fast: 0, compared: 0 };
    for step in 0..STEPS {
        if matches!(run.smp.place(CpuId(0)), Place::Off(_)) {
            break;
        }
        let cpu = CpuId(u16::try_from(run.random.below(cpus as u64)).unwrap());
        run.step(cpu);
        if step % 64 == 0 {
            check(&run.smp.kernel);
        }
    }
    (run.compared, run.fast)
}

#[test]
fn the_fast_path_leaves_the_state_of_the_slow_path() {
    let seeds: Vec<u64> = match std::env::var("POSTERN_SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (0..RUNS).collect(),
    };
    let (mut all, mut fast) = (0, 0);
    for seed in seeds {
        if fast >= WANTED {
            break;
        }
        println!("seed {seed}");
        let (compared, taken) = run(seed);
        (all, fast) = (all + compared, fast + taken);
    }
    println!("{all} messages, {fast} by the fast path");
    assert!(fast * 8 > all, "the fast path is hardly taken: {fast} of {all}");
}
