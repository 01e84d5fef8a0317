//! One that takes all it can get, for ever, and one that works beside it.

use alloc::vec::Vec;
use core::hint::black_box;
use names_api::NamesClient;
use rt::Failure;
use sys::{Endpoint, Memory, Priority, Process, Quota, Rights, Thread};

const NS_PER_MS: u64 = 1_000_000;
/// How long one count of work lasts.
const WINDOW_NS: u64 = 500 * NS_PER_MS;
/// Steps of a unit of work.
const UNIT: u64 = 10_000;
const STACK_PAGES: u64 = 4;

/// Works without end, and tells once a window how many units it got done.
pub(crate) fn works() -> ! {
    let mut end = sys::clock() + WINDOW_NS;
    let (mut units, mut number) = (0_u64, 1_u64);
    loop {
        for _ in 0..UNIT {
            number = black_box(number.wrapping_mul(6_364_136_223_846_793_005));
        }
        units += 1;
        if sys::clock() >= end {
            defmt::info!("units {=u64}", units);
            (units, end) = (0, end + WINDOW_NS);
        }
    }
}

/// Waits, tells that it begins, then takes: threads, processes, memory, handles, connections,
/// in all of its threads at once.
pub(crate) fn takes_all(env: &rt::Env) -> Result<(), Failure> {
    let what = env.args().nth(1).unwrap_or("all");
    sys::sleep_for(2 * WINDOW_NS + WINDOW_NS / 2);
    defmt::info!("begins");
    let mut threads: Vec<Thread> = Vec::new();
    loop {
        let names = env.names().copy(Rights::ALL)?;
        match sys::spawn_thread(STACK_PAGES, Priority(10), move || take(&names, what)) {
            Ok(thread) => threads.push(thread),
            Err(_) => break,
        }
    }
    defmt::info!("has {=usize} more threads", threads.len());
    take(env.names(), what)
}

fn take(names: &Endpoint, what: &str) -> ! {
    let takes = |kind: &str| what == "all" || what == kind;
    let quota =
        Quota { pages: 6, handles: 4, threads: 1, objects: 8, max_priority: 10, reserved: 0 };
    let (mut processes, mut memory, mut lines) = (Vec::new(), Vec::new(), Vec::new());
    loop {
        // Each takes until it is refused; then all is given back, and it begins again.
        while takes("processes")
            && let Ok(process) = Process::create("greedy-child", &quota, None)
        {
            processes.push(process);
        }
        while takes("memory")
            && let Ok(more) = Memory::create(1)
        {
            memory.push(more);
        }
        while takes("handles")
            && let Ok(line) = names.copy(Rights::ALL)
        {
            lines.push(line);
        }
        for process in processes.drain(..) {
            let _ = process.kill(1);
        }
        memory.clear();
        lines.clear();
        if takes("calls") {
            defmt::info!("answers {=u64}", open_and_send(names));
        }
    }
}

/// Connects and sends as fast as it can; how often it was answered.
fn open_and_send(names: &Endpoint) -> u64 {
    let Ok(line) = names.copy(Rights::ALL) else { return 0 };
    let client = NamesClient::from_endpoint(line);
    let mut answers = 0;
    for _ in 0..50 {
        answers += u64::from(client.list().is_ok());
        answers += u64::from(client.open("console").is_err());
        let _ = names.send(1, &[u64::MAX; 7]);
    }
    answers
}
