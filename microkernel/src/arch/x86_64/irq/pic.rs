//! The old interrupt controllers: moved out of the way of the exceptions, and silenced.
//!
//! Source: Intel 8259A, "Initialization Command Words".

use super::super::cpu::vectors;
use super::super::ports;

const COMMANDS: [u16; 2] = [0x20, 0xa0];
const DATA: [u16; 2] = [0x21, 0xa1];
const START: u8 = 0x11;
const MODE_8086: u8 = 0x01;
/// The second hangs at the first's line 2.
const CASCADE: [u8; 2] = [1 << 2, 2];

/// Masks all lines; what still comes by mistake has a vector that is recorded as stray.
pub(crate) fn silence() {
    for (position, (command, data)) in COMMANDS.into_iter().zip(DATA).enumerate() {
        let vector =
            if position == 0 { vectors::FIRST_INTERRUPT } else { vectors::FIRST_INTERRUPT + 8 };
        ports::write(command, START);
        for word in [vector, CASCADE[position], MODE_8086, 0xff] {
            ports::write(data, word);
        }
    }
}

/// Whether all lines are masked.
pub(crate) fn is_silent() -> bool {
    DATA.into_iter().all(|port| ports::read::<u8>(port) == 0xff)
}
