//! Interrupt controllers, timer and clock.

use super::bench::{Bench, Check, Outcome};
use crate::arch::x86_64::cpu::{lapic, vectors};
use crate::arch::x86_64::irq::pending::Pending;
use crate::arch::x86_64::irq::{lines, pic, window};
use crate::arch::x86_64::time;
use core_kernel::CpuId;
use core_kernel::machine::{Interrupt, Machine};

pub(super) const CHECKS: &[Check] = &[
    ("acpi-cpus-and-controllers", acpi),
    ("irq-local-controller-on", local_on),
    ("irq-old-controllers-silent", old_silent),
    ("irq-all-lines-masked", all_masked),
    ("irq-lines-known", lines_known),
    ("irq-line-masks-again", line_masks),
    ("irq-pending-set", pending_set),
    ("irq-ipi-arrives", ipi_arrives),
    ("irq-messages-have-vectors-of-their-own", message_vectors),
    ("irq-message-arrives", message_arrives),
    ("irq-nothing-recorded-unasked", nothing_unasked),
    ("timer-arrives-near-its-deadline", timer_near),
    ("timer-past-deadline-arrives-at-once", timer_past),
    ("timer-disarmed-stays-quiet", timer_quiet),
    ("timer-arrives-once", timer_once),
    ("clock-monotonic", clock_monotonic),
    ("clock-advances", clock_advances),
];

const MS: u64 = 1_000_000;
/// A busy host may stop the guest for a while; the timer must not be early, ever.
const LATE: u64 = 200 * MS;
/// The largest error of the calibration: one part in this number.
const EARLY_PART: u64 = 500;

fn acpi(bench: &mut Bench<'_>) -> Outcome {
    let cpus = bench.boot.platform.cpus.len();
    bench.hold("no CPUs", cpus >= 1)?;
    bench.hold("no I/O interrupt controller", !bench.boot.platform.ioapics.is_empty())
}

fn local_on(bench: &mut Bench<'_>) -> Outcome {
    bench.hold("it is off", lapic::enabled())?;
    let known = bench.boot.platform.cpus.contains(&lapic::id());
    bench.hold("ACPI does not know this CPU", known)
}

fn old_silent(bench: &mut Bench<'_>) -> Outcome {
    bench.hold("they are not masked", pic::is_silent())
}

fn all_masked(bench: &mut Bench<'_>) -> Outcome {
    let open = (0..24).filter(|line| !lines::is_masked(*line)).count();
    bench.equal("open lines", open as u64, 0)
}

fn lines_known(bench: &mut Bench<'_>) -> Outcome {
    bench.hold("COM1's line is missing", bench.machine.has_line(4))?;
    bench.hold("line 200 is there", !bench.machine.has_line(200))
}

fn line_masks(bench: &mut Bench<'_>) -> Outcome {
    bench.machine.unmask_line(3);
    bench.hold("unmasking does nothing", !lines::is_masked(3))?;
    bench.machine.mask_line(3);
    bench.hold("masking does nothing", lines::is_masked(3))
}

fn pending_set(bench: &mut Bench<'_>) -> Outcome {
    let set = Pending::new();
    let last = Interrupt::Message(vectors::MESSAGES - 1);
    let all = [Interrupt::Line(4), last, Interrupt::Ipi, Interrupt::Message(64), Interrupt::Timer];
    for _ in 0..2 {
        all.into_iter().for_each(|interrupt| set.record(interrupt));
    }
    let taken = core::array::from_fn(|_| set.take());
    let kinds =
        [Interrupt::Timer, Interrupt::Ipi, Interrupt::Line(4), Interrupt::Message(64), last];
    let [timer, ipi, line, first, second] = kinds.map(Some);
    let wanted = [timer, ipi, line, first, second, None];
    bench.hold("taken is not what was recorded", taken == wanted)?;
    bench.hold("something is left", !set.any())
}

/// Lets interrupts in until one has been recorded or the time is over.
fn wait(bench: &mut Bench<'_>, until_ns: u64) -> Option<Interrupt> {
    while !bench.machine.interrupt_pending() && time::now_ns() < until_ns {
        window();
    }
    bench.machine.take_interrupt()
}

