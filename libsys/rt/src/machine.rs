//! Heap and panic handler.

use core::fmt::Write;
use core::sync::atomic::{AtomicBool, Ordering};
use sys::heap::Heap;
use sys::{FaultKind, raise_fault};

#[global_allocator]
static HEAP: Heap = Heap::new();

/// The number of pages of the heap.
#[must_use]
pub fn heap_pages() -> u64 {
    HEAP.pages()
}

/// Whether a panic is being told of.
static PANICKING: AtomicBool = AtomicBool::new(false);

/// As much of a panic's text as its report takes.
struct Text {
    bytes: [u8; 256],
    used: usize,
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        for character in text.chars() {
            let end = self.used + character.len_utf8();
            let place = self.bytes.get_mut(self.used..end).ok_or(core::fmt::Error)?;
            character.encode_utf8(place);
            self.used = end;
        }
        Ok(())
    }
}

/// Logs, tells the supervisor, ends. Takes no lock that the program may hold.
#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    if PANICKING.swap(true, Ordering::Relaxed) {
        // A panic while telling of a panic: there is nothing more to tell.
        sys::exit(abi::EXIT_PANIC);
    }
    let mut text = Text { bytes: [0; 256], used: 0 };
    // A text that is cut off is still worth telling.
    let _ = write!(text, "{}", info.message());
    if let Some(place) = info.location() {
        let _ = write!(text, " at {}:{}", place.file(), place.line());
    }
    let told = core::str::from_utf8(&text.bytes[..text.used]).unwrap_or("");
    if !sys::log::busy() {
        defmt::error!("panic: {=str}", told);
    }
    let _ = raise_fault(FaultKind::Panic, told);
    sys::exit(abi::EXIT_PANIC)
}
