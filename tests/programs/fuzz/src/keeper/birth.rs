//! How a child comes to be: code that all share, data of its own, handles.

use super::badges::{Badge, Role};
use super::stops::Stops;
use super::{Child, Keeper, TRAVELS};
use crate::wild::{begin, lives};
use abi::{PAGE_SIZE, Protection, TraceFlags};
use alloc::format;
use alloc::vec::Vec;
use loader::{Plan, Program};
use rt::Failure;
use sys::{Error, Lifeline, Memory, Notification, Pages, Priority, Process, Quota, Rights, Thread};

/// What a child may use.
const QUOTA: Quota =
    Quota { pages: 1_500, handles: 96, threads: 12, objects: 96, max_priority: 30, reserved: 0 };
const STACK_PAGES: u64 = 2;
/// Calls that take the machine along, its devices or any process: not for children with the
/// resource.
const MACHINE_CALLS: u128 = 1 << abi::Syscall::Shutdown as u32
    | 1 << abi::Syscall::MemoryDevice as u32
    | 1 << abi::Syscall::PortCreate as u32
    | 1 << abi::Syscall::ProcessFind as u32;

/// The segments of this program.
pub(super) struct Code {
    segments: Vec<Part>,
    book: Memory,
}

struct Part {
    address: u64,
    pages: u64,
    protection: Protection,
    /// Shared by all; `None`: each child has its own, which begins with these bytes.
    memory: Option<Memory>,
    bytes: (usize, Vec<u8>),
}

impl Code {
    /// Loads what children share.
    pub(super) fn load(image: &[u8]) -> Result<Self, Failure> {
        let plan = Plan::read(image).map_err(|error| Failure::new(format_args!("{error:?}")))?;
        let mut segments = Vec::new();
        for segment in &plan.segments {
            let end = segment.offset + segment.bytes.len();
            let mut memory = None;
            if !segment.protection.writable() {
                let mut pages = Pages::create(segment.pages)?;
                let place = pages.get_mut(segment.offset..end).ok_or(Error::BadArgument)?;
                place.copy_from_slice(segment.bytes);
                memory = Some(pages.into_memory());
            }
            segments.push(Part {
                address: segment.address,
                pages: segment.pages,
                protection: segment.protection,
                memory,
                bytes: (segment.offset, segment.bytes.to_vec()),
            });
        }
        let book = Memory::create(1)?;
        Ok(Self { segments, book })
    }

    /// Maps it, and gives the handles with which the child can do the same. The book says all
    /// that again; it is the same for all, since a child's first handles are.
    fn put_into(&self, child: &Process) -> Result<(), Failure> {
        let mut words = alloc::vec![self.segments.len() as u64];
        for part in &self.segments {
            let handle = match &part.memory {
                Some(memory) => {
                    let rights = Rights::ALL - Rights::WRITE - Rights::MANAGE;
                    child.map(memory, part.address, 0, part.pages, part.protection)?;
                    child.give(memory, rights, 0)?.0
                }
                None => {
                    part.copy_into(child)?;
                    0
                }
            };
            words.extend([part.address, part.pages, part.protection as u64, handle.into()]);
        }
        let rights = Rights::READ.union(Rights::TRANSFER);
        words.push(child.give(&self.book, rights, 0)?.0.into());
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.book.map_own(Protection::ReadWrite)?.write_at(0, &bytes)?;
        Ok(child.map(&self.book, lives::BOOK, 0, 1, Protection::Read)?)
    }
}

impl Part {
    fn copy_into(&self, child: &Process) -> Result<(), Failure> {
        let mut pages = Pages::create_for(child, self.pages)?;
        let (offset, bytes) = &self.bytes;
        let place = pages.get_mut(*offset..*offset + bytes.len()).ok_or(Error::BadArgument)?;
        place.copy_from_slice(bytes);
        let memory = pages.into_memory();
        Ok(child.map(&memory, self.address, 0, self.pages, self.protection)?)
    }
}

