//! Where the saved registers of threads lie: memory of their own, reached by one handle each.
//!
//! While a thread runs, the entries of its CPU write its frame without holding the kernel; at the
//! same time a CPU that does hold the kernel may have a `&mut` to the thread itself. So the frame is
//! no part of the thread: the thread has a handle, and only the use of the handle refers to the
//! frame. The core does that for a thread that runs on no CPU, or that is current on the CPU that
//! asks (see `core_kernel::machine::Frame`).

use super::super::cpu::frame::UserFrame;
use super::physmap;
use core::cell::UnsafeCell;
use core::ops::{Deref, DerefMut};
use core_kernel::machine::Phys;

/// The one handle to a thread's frame.
#[derive(Debug)]
pub(crate) struct FrameHandle(*mut UserFrame);

// SAFETY: a handle is a part of the kernel's objects, which only the CPU that holds the kernel uses.
unsafe impl Send for FrameHandle {}

/// The frame of slots in which no thread can be made yet.
struct Unused(UnsafeCell<UserFrame>);

// SAFETY: it is reached through handles alone, so by the CPU that holds the kernel.
unsafe impl Sync for Unused {}

static UNUSED: Unused = Unused(UnsafeCell::new(UserFrame::EMPTY));

/// For slots of the core's arena in which no thread lives, of which no id leads to the handle.
impl Default for FrameHandle {
    fn default() -> Self {
        Self(UNUSED.0.get())
    }
}

impl Deref for FrameHandle {
    type Target = UserFrame;

    #[inline(always)]
    fn deref(&self) -> &UserFrame {
        // SAFETY: 1. A frame lies there for good. 2. This is the only handle to it, so no other
        // reference made here exists. 3. What else uses the frame are entries and exits of the CPU
        // on which its thread runs, and the core does not ask meanwhile.
        unsafe { &*self.0 }
    }
}

impl DerefMut for FrameHandle {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut UserFrame {
        // SAFETY: as in `deref`.
        unsafe { &mut *self.0 }
    }
}

/// Frames in a page.
#[expect(clippy::cast_possible_truncation, reason = "4,096")]
const FRAMES: usize = abi::PAGE_SIZE as usize / size_of::<UserFrame>();

/// What is left of the page that frames are taken from.
///
/// Invariant: the page is RAM in the physmap that nothing else uses, and the first `taken` frames
/// in it have a handle.
pub(crate) struct FrameMemory {
    page: Phys,
    taken: usize,
}

impl FrameMemory {
    /// Nothing is left.
    pub(crate) const NONE: Self = Self { page: Phys::ZERO, taken: FRAMES };

    /// A whole page.
    ///
    /// # Safety
    /// It is RAM in the physmap that nothing else uses, now or later.
    pub(crate) unsafe fn new(page: Phys) -> Self {
        Self { page, taken: 0 }
    }

    /// Whether nothing is left.
    pub(crate) fn is_full(&self) -> bool {
        self.taken == FRAMES
    }

    /// The next frame, empty.
    pub(crate) fn take(&mut self) -> Option<FrameHandle> {
        if self.is_full() {
            return None;
        }
        let first: *mut UserFrame = physmap::pointer(self.page).cast();
        let place = first.wrapping_add(self.taken);
        self.taken += 1;
        // SAFETY: by the invariant the place is memory of nothing else, and inside the page; a
        // page is aligned for all types.
        unsafe { place.write(UserFrame::EMPTY) };
        Some(FrameHandle(place))
    }
}
