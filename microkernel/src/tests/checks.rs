//! The debug checks find what they are there for, and say where.

use super::kit::{CPU, boot};
use crate::hosted::Driver;
use abi::Syscall;

fn log(driver: &Driver) -> String {
    String::from_utf8_lossy(&driver.kernel.machine.log).into_owned()
}

fn violations(driver: &Driver) -> u64 {
    driver.kernel.system_info().violations
}

#[test]
fn exit_19_a_handler_that_leaves_interrupts_on_is_named_and_repaired() {
    let mut driver = boot();
    let ports = driver.make(Syscall::PortCreate, &[1, 0x300, 4]);
    driver.call(Syscall::PortWrite, &[ports, 1, 1, 7]).unwrap();
    assert_eq!(violations(&driver), 0);
    driver.kernel.machine.trap_port = Some(0x301);
    driver.call(Syscall::PortWrite, &[ports, 1, 1, 7]).unwrap();
    assert_eq!(violations(&driver), 1, "once: it was repaired");
    let named = format!("interrupts were on: Call({})", Syscall::PortWrite as u64);
    assert!(log(&driver).contains(&named), "{}", log(&driver));
    assert!(!driver.kernel.machine.interrupts_on);
}

#[test]
fn exit_20_a_call_within_a_call_is_found() {
    let mut driver = boot();
    let me = driver.running();
    driver.kernel.objects.threads[me].calls.active = true;
    driver.call(Syscall::Clock, &[]).unwrap();
    assert_eq!(violations(&driver), 1);
    assert!(log(&driver).contains("a system call within another"));
}

#[test]
fn exit_25_interrupts_that_are_on_at_entry_are_reported_and_repaired() {
    let mut driver = boot();
    driver.kernel.machine.interrupts_on = true;
    driver.call(Syscall::Clock, &[]).unwrap();
    assert_eq!(violations(&driver), 1);
    assert!(log(&driver).contains("interrupts were on: Enter"));
}

#[test]
fn exit_29_the_entry_depth_is_one_inside_and_none_outside() {
    let mut driver = boot();
    assert_eq!(driver.kernel.cpu(CPU).depth, 0);
    driver.kernel.enter(CPU);
    assert_eq!(driver.kernel.cpu(CPU).depth, 1);
    driver.kernel.sched.cpu_mut(CPU).depth = 2;
    driver.leave();
    assert_eq!(violations(&driver), 1);
    assert!(log(&driver).contains("entry depth of CpuId(0) is 2, not 1"), "{}", log(&driver));
}

#[test]
fn a_quiet_run_finds_nothing() {
    let mut driver = boot();
    driver.raw(Syscall::Sleep as u64, &[50], 0);
    driver.advance(100);
    for call in [Syscall::Yield, Syscall::Clock, Syscall::EndpointCreate] {
        driver.raw(call as u64, &[], 0);
    }
    assert_eq!(violations(&driver), 0, "{}", log(&driver));
}

#[test]
fn the_longest_hold_names_its_call_and_rows() {
    let mut driver = boot();
    driver.kernel.hold_ends(5);
    driver.call(Syscall::MemoryCreate, &[100]).unwrap();
    driver.kernel.hold_ends(30);
    driver.call(Syscall::Clock, &[]).unwrap();
    driver.kernel.hold_ends(20);
    let longest = driver.kernel.longest_hold().unwrap();
    assert_eq!(longest.ns, 30);
    assert_eq!(longest.to_string(), "MemoryCreate with the rows operation");
}
