//! The stand-in for buffers that are not mapped here.

use crate::state;

/// The most bytes of a foreign buffer.
pub const FOREIGN_MAX: usize = 128 << 10;

/// Makes the stand-in of this process. Its memory is used for nothing else and never freed.
pub(crate) fn make_stand_in() {
    let bytes = alloc::vec![0_u8; FOREIGN_MAX].leak();
    let start = bytes.as_mut_ptr().expose_provenance();
    state::with(|state| state.set_stand_in(start, FOREIGN_MAX));
}
