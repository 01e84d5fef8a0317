//! A driver whose device interrupts without end, and that acknowledges none of it.

use rt::Failure;
use sys::{Notification, RegisterFile};

/// The register of the device `edu` that interrupts when it is written. Source: QEMU,
/// docs/specs/edu.txt.
const RAISE: usize = 0x60;
/// Interrupts in a row, and the pause after them: others have the CPU, too.
const BURST: u32 = 200;
const PAUSE_NS: u64 = 10_000_000;

/// Has the device interrupt for ever.
pub(crate) fn storms(env: &rt::Env) -> Result<(), Failure> {
    let opened = pci_api::open(env.names())?;
    let registers = opened.registers(0, 0)?;
    let _vector = opened.vector(0, &Notification::create()?, 1)?;
    opened.start_dma()?;
    loop {
        for _ in 0..BURST {
            registers.write_u32(RAISE, 1)?;
        }
        sys::sleep_for(PAUSE_NS);
    }
}
