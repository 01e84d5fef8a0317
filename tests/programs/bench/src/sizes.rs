//! Memory that things take: lines `size NAME BYTES`.

use crate::machine::Machine;
use crate::settings::QUOTA;
use alloc::vec::Vec;
use rt::Failure;
use sys::hazard::entries::sleep_for_ever;
use sys::{Error, FOREVER, Notification, PAGE_SIZE, Priority, Process, Quota, Thread};

/// The number of objects, large enough that what they share counts little.
const COUNT: u32 = 32;
/// Less urgent than this program: what is made never runs.
const IDLE: Priority = Priority(1);
const NOTHING: Quota =
    Quota { pages: 64, handles: 8, threads: 1, objects: 8, max_priority: 1, reserved: 0 };

/// A line for each.
pub(crate) fn all(machine: &Machine) -> Result<(), Failure> {
    let child = machine.child(&["sleep"], Quota { threads: 64, ..QUOTA }, &[], None)?;
    let thread = || Thread::create(&child.process, sleep_for_ever(), 0, 0, IDLE);
    tell(machine, "thread-without-stack", thread)?;
    let asleep = || sys::spawn_thread(1, IDLE, || sys::sleep_until(FOREVER));
    tell(machine, "thread-with-a-page-of-stack", asleep)?;
    tell(machine, "process-without-program", || Process::create("empty", &NOTHING, None))?;
    tell(machine, "notification", Notification::create)?;
    child.stop()
}

/// What each of several takes, in frames of the machine: the slots of kernel objects are there
/// from the boot on, and not in it.
fn tell<T>(
    machine: &Machine,
    name: &str,
    make: impl Fn() -> Result<T, Error>,
) -> Result<(), Failure> {
    let mut made = Vec::with_capacity(COUNT as usize);
    let before = sys::system_info()?.frames_free;
    for _ in 0..COUNT {
        made.push(make()?);
    }
    let taken = before.saturating_sub(sys::system_info()?.frames_free) * PAGE_SIZE;
    machine.say(format_args!("size {name} {}", taken / u64::from(COUNT)));
    Ok(())
}
