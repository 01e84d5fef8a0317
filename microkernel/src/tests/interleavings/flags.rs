//! Set a flag remotely, loop, leave: no CPU stays in user mode with a flag set and no IPI sent.

use super::checker::{Leave, Scene, boot};
use super::script::{call, park};
use abi::Syscall;

/// Two threads, one on each CPU, each of which makes the other one's CPU look again: by
/// priority, by signals for its upcall, by a wake-up. A device interrupts at any point.
pub(super) fn scene(leave: Leave) -> Scene {
    let mut driver = boot();
    let first = driver.running();
    let notification = driver.make(Syscall::NotificationCreate, &[]);
    driver.make(Syscall::IrqCreate, &[1, 7, notification, 4]);
    driver.make(Syscall::UpcallRegister, &[notification, 0x40_0100, 0, 0]);
    let (handle, second) = driver.thread(0, 29);
    driver.call(Syscall::ThreadResume, &[handle]).unwrap();
    let mut start = crate::hosted::Smp::from(driver);
    start.settle();
    let scripts = vec![
        (
            first,
            vec![call(Syscall::Yield, &[]), call(Syscall::ThreadPriority, &[handle, 31]), park()],
        ),
        (
            second,
            vec![
                call(Syscall::Signal, &[notification, 1]),
                call(Syscall::Yield, &[]),
                call(Syscall::Signal, &[notification, 2]),
                park(),
            ],
        ),
    ];
    Scene { name: "flags", start, scripts, lines: vec![7], end: |_| {}, leave }
}

#[test]
fn exit_03_no_interleaving_leaves_with_a_set_flag() {
    scene(Leave::Faithful).holds();
}

#[test]
fn exit_03_letting_go_more_often_than_the_loop_does_loses_nothing_either() {
    let mut scene = scene(Leave::Faithful);
    scene.start.lets_go_often = true;
    scene.holds();
}
