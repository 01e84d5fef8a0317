//! A CPU with one thread and no timers: no interrupt comes.

use crate::machine::Machine;
use rt::Failure;
use sys::trace::cpu_info;

const TIME_NS: u64 = 10_000_000_000;
/// Turns between two looks at the clock.
const TURNS: u64 = 1_000_000;

/// Spins for 10 s of the machine's time.
pub(crate) fn run(machine: &Machine) -> Result<(), Failure> {
    sys::trace::set_affinity(1)?;
    let before = cpu_info(0)?.interrupts;
    let start = sys::clock();
    while sys::clock() < start + TIME_NS {
        for _ in 0..TURNS {
            core::hint::spin_loop();
        }
    }
    let interrupts = cpu_info(0)?.interrupts - before;
    let ms = (sys::clock() - start) / 1_000_000;
    machine.say(format_args!("quiet: {interrupts} interrupts in {ms} ms"));
    if interrupts > 0 {
        return Err(Failure::from("a CPU with one thread and no timers was interrupted"));
    }
    Ok(())
}
