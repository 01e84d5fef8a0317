//! What a traced child's stops must look like, thread by thread.

use abi::{Error, TraceStage};
use alloc::collections::BTreeMap;
use rt::Failure;

/// The call that each thread has stopped before; `None`: any, for its tracer has changed it.
#[derive(Default)]
pub(super) struct Stops(BTreeMap<u64, Option<u64>>);

impl Stops {
    /// A stop of this thread, with the number of the call and, after it, its status.
    ///
    /// A call of 32-bit code whose block cannot be read has no stop before it: the kernel knows
    /// no arguments to show. Its only stop says [`Error::BadAddress`]. The stop before it is then
    /// of a thread that was killed in its call, and whose slot is used again. Should that thread
    /// live, the stop after its own call is refused.
    pub(super) fn saw(
        &mut self,
        stage: TraceStage,
        thread: u64,
        [number, status]: [u64; 2],
    ) -> Result<(), Failure> {
        match stage {
            TraceStage::Enter => {
                self.0.insert(thread, Some(number));
            }
            TraceStage::Exit => match self.0.remove(&thread) {
                Some(None) => {}
                Some(Some(entered)) if entered == number => {}
                _ if status == Error::BadAddress as u64 => {}
                before => {
                    return Err(Failure::new(format_args!(
                        "thread {thread} stops after call {number} with status {status}, but before it \
                         was {before:?}"
                    )));
                }
            },
            TraceStage::Step | TraceStage::Dispatch => {
                return Err(Failure::new(format_args!("a stop of stage {stage:?} that is not on")));
            }
        }
        Ok(())
    }

    /// The thread's call was changed.
    pub(super) fn changed(&mut self, thread: u64) {
        self.0.insert(thread, None);
    }
}
