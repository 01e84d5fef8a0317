//! Messages of devices (MSI): what they write to interrupt a CPU.
//!
//! Source: Intel SDM 3A, 10.11 "Message Signalled Interrupts": physical destination, fixed delivery,
//! edge trigger. A message is not masked here: its device has the mask.

use super::super::cpu::block::CpuBlock;
use super::super::cpu::vectors;
use core_kernel::machine::Message;

/// Where devices write.
const ADDRESS: u32 = 0xfee0_0000;
/// Where in the address the number of the local controller is.
const DESTINATION_SHIFT: u32 = 12;
/// Controllers that a message reaches are below this: the highest number means all of them.
const DESTINATIONS: u32 = 0xff;

/// What a device writes for the message of this number, if it reaches the CPU.
pub(crate) fn message(cpu: &CpuBlock, number: u8) -> Option<Message> {
    let controller = Some(cpu.controller()).filter(|controller| *controller < DESTINATIONS)?;
    let data = vectors::of_message(number)?.into();
    Some(Message { address: ADDRESS | controller << DESTINATION_SHIFT, data })
}
