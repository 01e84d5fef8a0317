//! The kernel's own account: clock, counters, log.

use crate::bench::{Bench, Check, Outcome};
use abi::Syscall;
use sys::hazard;

pub(super) const CHECKS: &[Check] = &[
    ("system-clock-goes-forward", clock_goes_forward),
    ("system-every-call-is-counted", every_call_is_counted),
    ("system-memory-is-accounted-for", memory_is_accounted_for),
    ("system-own-process-is-known", own_process_is_known),
    ("system-cpu-time-is-accounted", cpu_time_is_accounted),
    ("system-log-takes-pieces-up-to-1024-bytes", log_takes_pieces),
    ("exit-21-unknown-call-numbers-are-refused", unknown_numbers),
    ("system-plain-call-keeps-other-registers", registers_are_kept),
];

fn clock_goes_forward(bench: &Bench) -> Outcome {
    let times: [u64; 3] = core::array::from_fn(|_| sys::clock());
    bench.hold("later is not less", times.is_sorted())?;
    bench.hold("it is not 0", times[0] > 0)
}

fn every_call_is_counted(bench: &Bench) -> Outcome {
    let before = sys::system_info()?;
    for _ in 0..10 {
        let _ = sys::clock();
    }
    let after = sys::system_info()?;
    // The guard thread may make a few calls in between.
    bench.hold("at least 11 more", after.syscalls >= before.syscalls + 11)?;
    bench.hold("at least as many exits", after.exits >= before.exits + 11)
}

fn memory_is_accounted_for(bench: &Bench) -> Outcome {
    let free = || sys::system_info().map(|info| info.frames_free);
    let before = free()?;
    let memory = sys::Memory::create(100)?;
    let during = free()?;
    drop(memory);
    let after = free()?;
    bench.same("during and after 100 pages", (during, after), (before - 100, before))
}

fn own_process_is_known(bench: &Bench) -> Outcome {
    let info = sys::Process::own_info()?;
    bench.same("pid", info.pid, 1)?;
    bench.same("name", &info.name[..9], &b"selftest\0"[..])?;
    bench.same("threads", info.used.threads, 2)
}

fn cpu_time_is_accounted(bench: &Bench) -> Outcome {
    let before = sys::Process::own_info()?;
    let end = sys::clock() + 20_000_000;
    while sys::clock() < end {}
    let after = sys::Process::own_info()?;
    let used = after.user_ns + after.kernel_ns - before.user_ns - before.kernel_ns;
    bench.hold("20 ms of work are at least 10 ms of CPU time", used >= 10_000_000)
}

fn log_takes_pieces(bench: &Bench) -> Outcome {
    let call = |len: u64| {
        let bytes = [0u8; 1025];
        hazard::plain(Syscall::LogWrite as u64, [bytes.as_ptr().addr() as u64, len, 0, 0, 0, 0])
            .status
    };
    bench.same("nothing", call(0), 0)?;
    bench.same("1025 bytes", call(1025), sys::Error::TooLong as u64)
}

fn unknown_numbers(bench: &Bench) -> Outcome {
    for number in [0, 9, 19, 95, 99, 127, 128, 1 << 31, 1 << 32, (1 << 32) + 62, 1 << 63, u64::MAX]
    {
        let status = hazard::plain(number, [0; 6]).status;
        bench.same("status", status, sys::Error::NoSuchCall as u64)?;
    }
    Ok(())
}

fn registers_are_kept(bench: &Bench) -> Outcome {
    let words = [1, 2, 3, 4, 5, 6, 7];
    let out = hazard::call(Syscall::Clock as u64, [8, 9], words, 10);
    bench.same("status", out.status, 0)?;
    bench.same("words", out.words, words)?;
    bench.same("r15", out.token, 10)
}
