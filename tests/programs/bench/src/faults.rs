//! Faults of another process, which a handler lets go on: from one to the next.

use crate::meter::Meter;
use crate::settings::QUOTA;
use rt::Failure;
use sys::hazard::{self, Instruction};
use sys::{Endpoint, FOREVER, FaultReply, Message, Received, Words};

/// Operations of [`faults`].
pub(crate) const FAULTS: &[&str] = &["fault-undefined-instruction", "fault-page"];

const TIMES: usize = 10_000;
/// Where nothing is mapped.
const HOLE: u64 = 0x6666_0000_0000;

/// The handler resumes, and the same instruction faults again.
pub(crate) fn faults(meter: &Meter<'_>) -> Result<(), Failure> {
    for (row, role) in FAULTS.iter().zip(["fault-undefined", "fault-page"]) {
        let handler = Endpoint::create()?;
        let child = meter.machine.child(&[role], QUOTA, &[], Some((&handler, 1)))?;
        let mut reply = None;
        meter.measure(row, TIMES, || {
            let mut answer = Message::new(FaultReply::Resume as u32, Words::default());
            let received = handler.reply_receive(&mut reply, &mut answer, FOREVER, &mut [])?;
            if let Received::Message(fault) = received {
                reply = fault.reply;
            }
            Ok::<_, Failure>(())
        })?;
        child.stop()?;
    }
    Ok(())
}

/// In a child: faults.
pub(crate) fn fault(role: &str) -> Result<(), Failure> {
    if role == "fault-page" {
        hazard::read(HOLE);
    } else {
        Instruction::Undefined.run();
    }
    Err("it did not fault".into())
}
