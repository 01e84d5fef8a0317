//! The end of the machine: QEMU's isa-debug-exit.

use super::ports;
use abi::reserved::EXIT_PORT;

/// Ends the machine; QEMU leaves with status `code << 1 | 1`.
///
/// The device acts some time after the write, and real machines do not have it: so the
/// CPU halts for good.
pub(crate) fn exit(code: u8) -> ! {
    ports::write(EXIT_PORT, u32::from(code));
    loop {
        x86_64::instructions::interrupts::disable();
        x86_64::instructions::hlt();
    }
}
