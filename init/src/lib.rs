//! The decisions of init, without the kernel: restarts, hangs, the faults that it keeps, the exit
//! code of the machine.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod backtrace;
mod device;
mod fault_log;
mod graph;
mod heartbeat;
mod policy;
mod spare;

pub use backtrace::{MOST_FRAMES, walk};
pub use device::no_device;
pub use fault_log::{FaultLog, KEPT};
pub use graph::{Holder, links};
pub use heartbeat::{Heartbeat, Signs};
pub use policy::{Decision, Request, Supervision};
pub use spare::spare_pages;

use init_api::SystemError;

/// The code with which QEMU is told a shutdown status.
///
/// # Errors
/// When the status is more than QEMU can carry.
pub fn exit_code(status: u32) -> Result<u8, SystemError> {
    match u8::try_from(status) {
        Ok(0) => Ok(abi::exit_code::SUCCESS),
        Ok(small) if small < 32 => Ok(abi::exit_code::STATUS + small),
        _ => Err(SystemError::StatusTooBig { status }),
    }
}

#[cfg(test)]
mod tests {
    use super::exit_code;

    #[test]
    fn statuses_become_codes() {
        assert_eq!(exit_code(0), Ok(0x10));
        assert_eq!(exit_code(1), Ok(0x41));
        assert_eq!(exit_code(31), Ok(0x5f));
        assert!(exit_code(32).is_err());
        assert!(exit_code(256).is_err());
    }
}
