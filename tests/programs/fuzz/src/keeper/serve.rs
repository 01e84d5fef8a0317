//! Calls, faults and stops of the children, and what is answered.

use super::badges::{Badge, Role};
use super::{Held, Keeper};
use abi::{FAULT_LABEL, FaultReply, TraceReply, TraceStage};
use rt::Failure;
use sys::{Incoming, Lifeline, Message, ReplyRight, Rights, Words};

/// Calls that are held at most.
const HELD: usize = 8;

impl Keeper {
    /// Takes a message and checks that it could have been sent.
    pub(super) fn serve(&mut self, message: Incoming) -> Result<(), Failure> {
        let Some(badge) = Badge::from_number(message.badge).filter(|it| it.serial <= self.born)
        else {
            return Err(Failure::new(format_args!(
                "label {:#x} came with the badge {:#x}, which was never given",
                message.label, message.badge
            )));
        };
        let stage = TraceStage::from_label(message.label);
        match (badge.role, stage) {
            (Role::Call, _) => self.answer_call(badge, message),
            (Role::Fault, _) if message.label == FAULT_LABEL => self.answer_fault(message),
            (Role::Trace, Some(stage)) => self.answer_stop(badge, stage, message),
            _ => Err(Failure::new(format_args!(
                "label {:#x} came with the badge {:#x}, which is for something else",
                message.label, message.badge
            ))),
        }
    }

    fn answer_call(&mut self, badge: Badge, message: Incoming) -> Result<(), Failure> {
        let Some(right) = message.reply else { return Ok(()) };
        let is_kernels = message.label >= 0xffff_0000;
        match self.random.below(8) {
            // A fault or stop is of a child's own child: its sender is not known here.
            0 | 1 if !is_kernels && self.held.len() < HELD => {
                self.held.push(Held { right, serial: badge.serial });
            }
            // Dropped: answered as abandoned.
            2 => {}
            _ => self.reply(right, message.words),
        }
        if self.random.below(4) == 0 && !self.held.is_empty() {
            let place = self.random.below(self.held.len() as u64);
            let held = self.held.swap_remove(usize::try_from(place).unwrap_or(0));
            self.reply(held.right, [place; 7]);
        }
        Ok(())
    }

    /// An answer with what happens to be at hand.
    fn reply(&mut self, right: ReplyRight, words: Words) {
        let bytes = [0x5a; 600];
        let mut message = Message::new(u32::from(self.random.any().to_le_bytes()[0] & 3), words);
        if self.random.below(8) == 0 {
            let len = usize::try_from(self.random.below(600)).unwrap_or(0);
            message.bytes = &bytes[..len];
        }
        if self.random.below(4) == 0 {
            // A lifeline goes away with its only holder.
            if let Ok((_, holder)) = Lifeline::create(&self.shared.bells[1], 1 << 2) {
                let _ = message.transfers.push_narrowed(holder, Rights::ALL);
            }
        }
        // The caller may be gone, or have no room.
        let _ = right.reply(&mut message);
    }

    fn answer_fault(&mut self, message: Incoming) -> Result<(), Failure> {
        let Some(right) = message.reply else {
            return Err(Failure::from("a fault came without a right to answer it"));
        };
        let entry = (crate::wild::go_on as *const ()).expose_provenance() as u64;
        let (label, word) = match self.random.below(8) {
            0 => (FaultReply::Resume, 0),
            1 => (FaultReply::ResumeAt, self.random.any()),
            2..5 => (FaultReply::ResumeAt, entry),
            _ => (FaultReply::Kill, 0),
        };
        let _ = right.reply(&mut Message::new(label as u32, [word, 0, 0, 0, 0, 0, 0]));
        Ok(())
    }

    fn answer_stop(
        &mut self,
        badge: Badge,
        stage: TraceStage,
        message: Incoming,
    ) -> Result<(), Failure> {
        let (thread, words) = (message.badge >> 32, message.words);
        let Some(right) = message.reply else {
            return Err(Failure::from("a stop came without a right to answer it"));
        };
        let choice = self.random.below(24);
        let child = self.children.iter_mut().flatten().find(|it| it.serial == badge.serial);
        if let Some(stops) = child.and_then(|child| child.stops.as_mut()) {
            stops.saw(stage, thread, [words[0], words[1]])?;
            if stage == TraceStage::Enter && choice < 2 {
                stops.changed(thread);
            }
        }
        let (label, answer) = match (stage, choice) {
            (TraceStage::Dispatch, _) => (TraceReply::Resume, [self.random.below(3); 7]),
            (TraceStage::Enter, 0) => (TraceReply::Skip, [0, 1, 2, 0, 0, 0, 0]),
            (TraceStage::Enter, 1) => {
                let call = self.random.of(abi::Syscall::ALL).copied();
                let number = call.map_or(0, |call| call as u64);
                (TraceReply::Rewrite, [number, words[1], words[2], words[3], words[4], 0, 0])
            }
            (TraceStage::Exit, 0) => (TraceReply::Rewrite, [words[0], 5, 0, 0, 0, 0, 0]),
            _ => (TraceReply::Resume, [0; 7]),
        };
        let _ = right.reply(&mut Message::new(label as u32, answer));
        Ok(())
    }

    /// The tokens of a dead child's calls answer nothing.
    pub(super) fn check_tokens_of(&mut self, serial: u64) -> Result<(), Failure> {
        while let Some(place) = self.held.iter().position(|held| held.serial == serial) {
            let Held { right, .. } = self.held.swap_remove(place);
            let waits = right.waits();
            let answered = right.reply(&mut Message::new(0, [0; 7])).is_ok();
            if waits || answered {
                return Err(Failure::new(format_args!(
                    "the token of a dead child's call waits: {waits}, answers: {answered}"
                )));
            }
        }
        Ok(())
    }
}
