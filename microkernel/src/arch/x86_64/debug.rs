//! The end of the machine: QEMU's isa-debug-exit.

use super::{ports, serial};
use abi::exit_code::{BOOT_FAILED, SUCCESS, TEST_FAILED};
use abi::reserved::EXIT_PORT;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// A self-test failed: the machine does not end with success.
static TEST_HAS_FAILED: AtomicBool = AtomicBool::new(false);

/// Makes the machine's exit code a failure, also when the programs end with success.
pub(crate) fn note_failed_test() {
    TEST_HAS_FAILED.store(true, Relaxed);
}

/// Ends the machine; QEMU leaves with status `code << 1 | 1`.
///
/// The device acts some time after the write, and real machines do not have it: so the
/// CPU halts for good.
pub(crate) fn exit(code: u8) -> ! {
    let failed = code == SUCCESS && TEST_HAS_FAILED.load(Relaxed);
    let code = if failed { TEST_FAILED } else { code };
    ports::write(EXIT_PORT, u32::from(code));
    loop {
        x86_64::instructions::interrupts::disable();
        x86_64::instructions::hlt();
    }
}

/// Ends the boot with one line that says why.
pub(crate) fn fail(why: core::fmt::Arguments<'_>) -> ! {
    serial::say!("postern: cannot boot: {why}");
    exit(BOOT_FAILED)
}
