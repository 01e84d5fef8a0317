//! The system log: records to QEMU's debug console; and the kernel's own defmt frames.

use super::{checks, ports, time};
use abi::reserved::LOG_PORT;
use abi::{LogHeader, LogKind};
use core::cell::UnsafeCell;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicBool, AtomicU16};
use core_kernel::Backlog;
use spin::Mutex;

/// What a reader on the machine can still have.
///
/// ORDER: a leaf: nothing else is acquired while it is held, always with interrupts off.
static BACKLOG: Mutex<Backlog<{ 64 << 10 }>> = Mutex::new(Backlog::new());

/// Appends to the log.
pub(crate) fn write(bytes: &[u8]) {
    ports::write_bytes(LOG_PORT, bytes);
    // A panic in the middle of a write must not wait for itself; the debug console has it.
    if let Some(mut backlog) = BACKLOG.try_lock() {
        backlog.push(bytes);
    }
}

/// Copies what is left of the log; see [`Backlog::read`].
pub(crate) fn read(first: u64, into: &mut [u8]) -> (usize, u64) {
    BACKLOG.lock().read(first, into)
}

/// Writes one of the kernel's records. Longer text is cut.
pub(crate) fn record(kind: LogKind, bytes: &[u8]) {
    let len = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    let header = LogHeader { kind, source: 0, time_ns: time::now_ns(), len };
    write(&header.encode());
    write(&bytes[..usize::from(len)]);
}

unsafe extern "C" {
    safe static __DEFMT_MARKER_TRACE_START: u8;
    safe static __DEFMT_MARKER_DEBUG_START: u8;
    safe static __DEFMT_MARKER_INFO_START: u8;
    safe static __DEFMT_MARKER_WARN_START: u8;
    safe static __DEFMT_MARKER_ERROR_START: u8;
    safe static __DEFMT_MARKER_END: u8;
}

/// The first string number that is logged: defmt orders them by level.
static FIRST_LOGGED: AtomicU16 = AtomicU16::new(0);

/// Logs this level and what is more severe. False: there is no such level.
pub(crate) fn set_level(name: &str) -> bool {
    let marker = match name {
        "trace" => &raw const __DEFMT_MARKER_TRACE_START,
        "debug" => &raw const __DEFMT_MARKER_DEBUG_START,
        "info" => &raw const __DEFMT_MARKER_INFO_START,
        "warn" => &raw const __DEFMT_MARKER_WARN_START,
        "error" => &raw const __DEFMT_MARKER_ERROR_START,
        "off" => &raw const __DEFMT_MARKER_END,
        _ => return false,
    };
    FIRST_LOGGED.store(u16::try_from(marker.addr()).unwrap_or(u16::MAX), Relaxed);
    true
}

/// A frame being encoded.
struct Frame {
    encoder: defmt::Encoder,
    bytes: [u8; 512],
    used: usize,
    /// Whether its level is logged; unknown before the string number has been written.
    wanted: Option<bool>,
}

impl Frame {
    fn append(&mut self, bytes: &[u8]) {
        if self.wanted.is_none() {
            let number = match bytes {
                [low, high, ..] => u16::from_le_bytes([*low, *high]),
                _ => u16::MAX,
            };
            self.wanted = Some(number >= FIRST_LOGGED.load(Relaxed));
        }
        let Self { encoder, bytes: buffer, used, .. } = self;
        encoder.write(bytes, |encoded| keep(buffer, used, encoded));
    }
}

/// What does not fit is lost, and the decoder says so.
fn keep(buffer: &mut [u8], used: &mut usize, bytes: &[u8]) {
    if let Some(place) = buffer.get_mut(*used..*used + bytes.len()) {
        place.copy_from_slice(bytes);
        *used += bytes.len();
    }
}

/// The one frame, and whether it is being written.
struct Shared {
    busy: AtomicBool,
    frame: UnsafeCell<Frame>,
}

// SAFETY: the frame is used only between `acquire` and `release`, which let one CPU in.
unsafe impl Sync for Shared {}

/// ORDER: taken from `acquire` to `release`, always with interrupts off: the kernel logs
/// nothing in handlers of interrupts in kernel mode. The panic path does not use defmt.
static SHARED: Shared = Shared {
    busy: AtomicBool::new(false),
    frame: UnsafeCell::new(Frame {
        encoder: defmt::Encoder::new(),
        bytes: [0; 512],
        used: 0,
        wanted: None,
    }),
};

#[defmt::global_logger]
struct Logger;

// SAFETY: `acquire` waits until no other CPU is between it and `release`; the other three
// are called by defmt only there, on the same CPU, so the frame is theirs alone.
unsafe impl defmt::Logger for Logger {
    fn acquire() {
        assert!(checks::may_log(), "logged before the core was entered");
        while SHARED.busy.swap(true, Acquire) {
            core::hint::spin_loop();
        }
        // SAFETY: `busy` was false: the frame is ours.
        let frame = unsafe { &mut *SHARED.frame.get() };
        frame.used = 0;
        frame.wanted = None;
        let Frame { encoder, bytes, used, .. } = frame;
        encoder.start_frame(|encoded| keep(bytes, used, encoded));
    }

    unsafe fn flush() {}

    unsafe fn release() {
        // SAFETY: between `acquire` and the store below the frame is ours.
        let frame = unsafe { &mut *SHARED.frame.get() };
        let Frame { encoder, bytes, used, .. } = frame;
        encoder.end_frame(|encoded| keep(bytes, used, encoded));
        if frame.wanted == Some(true) {
            record(LogKind::Defmt, &frame.bytes[..frame.used]);
        }
        SHARED.busy.store(false, Release);
    }

    unsafe fn write(bytes: &[u8]) {
        // SAFETY: as in `release`.
        unsafe { (*SHARED.frame.get()).append(bytes) }
    }
}