impl Keeper {
    /// Makes a child in this place.
    pub(super) fn bear(&mut self, place: usize) -> Result<(), Failure> {
        self.born += 1;
        let serial = self.born;
        let seed = self.random.any();
        let narrow = place == 0;
        let go = Notification::create()?;
        let process =
            if narrow { self.narrow_child(place, seed, &go)? } else { self.wide_child(place)? };
        self.give_handles(&process, serial)?;
        let stops = self.watch(&process, serial, narrow)?;
        if narrow {
            go.signal(1)?;
        } else {
            let top = abi::STACK_TOP - 8;
            let entry = (begin as *const ()).expose_provenance() as u64;
            Thread::create(&process, entry, top, seed, Priority(25))?.resume()?;
        }
        if let Some(free) = self.children.get_mut(place) {
            *free = Some(Child { process, serial, killed: false, suspended: false, stops });
        }
        Ok(())
    }

    fn wide_child(&self, place: usize) -> Result<Process, Failure> {
        let process = Process::create("wild", &QUOTA, Some((&self.bell, 1 << place)))?;
        self.plan.put_into(&process)?;
        let stack = Memory::create_for(&process, STACK_PAGES)?;
        let bottom = abi::STACK_TOP - STACK_PAGES * PAGE_SIZE;
        process.map(&stack, bottom, 0, STACK_PAGES, Protection::ReadWrite)?;
        Ok(process)
    }

    /// A 32-bit one, which waits until it is told to go on.
    fn narrow_child(&self, place: usize, seed: u64, go: &Notification) -> Result<Process, Failure> {
        Program {
            name: "wild32",
            image: self.narrow.0.get(..self.narrow.1).unwrap_or_default(),
            args: &[&format!("{seed}")],
            quota: QUOTA,
            priority: Priority(25),
            stack_pages: 4,
            handles: &[("go", go.as_handle(), Rights::WAIT, 0)],
            death: Some((&self.bell, 1 << place)),
            ..Program::default()
        }
        .start()
        .map_err(|error| Failure::new(format_args!("a 32-bit child: {error}")))
    }

    fn give_handles(&mut self, process: &Process, serial: u64) -> Result<(), Failure> {
        // Its own line does not travel on: what comes through it is its own.
        let badge = Badge { role: Role::Call, serial }.number();
        process.give(&self.line, Rights::SEND, badge)?;
        for endpoint in &self.shared.endpoints {
            process.give(endpoint, TRAVELS, 0)?;
        }
        for bell in &self.shared.bells {
            process.give(bell, TRAVELS, 0)?;
        }
        process.give(&self.shared.large, TRAVELS, 0)?;
        process.give(&self.shared.port, TRAVELS, 0)?;
        let (_, holder) = Lifeline::create(&self.shared.bells[0], 1)?;
        process.give(&holder, Rights::ALL, 0)?;
        if let Some(context) = self.random.of(&self.shared.contexts) {
            process.give(context, TRAVELS, 0)?;
        }
        if self.random.below(4) == 0 {
            sys::trace::filter(process, !MACHINE_CALLS)?;
            process.give(&self.resource, Rights::MANAGE, 0)?;
        }
        Ok(())
    }

    /// A sibling's handle, a handler for faults, a tracer, a personality server.
    fn watch(
        &mut self,
        process: &Process,
        serial: u64,
        narrow: bool,
    ) -> Result<Option<Stops>, Failure> {
        let number = |role| Badge { role, serial }.number();
        if self.random.below(2) == 0 {
            process.set_fault_handler(&self.line, number(Role::Fault))?;
        }
        let traced = !narrow && self.random.below(4) == 0;
        if traced {
            let flags = TraceFlags::ENTER.union(TraceFlags::EXIT);
            self.trace(process, serial, flags)?;
        }
        if self.random.below(3) == 0
            && let Some(sibling) = self.random.of(&self.children).and_then(Option::as_ref)
            && sibling.stops.is_none()
        {
            process.give(&sibling.process, Rights::ALL, 0)?;
        }
        Ok(traced.then(Stops::default))
    }

    /// Has stops of a child sent here.
    pub(super) fn trace(
        &self,
        process: &Process,
        serial: u64,
        flags: TraceFlags,
    ) -> Result<(), Error> {
        let badge = Badge { role: Role::Trace, serial }.number();
        let arguments = [process.handle().0, self.line.handle().0].map(u64::from);
        super::act::plain(
            abi::Syscall::ProcessTrace,
            &[arguments[0], arguments[1], badge, flags.bits()],
        )
    }
}
