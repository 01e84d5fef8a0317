//! The self-tests themselves: they run, and they notice a fault.

use qemu_harness::Images;
use system_tests::to_its_end;

#[test]
fn sixty_named_checks_or_more_pass() {
    let mut machine = Images::get().expect("images").machine("selftest-all");
    machine.append("selftest").unwrap();
    let outcome = to_its_end(&machine).unwrap();
    assert!(outcome.verdict.passed(), "{outcome}");
    let good = outcome.transcript.lines().filter(|line| line.starts_with("ok ")).count();
    assert!(good >= 60, "only {good} checks");
}

#[test]
fn a_fault_in_a_check_is_noticed_and_named() {
    for name in ["space-nothing-writable-and-executable", "call-words-pass-through-both-ways"] {
        let mut machine = Images::get().expect("images").machine("selftest-fault");
        machine.append(&format!("selftest inject={name}")).unwrap();
        let outcome = to_its_end(&machine).unwrap();
        assert!(outcome.verdict.to_string().contains("a self-test failed"), "{outcome}");
        let failed: Vec<&str> =
            outcome.transcript.lines().filter(|line| line.starts_with("not ok")).collect();
        assert!(failed.len() == 1 && failed[0].contains(name), "{failed:?}");
    }
}
