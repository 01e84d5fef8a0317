//! Machine checks: the CPU reports that the machine is broken.
//!
//! Source: Intel SDM 3B, chapter 15 "Machine-Check Architecture".

use super::features::features;
use super::msr::read_msr;
use x86_64::registers::model_specific::Msr;

const CAPABILITY: u32 = 0x179;
const STATUS: u32 = 0x17a;
const CONTROL: u32 = 0x17b;
/// Four registers for each bank, from here on: control, status, address, more.
const BANKS: u32 = 0x400;

/// In the capability register: the number of banks, and whether CONTROL exists.
const COUNT: u64 = 0xff;
const HAS_CONTROL: u64 = 1 << 8;
/// In the status register: the interrupted code can go on.
const CAN_GO_ON: u64 = 1;
/// In a bank's status: it holds something, and the CPU's state is damaged by it.
const VALID: u64 = 1 << 63;
const DAMAGED: u64 = 1 << 57;

/// What has to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Only what was interrupted is affected, if anything.
    GoOn,
    /// Nothing can be relied on.
    Fatal,
}

fn banks() -> u32 {
    // NOFAIL: masked to 8 bits.
    u32::try_from(read_msr(Msr::new(CAPABILITY)) & COUNT).unwrap_or(0)
}

fn write(register: u32, value: u64) {
    // SAFETY: a register that the capability register promises; it only reports.
    unsafe { Msr::new(register).write(value) };
}

/// Lets every bank report, if the CPU has any.
pub(crate) fn enable() {
    if !features().machine_check {
        return;
    }
    if read_msr(Msr::new(CAPABILITY)) & HAS_CONTROL != 0 {
        write(CONTROL, u64::MAX);
    }
    for bank in 0..banks() {
        write(BANKS + 4 * bank, u64::MAX);
        write(BANKS + 4 * bank + 1, 0);
    }
}

/// Reads and clears what is reported.
pub(crate) fn take() -> Verdict {
    let status = read_msr(Msr::new(STATUS));
    let mut reports = 0;
    for bank in 0..banks() {
        let report = read_msr(Msr::new(BANKS + 4 * bank + 1));
        if report & VALID != 0 {
            reports |= report;
            write(BANKS + 4 * bank + 1, 0);
        }
    }
    // Last: another one before this would reset the machine.
    write(STATUS, 0);
    verdict(status, reports)
}

/// From the status register and the union of all reports.
pub(crate) fn verdict(status: u64, reports: u64) -> Verdict {
    if status & CAN_GO_ON == 0 || reports & DAMAGED != 0 {
        return Verdict::Fatal;
    }
    Verdict::GoOn
}
