//! A 16550 UART.
//!
//! Source: PC16550D data sheet, section 8 (registers).

use sys::{Error, Ports};
use terminal::server::Device;

/// Received byte; byte to send.
const DATA: u16 = 0;
const INTERRUPT_ENABLE: u16 = 1;
const FIFO_CONTROL: u16 = 2;
const LINE_CONTROL: u16 = 3;
const MODEM_CONTROL: u16 = 4;
const LINE_STATUS: u16 = 5;

const EIGHT_BITS: u8 = 0x03;
/// On, an interrupt for each byte. The queue is not cleared: after a restart of this
/// server it may hold what was typed meanwhile.
const FIFO_ON: u8 = 0x01;
/// DTR, RTS, and OUT2, without which a PC passes no interrupt on.
const READY: u8 = 0x0b;
const RECEIVED: u8 = 0x01;

const HAS_DATA: u8 = 0x01;
const SEND_EMPTY: u8 = 0x20;
/// Bytes that fit into the empty queue of the sender.
const FIFO: usize = 16;
/// How often to look for room before sleeping.
const POLLS: u32 = 100;
const PAUSE_NS: u64 = 200_000;

/// The device, by its ports.
pub(crate) struct Uart {
    ports: Ports,
}

impl Uart {
    /// Sets the device up. The speed stays as the firmware chose it.
    pub(crate) fn open(ports: Ports) -> Result<Self, Error> {
        ports.write_u8(INTERRUPT_ENABLE, 0)?;
        ports.write_u8(LINE_CONTROL, EIGHT_BITS)?;
        ports.write_u8(FIFO_CONTROL, FIFO_ON)?;
        ports.write_u8(MODEM_CONTROL, READY)?;
        ports.write_u8(INTERRUPT_ENABLE, RECEIVED)?;
        Ok(Self { ports })
    }

    fn wait_for_room(&self) -> Result<(), Error> {
        let mut polls = 0;
        while self.ports.read_u8(LINE_STATUS)? & SEND_EMPTY == 0 {
            polls += 1;
            if polls % POLLS == 0 {
                sys::sleep_for(PAUSE_NS);
            }
        }
        Ok(())
    }
}

impl Device for Uart {
    fn read(&self) -> Result<Option<u8>, Error> {
        if self.ports.read_u8(LINE_STATUS)? & HAS_DATA == 0 {
            return Ok(None);
        }
        self.ports.read_u8(DATA).map(Some)
    }

    /// Sends bytes; waits while the other side is slow.
    fn write(&self, bytes: &[u8]) -> Result<(), Error> {
        for piece in bytes.chunks(FIFO) {
            self.wait_for_room()?;
            self.ports.write_bytes(DATA, piece)?;
        }
        Ok(())
    }
}
