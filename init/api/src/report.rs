//! A fault as text. The host's log decoder puts names behind the addresses of a backtrace,
//! which it knows by its heading, and the server's last lines behind it.

use crate::{FaultDetails, REGISTERS, ThreadRecord};
use core::fmt::{Display, Formatter, Result};

/// Registers, and words of the stack, in a line.
const IN_A_LINE: usize = 3;
const MS: u64 = 1_000_000;

impl Display for FaultDetails {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let fault = &self.record;
        write!(f, "fault of {}: {}", fault.server, fault.kind)?;
        if !fault.text.is_empty() {
            write!(f, ": {}", fault.text)?;
        }
        write!(f, "\n  process {}, up {} ms", fault.pid, fault.uptime_ns / MS)?;
        write!(f, ", restarts {}", fault.restarts)?;
        if fault.instruction != 0 {
            write!(f, ", instruction {:#x}", fault.instruction)?;
            write!(f, ", address {:#x}, code {}", fault.address, fault.code)?;
        }
        self.threads.iter().try_for_each(|thread| self.thread(thread, f))
    }
}

impl FaultDetails {
    fn thread(&self, thread: &ThreadRecord, f: &mut Formatter<'_>) -> Result {
        f.write_str(if thread.faulted { "\nthe faulting thread:" } else { "\na thread:" })?;
        for (index, (name, value)) in REGISTERS.iter().zip(&thread.registers).enumerate() {
            let between = if index % IN_A_LINE == 0 { "\n  " } else { "  " };
            write!(f, "{between}{name:<6} {value:#018x}")?;
        }
        f.write_str("\nstack:")?;
        for (index, word) in thread.stack.iter().enumerate() {
            let between = if index % IN_A_LINE == 0 { "\n  " } else { "  " };
            write!(f, "{between}{word:#018x}")?;
        }
        write!(f, "\nbacktrace of {}:", self.record.server)?;
        thread.backtrace.iter().try_for_each(|address| write!(f, "\n  {address:#018x}"))
    }
}
