//! Random sequences of everything that programs and the machine can do; the invariants are
//! checked after every step. A failure prints its seed: set `POSTERN_SEED` to run only that.

use super::invariants::check;
use super::kit::{BYTES, ENVELOPE, boot};
use super::vectors::Shadow;
use crate::exit::Next;
use crate::fault::Fault;
use crate::hosted::{DATA, Driver};
use crate::machine::Interrupt;
use abi::{Envelope, FaultKind, Gift, Rights, Syscall};

/// Steps of one run.
const STEPS: usize = 400;
/// Runs of one test; `POSTERN_RUNS` asks for more.
const RUNS: u64 = 300;

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::try_from(self.below(choices.len() as u64)).unwrap()]
    }
}

/// Handles of the running thread's process, some good, some stale.
fn any_handle(driver: &Driver, random: &mut Random) -> u64 {
    let generation = random.below(8).saturating_sub(5);
    let process = driver.kernel.threads[driver.running()].process;
    let used = u64::from(driver.kernel.processes[process].handles.used());
    random.below(used + 3) | generation << 16
}

fn arguments(driver: &Driver, call: Syscall, random: &mut Random) -> Vec<u64> {
    let h = any_handle(driver, random);
    let g = any_handle(driver, random);
    let time = driver.kernel.machine.now_ns + random.below(2000);
    let address = DATA + random.one_of(&[0x10_0000, 0x10_1000, 0x20_0000, 0x40_0000, 0]);
    let pages = random.below(4);
    let process = if random.below(2) == 0 { 0 } else { g };
    let bits = random.below(8);
    match call {
        Syscall::Call | Syscall::Send => vec![h, bits, 1, 2, 3],
        Syscall::Reply => vec![token(driver, random), bits],
        Syscall::ReplyRecv => vec![token(driver, random), bits | h << 32],
        Syscall::HandleCopy => vec![h, random.below(1024), bits / 4],
        Syscall::HandleGive => vec![g, h, random.below(1024), 0],
        Syscall::Wait | Syscall::Sleep | Syscall::TimerArm => {
            vec![if call == Syscall::Sleep { time } else { h }, random.one_of(&[time, 0, u64::MAX])]
        }
        Syscall::UpcallRegister => {
            vec![h, 0x40_0100, random.one_of(&[0, DATA + 0x4000, 0x6666_0000]), bits]
        }
        Syscall::UpcallReturn => vec![(DATA + 0x4000 - 160) & !15],
        Syscall::MemoryCreate => vec![pages],
        Syscall::Map => {
            vec![process, h, address, random.below(2), pages, random.one_of(&[1, 3, 5])]
        }
        Syscall::Unmap | Syscall::Protect => vec![process, address, pages, random.one_of(&[1, 3])],
        Syscall::ProcessCreate => vec![BYTES, 5, BYTES + 64, h, 1],
        Syscall::ProcessFaults => vec![process, h, bits],
        Syscall::ProcessKill => vec![g, bits],
        Syscall::ProcessSuspend => vec![g],
        Syscall::ThreadCreate => vec![process, 0x40_0000, DATA + 0x6000, 0, 28 + random.below(5)],
        Syscall::ThreadPriority => vec![h, 28 + random.below(5)],
        Syscall::TimerCreate | Syscall::Signal => vec![h, bits],
        Syscall::IrqCreate => vec![1, random.below(17), g, bits],
        Syscall::FaultRaise => vec![random.below(9), BYTES, 8],
        _ => vec![h, bits],
    }
}

fn token(driver: &Driver, random: &mut Random) -> u64 {
    let waiting: Vec<u64> = driver
        .kernel
        .threads
        .ids()
        .map(|id| u64::from(id.number()) | u64::from(driver.kernel.threads[id].calls) << 32)
        .collect();
    random.one_of(&waiting)
}