fn ipi_arrives(bench: &mut Bench<'_>) -> Outcome {
    lapic::send_ipi(lapic::id());
    let found = wait(bench, time::now_ns() + LATE);
    bench.hold("by the controller", found == Some(Interrupt::Ipi))?;
    bench.machine.send_ipi(CpuId(0));
    let found = bench.machine.take_interrupt();
    bench.hold("by the machine", found == Some(Interrupt::Ipi))
}

fn message_vectors(bench: &mut Bench<'_>) -> Outcome {
    for number in 0..vectors::MESSAGES {
        let Some(message) = bench.machine.message(CpuId(0), number) else {
            return bench.hold("a message is missing", false);
        };
        let vector = u8::try_from(message.data).ok();
        bench.hold("another one's vector", vector.and_then(vectors::message) == Some(number))?;
    }
    bench.hold("too many", bench.machine.message(CpuId(0), vectors::MESSAGES).is_none())?;
    let others = [0x2f, 0x47, 0x80, 0xf0, 0xff];
    bench.hold("a vector with a use", others.into_iter().all(|it| vectors::message(it).is_none()))
}

/// What a device does, done by the CPU's controller: the same vectors reach the CPU as interrupts.
fn message_arrives(bench: &mut Bench<'_>) -> Outcome {
    for number in [0, 55, 56, vectors::MESSAGES - 1] {
        let message = bench.machine.message(CpuId(0), number);
        let vector = message.and_then(|message| u8::try_from(message.data).ok());
        lapic::send_fixed(lapic::id(), vector.unwrap_or(vectors::SPURIOUS));
        let found = wait(bench, time::now_ns() + LATE);
        bench.hold("it did not come", found == Some(Interrupt::Message(number)))?;
    }
    let in_service = (0..=u8::MAX).filter(|vector| lapic::in_service(*vector)).count();
    bench.equal("interrupts in service", in_service as u64, 0)
}

fn nothing_unasked(bench: &mut Bench<'_>) -> Outcome {
    let found = wait(bench, time::now_ns() + MS);
    bench.hold("an interrupt came", found.is_none())
}

fn timer_near(bench: &mut Bench<'_>) -> Outcome {
    for ns in [50_000, MS, 5 * MS] {
        let deadline = time::now_ns() + ns;
        bench.machine.set_timer(Some(deadline));
        let found = wait(bench, deadline + LATE);
        let now = time::now_ns();
        bench.hold("it did not come", found == Some(Interrupt::Timer))?;
        bench.hold("it came early", now + ns / EARLY_PART >= deadline)?;
    }
    Ok(())
}

fn timer_past(bench: &mut Bench<'_>) -> Outcome {
    bench.machine.set_timer(Some(1));
    let found = wait(bench, time::now_ns() + LATE);
    bench.hold("it did not come", found == Some(Interrupt::Timer))
}

fn timer_quiet(bench: &mut Bench<'_>) -> Outcome {
    let now = time::now_ns();
    bench.machine.set_timer(Some(now + 50 * MS));
    bench.machine.set_timer(None);
    let found = wait(bench, now + 60 * MS);
    bench.hold("it came all the same", found.is_none())
}

fn timer_once(bench: &mut Bench<'_>) -> Outcome {
    let now = time::now_ns();
    bench.machine.set_timer(Some(now + MS));
    let first = wait(bench, now + LATE);
    let second = wait(bench, time::now_ns() + 3 * MS);
    bench.hold("it did not come", first == Some(Interrupt::Timer))?;
    bench.hold("it came again", second.is_none())?;
    let in_service = lapic::in_service(vectors::TIMER);
    bench.equal("interrupt still in service", u64::from(in_service), 0)
}

fn clock_monotonic(bench: &mut Bench<'_>) -> Outcome {
    let mut last = time::now_ns();
    for _ in 0..10_000 {
        let now = time::now_ns();
        bench.hold("time went back", now >= last)?;
        last = now;
    }
    Ok(())
}

fn clock_advances(bench: &mut Bench<'_>) -> Outcome {
    let (stamp, before) = (time::stamp(), time::now_ns());
    while time::stamp() < stamp + 1_000_000 {
        core::hint::spin_loop();
    }
    bench.hold("a million stamps took no time", time::now_ns() > before)
}
