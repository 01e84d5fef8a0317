//! From a checked file to a running process.

use crate::{LoadError, Plan, Segment, Shared, Step};
use abi::{KILLED, PAGE_SIZE, STARTUP_SIZE};
use sys::{
    BorrowedHandle, Endpoint, Error, Memory, Notification, Pages, Priority, Process, Protection,
    Quota, Rights, SchedContext, Thread,
};

/// Kept free at the top of the first stack, which stays aligned.
const TOP_BYTES: u64 = 16;

/// A handle to give: its name in the startup block, the giver's handle, rights and badge of
/// the copy (badge 0: as the giver's).
pub type Grant<'a> = (&'a str, BorrowedHandle<'a>, Rights, u64);

/// The time that a program's first thread runs on.
#[derive(Clone, Copy, Debug, Default)]
pub enum Time<'a> {
    /// Its own: in turn with others of its priority.
    #[default]
    Own,
    /// That of a context.
    Context(&'a SchedContext),
    /// Its callers' time: the thread is passive.
    Clients,
}

/// A program to be started.
#[derive(Clone, Copy, Debug)]
pub struct Program<'a> {
    /// The process's name.
    pub name: &'a str,
    /// The ELF file.
    pub image: &'a [u8],
    /// The constant segments of this very image, if they are loaded already.
    pub shared: Option<&'a Shared>,
    /// Its arguments.
    pub args: &'a [&'a str],
    /// Other lines of the startup block, such as `("cmdline", "log=info")`.
    pub facts: &'a [(&'a str, &'a str)],
    /// What it may use, taken out of the starter's.
    pub quota: Quota,
    /// How urgent its first thread is.
    pub priority: Priority,
    /// The time that the thread runs on.
    pub time: Time<'a>,
    /// Pages of its first thread's stack; a guard lies below.
    pub stack_pages: u64,
    /// The handles it gets.
    pub handles: &'a [Grant<'a>],
    /// Where its faults go, with what badge.
    pub fault: Option<(&'a Endpoint, u64)>,
    /// What is signalled when it dies.
    pub death: Option<(&'a Notification, u64)>,
}

impl Default for Program<'_> {
    fn default() -> Self {
        Self {
            name: "",
            image: &[],
            shared: None,
            args: &[],
            facts: &[],
            quota: Quota::default(),
            priority: Priority::default(),
            time: Time::Own,
            stack_pages: 16,
            handles: &[],
            fault: None,
            death: None,
        }
    }
}

impl<'a> Program<'a> {
    /// Makes the process and lets it run.
    ///
    /// # Errors
    /// See [`LoadError`]; a process that was begun is killed.
    pub fn start(&self) -> Result<Process, LoadError<'a>> {
        let plan = Plan::read(self.image)?;
        let process = Process::create(self.name, &self.quota, self.death)
            .map_err(|error| LoadError::Kernel(Step::Process, error))?;
        self.fill(&process, &plan).inspect_err(|_| {
            // A process that cannot be killed is dead already.
            let _ = process.kill(KILLED);
        })?;
        Ok(process)
    }

    fn fill(&self, process: &Process, plan: &Plan<'_>) -> Result<(), LoadError<'a>> {
        let at = |step| move |error| LoadError::Kernel(step, error);
        if let Some((endpoint, badge)) = self.fault {
            process.set_fault_handler(endpoint, badge).map_err(at(Step::FaultHandler))?;
        }
        for segment in &plan.segments {
            self.load(process, segment).map_err(at(Step::Segment(segment.address)))?;
        }
        let layout = plan.layout();
        self.make_stack(process, layout.stack_top).map_err(at(Step::Stack))?;
        let startup = self.startup(process)?;
        let pages = STARTUP_SIZE / PAGE_SIZE;
        let mapped = process.map(&startup, layout.startup, 0, pages, Protection::Read);
        mapped.map_err(at(Step::Startup))?;
        // What lies above stays zero: it names the first thread, whose register points there.
        let (stack, startup) = (layout.stack_top - TOP_BYTES, layout.startup);
        let thread =
            Thread::create_for(plan.mode, process, plan.entry, stack, startup, self.priority)
                .map_err(at(Step::Thread))?;
        self.give_time(&thread).map_err(at(Step::Time))?;
        thread.resume().map_err(at(Step::Thread))
    }

    /// Maps a segment: the shared memory of a constant one, or a copy of its own.
    fn load(&self, process: &Process, segment: &Segment<'_>) -> Result<(), Error> {
        let map = |memory: &Memory| {
            process.map(memory, segment.address, 0, segment.pages, segment.protection)
        };
        match self.shared.and_then(|shared| shared.part(segment)) {
            Some(memory) => map(memory),
            None => map(&Pages::filled_for(process, segment.pages, segment.offset, segment.bytes)?),
        }
    }

    fn give_time(&self, thread: &Thread) -> Result<(), Error> {
        match self.time {
            Time::Own => Ok(()),
            Time::Context(context) => context.bind(thread),
            Time::Clients => thread.set_passive(true).map(drop),
        }
    }

    fn make_stack(&self, process: &Process, top: u64) -> Result<(), Error> {
        let stack = Memory::create_for(process, self.stack_pages)?;
        let bytes = self.stack_pages.checked_mul(PAGE_SIZE).ok_or(Error::BadArgument)?;
        let bottom = top.checked_sub(bytes).ok_or(Error::BadArgument)?;
        process.map(&stack, bottom, 0, self.stack_pages, Protection::ReadWrite)
    }

    /// Gives the handles and writes down what the program is told.
    fn startup(&self, process: &Process) -> Result<Memory, LoadError<'a>> {
        let mut block = Pages::create_for(process, STARTUP_SIZE / PAGE_SIZE)
            .map_err(|error| LoadError::Kernel(Step::Startup, error))?;
        let mut writer = abi::StartupWriter::new(&mut block);
        let full = |_| LoadError::StartupFull;
        writer.line("name", self.name).map_err(full)?;
        for arg in self.args {
            writer.line("arg", arg).map_err(full)?;
        }
        for (key, value) in self.facts {
            writer.line(key, value).map_err(full)?;
        }
        for (name, handle, rights, badge) in self.handles {
            let given = process
                .give_handle(*handle, *rights, *badge)
                .map_err(|error| LoadError::Kernel(Step::Handle(name), error))?;
            writer.handle(name, given).map_err(full)?;
        }
        Ok(block.into_memory())
    }
}

#[cfg(test)]
mod tests;