fn prepare(driver: &mut Driver, random: &mut Random) -> u64 {
    let process = driver.kernel.threads[driver.running()].process;
    let page = crate::UserSlice::<crate::Writable>::new(ENVELOPE, 8192).unwrap();
    if driver.kernel.check_user(process, page).is_err() || random.below(3) == 0 {
        return 0;
    }
    driver.poke(BYTES, b"child");
    let halves = [40_u32, 8, 3, 12, 32, 0];
    let bytes: Vec<u8> = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
    driver.poke(BYTES + 64, &bytes);
    let handle = u32::try_from(any_handle(driver, random)).unwrap();
    let moved = u16::try_from(random.below(2)).unwrap();
    let gift = Gift { handle: if random.below(3) == 0 { handle } else { 0 }, rights: 0x3ff, moved };
    let now = driver.kernel.machine.now_ns;
    driver.put_envelope(&Envelope {
        send_address: BYTES,
        send_len: random.one_of(&[0, 0, 8, 100]),
        receive_address: BYTES + 128,
        receive_capacity: random.one_of(&[0, 64, 200]),
        deadline_ns: random.one_of(&[now + 500, now + 50, u64::MAX, 0]),
        gifts: [gift, Gift::default(), Gift::default(), Gift::default()],
        ..Envelope::EMPTY
    });
    ENVELOPE
}

fn step(driver: &mut Driver, random: &mut Random, shadow: &mut Shadow) {
    match driver.next {
        Next::Shutdown(_) => {}
        Next::Idle => driver.advance(1 + random.below(3000)),
        Next::User(_) => match random.below(20) {
            0 => driver.advance(random.below(3000)),
            1 => driver.interrupt(Interrupt::Line(u8::try_from(random.below(20)).unwrap())),
            2 => driver.kernel.machine.arriving.push_back(Interrupt::Line(3)),
            4 | 5 => {
                shadow.touch(driver, random.next().to_le_bytes()[0]);
            }
            3 if driver.running().index() != 0 => {
                let kind = random.one_of(&[FaultKind::Page, FaultKind::IllegalInstruction]);
                driver.fault(&Fault { kind, code: 0, address: 0 });
            }
            _ => {
                let call = random.one_of(Syscall::ALL);
                let fatal = matches!(call, Syscall::Shutdown | Syscall::ProcessSuspend);
                if fatal || (call == Syscall::Sleep && random.below(4) > 0) {
                    return;
                }
                let envelope = prepare(driver, random);
                let arguments = arguments(driver, call, random);
                driver.raw(call as u64, &arguments, envelope);
            }
        },
    }
}

/// Three processes that know each other, two threads in each: enough for every kind of
/// meeting to happen soon.
fn scene() -> Driver {
    let mut driver = boot();
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let notification = driver.make(Syscall::NotificationCreate, &[]);
    let mut threads = Vec::new();
    for _ in 0..2 {
        let (child, _) = driver.child(notification);
        driver.give_page(child);
        for handle in [endpoint, notification, child] {
            driver.give(child, handle, Rights::ALL, 0);
        }
        threads.extend([driver.thread(child, 30).0, driver.thread(child, 30).0]);
    }
    threads.push(driver.thread(0, 30).0);
    for thread in threads {
        driver.call(Syscall::ThreadResume, &[thread]).unwrap();
    }
    driver
}

fn run(seed: u64) {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut driver = scene();
    driver.kernel.machine.vector_keeps = seed.is_multiple_of(2);
    let mut shadow = Shadow::default();
    for _ in 0..STEPS {
        step(&mut driver, &mut random, &mut shadow);
        if matches!(driver.next, Next::Shutdown(_)) {
            return;
        }
        if matches!(driver.next, Next::Idle) && driver.kernel.machine.timer_ns.is_none() {
            return;
        }
        check(&driver.kernel);
    }
}

#[test]
fn random_sequences_keep_the_invariants() {
    if let Some(seed) = std::env::var("POSTERN_SEED").ok().and_then(|seed| seed.parse().ok()) {
        run(seed);
        return;
    }
    let runs =
        std::env::var("POSTERN_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(RUNS);
    for seed in 0..runs {
        let outcome = std::panic::catch_unwind(|| run(seed));
        assert!(outcome.is_ok(), "seed {seed} breaks an invariant: POSTERN_SEED={seed}");
    }
}
