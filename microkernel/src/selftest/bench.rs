//! What checks work with.

use crate::arch::x86_64::boot::Boot;
use crate::arch::x86_64::hardware::Hardware;
use core::fmt::Write;
use heapless::String;

/// Why a check failed.
pub(crate) type Failure = String<100>;
/// What a check says.
pub(crate) type Outcome = Result<(), Failure>;
/// A named check.
pub(crate) type Check = (&'static str, fn(&mut Bench<'_>) -> Outcome);

/// What checks work with.
pub(crate) struct Bench<'a> {
    /// The machine.
    pub(crate) machine: &'a mut Hardware,
    /// What was found and prepared at boot; free frames among it.
    pub(crate) boot: &'a mut Boot,
    /// The next thing found is falsified.
    pub(super) falsify: bool,
}

impl Bench<'_> {
    /// Something must be as wanted.
    pub(crate) fn equal(&mut self, what: &str, found: u64, wanted: u64) -> Outcome {
        let found = found ^ u64::from(core::mem::take(&mut self.falsify));
        if found == wanted {
            return Ok(());
        }
        let mut why = Failure::new();
        // A long reason is cut.
        let _ = write!(why, "{what}: found {found:#x}, wanted {wanted:#x}");
        Err(why)
    }

    /// Something must hold.
    pub(crate) fn hold(&mut self, what: &str, found: bool) -> Outcome {
        let found = found ^ core::mem::take(&mut self.falsify);
        if found { Ok(()) } else { Err(text(what)) }
    }
}

fn text(what: &str) -> Failure {
    let mut why = Failure::new();
    // A long reason is cut.
    let _ = why.push_str(what);
    why
}
