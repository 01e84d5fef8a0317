//! COM1, for what must be seen without any server: boot errors, panics, self-tests.
//!
//! Polled, with a bound, so that a missing device costs time but never hangs. The console
//! server owns the device once it runs; the kernel then writes only when it panics.

use super::ports;
use core::fmt;

const COM1: u16 = 0x3f8;
const DATA: u16 = COM1;
const INTERRUPTS: u16 = COM1 + 1;
const FIFO: u16 = COM1 + 2;
const LINE: u16 = COM1 + 3;
const MODEM: u16 = COM1 + 4;
const STATUS: u16 = COM1 + 5;

const DIVISOR_LATCH: u8 = 0x80;
const EIGHT_BITS: u8 = 0x03;
const BAUD_115200: u8 = 1;
const FIFO_ON_AND_CLEAR: u8 = 0x07;
const DTR_RTS_OUT2: u8 = 0x0b;
const TRANSMITTER_EMPTY: u8 = 0x20;
const PATIENCE: u32 = 1_000_000;

/// 115,200 baud, 8 bits, no interrupts.
pub(crate) fn init() {
    let settings = [
        (INTERRUPTS, 0),
        (LINE, DIVISOR_LATCH),
        (DATA, BAUD_115200),
        (INTERRUPTS, 0),
        (LINE, EIGHT_BITS),
        (FIFO, FIFO_ON_AND_CLEAR),
        (MODEM, DTR_RTS_OUT2),
    ];
    for (port, value) in settings {
        ports::write::<u8>(port, value);
    }
}

fn put(byte: u8) {
    for _ in 0..PATIENCE {
        if ports::read::<u8>(STATUS) & TRANSMITTER_EMPTY != 0 {
            break;
        }
    }
    ports::write(DATA, byte);
}

/// COM1 as a place to write text to; line breaks become `\r\n`.
pub(crate) struct Serial;

impl fmt::Write for Serial {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            if byte == b'\n' {
                put(b'\r');
            }
            put(byte);
        }
        Ok(())
    }
}

/// Writes a line of text to COM1.
macro_rules! say {
    ($($arguments:tt)*) => {{
        use core::fmt::Write as _;
        // Writing to COM1 cannot fail.
        let _ = writeln!($crate::arch::x86_64::serial::Serial, $($arguments)*);
    }};
}
pub(crate) use say;
