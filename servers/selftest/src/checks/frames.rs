//! Frames and structures that the kernel writes and reads: on pages that are not there,
//! read-only, or half there.
//!
//! After Linux's sigaltstack, sigreturn and syscall_arg_fault.

use crate::bench::{Bench, Check, Outcome};
use crate::watched::Watched;
use abi::{Envelope, PAGE_SIZE, SavedFrame, Syscall};
use alloc::format;
use sys::hazard;
use sys::{Endpoint, Error, Failure, FaultKind, Memory, Notification, Protection};

pub(super) const CHECKS: &[Check] = &[
    ("exit-12-upcall-frame-on-no-page", |bench| upcall_frame(bench, Page::Missing, Page::Missing)),
    ("exit-12-upcall-frame-on-read-only-pages", |bench| {
        upcall_frame(bench, Page::ReadOnly, Page::ReadOnly)
    }),
    ("exit-12-upcall-frame-with-its-lower-half-missing", |bench| {
        upcall_frame(bench, Page::Missing, Page::Writable)
    }),
    ("exit-12-upcall-frame-with-its-upper-half-missing", |bench| {
        upcall_frame(bench, Page::Writable, Page::Missing)
    }),
    ("exit-12-upcall-frame-with-its-lower-half-read-only", |bench| {
        upcall_frame(bench, Page::ReadOnly, Page::Writable)
    }),
    ("exit-12-upcall-frame-with-its-upper-half-read-only", |bench| {
        upcall_frame(bench, Page::Writable, Page::ReadOnly)
    }),
    ("exit-12-structures-that-are-half-there-are-errors", half_structures),
];

/// Two pages that only this check uses; a frame lies across their border.
const LOWER: u64 = 0x6666_0000_0000;
const UPPER: u64 = LOWER + PAGE_SIZE;
const FRAME: u64 = UPPER - 80;
const TOP: u64 = FRAME + size_of::<SavedFrame>() as u64;

/// What is at a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Page {
    Missing,
    ReadOnly,
    Writable,
}

impl Page {
    const ALL: [Self; 3] = [Self::Missing, Self::ReadOnly, Self::Writable];

    fn map(self, memory: &Memory, at: u64, index: u64) -> Result<(), Failure> {
        let protection = match self {
            Self::Missing => return Ok(()),
            Self::ReadOnly => Protection::Read,
            Self::Writable => Protection::ReadWrite,
        };
        let handle = u64::from(memory.handle().0);
        call(Syscall::Map, [0, handle, at, index, 1, protection as u64])
    }
}

fn call(call: Syscall, arguments: [u64; 6]) -> Result<(), Failure> {
    match hazard::plain(call as u64, arguments).status {
        0 => Ok(()),
        status => Err(Failure::from(format!("{}: status {status}", call.name()))),
    }
}

/// In a child: an upcall whose frame has to go there. The handler ends it with the bits.
pub(crate) fn upcall_onto(pages: u64) -> Result<(), Failure> {
    extern "C" fn handler(bits: u64, _frame: u64) -> ! {
        rt::exit(bits)
    }
    let memory = Memory::create(2)?;
    let page = |number: u64| Page::ALL.into_iter().find(|page| *page as u64 == number);
    for (at, number) in [(LOWER, pages / 4), (UPPER, pages % 4)] {
        page(number).unwrap_or(Page::Missing).map(&memory, at, (at - LOWER) / PAGE_SIZE)?;
    }
    let bell = Notification::create()?;
    let entry = handler as *const () as usize as u64;
    call(Syscall::UpcallRegister, [u64::from(bell.handle().0), entry, TOP, 0, 0, 0])?;
    bell.signal(0b101)?;
    Err(Failure::from("the thread was not diverted"))
}

fn upcall_frame(bench: &Bench, lower: Page, upper: Page) -> Outcome {
    let pages = lower as u64 * 4 + upper as u64;
    let watched = Watched::start(bench, &["upcall-onto", &format!("{pages}")])?;
    let trouble = watched.trouble()?;
    let seen = trouble.seen;
    bench.same("kind and code", (seen.kind, seen.code), (Some(FaultKind::Page), 1))?;
    bench.same("address", seen.address, FRAME)?;
    // The handler makes both pages writable; the bits have waited.
    let process = &watched.child.process;
    let memory = Memory::create(2)?;
    for (page, at) in [(lower, LOWER), (upper, UPPER)] {
        if page == Page::ReadOnly {
            call(Syscall::Unmap, [u64::from(process.handle().0), at, 1, 0, 0, 0])?;
        }
        if page != Page::Writable {
            process.map(&memory, at, (at - LOWER) / PAGE_SIZE, 1, Protection::ReadWrite)?;
        }
    }
    trouble.resume();
    bench.same("bits in the handler", watched.child.status()?, 0b101)
}

/// In a child: calls with a structure across the border of a page that is there and one that
/// is not; ends with how many were no error.
pub(crate) fn half_there() -> Result<(), Failure> {
    let memory = Memory::create(1)?;
    Page::Writable.map(&memory, LOWER, 0)?;
    let endpoint = Endpoint::create()?;
    let endpoint = u64::from(endpoint.handle().0);
    let at = UPPER - 8;
    let len = 16;
    let mut wrong = 0;
    let mut expect = |status: u64| {
        wrong += u64::from(Error::from_status(status) != Some(Error::BadAddress));
    };
    for (number, arguments) in [
        (Syscall::LogWrite, [at, len, 0, 0, 0, 0]),
        (Syscall::SystemInfo, [at, 0, 0, 0, 0, 0]),
        (Syscall::ProcessInfo, [0, at, 0, 0, 0, 0]),
        (Syscall::CpuInfo, [0, at, 0, 0, 0, 0]),
        (Syscall::ProcessCreate, [at, len, at, 0, 0, 0]),
        (Syscall::FaultRaise, [7, at, len, 0, 0, 0]),
        (Syscall::UpcallReturn, [FRAME, 0, 0, 0, 0, 0]),
    ] {
        expect(hazard::plain(number as u64, arguments).status);
    }
    let envelope = UPPER - size_of::<Envelope>() as u64 / 2 / 8 * 8;
    for number in [Syscall::Call, Syscall::Send, Syscall::Recv] {
        expect(hazard::call(number as u64, [endpoint, 0], [0; 7], envelope).status);
    }
    rt::exit(wrong)
}

fn half_structures(bench: &Bench) -> Outcome {
    let child = bench.child(&["half-there"], &[])?;
    bench.same("calls that were no error", child.status()?, 0)
}
