//! The fault that other kernels have: the loop looks at its flags with interrupts on and
//! leaves without looking again. The checker must find it.

use super::checker::{Leave, Scene, State};
use super::flags::scene;
use crate::machine::CpuId;

/// A turn of the faulty loop: it lets go after each, and when it sees no flag it leaves later.
pub(super) fn turn(state: &mut State, cpu: CpuId) {
    state.smp.kernel.machine.run_on(cpu);
    if state.smp.kernel.read_work(cpu) == 0 {
        state.looked[usize::from(cpu.0)] = true;
    } else {
        state.smp.turn(cpu);
    }
}

/// It leaves, whatever was set since it looked.
pub(super) fn go(state: &mut State, cpu: CpuId) {
    state.looked[usize::from(cpu.0)] = false;
    state.smp.leave_blindly(cpu);
}

#[test]
fn exit_03_a_loop_that_does_not_look_again_is_found_out() {
    // Without device interrupts: the lost wake-up comes from the other CPU alone.
    let mut scene = Scene { lines: vec![], ..scene(Leave::LooksOnce) };
    scene.start.lets_go_often = true;
    let report = scene.explore();
    let way = report.broken.expect("the lost wake-up is found");
    println!("{way}");
    // Of two ways that are as short, either: the other one leaves with an IPI that has come.
    let found = ["with flags set and nothing tells it", "a debug check found something"];
    assert!(found.iter().any(|found| way.contains(found)), "{way}");
    assert!(way.contains("Go("), "the way leads through the gap between looking and leaving");
}
