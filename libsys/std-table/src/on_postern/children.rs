//! Programs that this one starts, over `proc`.

use super::answer::{Result, of_kernel};
use super::descriptors::{self, Open};
use super::lock::Mutex;
use super::pipes::{Sink, Source};
use super::startup::env;
use super::{files, stdio};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use console_api::stdio::{STDIN, STDOUT, pipe};
use moto_rt::process::{STDIO_INHERIT, STDIO_MAKE_PIPE, STDIO_NULL};
use moto_rt::{Error, RtFd};
use proc_api::{
    ChildStatus, IMAGE_BYTES, LaunchClient, ProcClient, ProcError, Signal, Target, WaitFor,
};
use queue::Offer;
use service::CallError;
use sys::{Memory, PAGE_SIZE, Pages, Rights};

/// Where programs are that are named without a directory.
const BIN: &str = "/bin";
/// The rights of the endpoint of `proc`.
const OWN: Rights = Rights::SEND.union(Rights::TRANSFER);
/// Bytes that a relay moves at once, and the pages of its stack.
const PIECE: usize = 4096;
const RELAY_PAGES: u64 = 16;

/// A program that is started.
pub(super) struct Wanted {
    pub(super) program: String,
    pub(super) arguments: Vec<String>,
    pub(super) environment: Vec<(String, String)>,
    pub(super) directory: String,
    pub(super) input: RtFd,
    pub(super) output: RtFd,
}

/// A program that was started: its process id, and how it ended, once that is known.
struct Child {
    pid: u32,
    ended: Mutex<Option<u64>>,
}

static CHILDREN: Mutex<BTreeMap<u64, Arc<Child>>> = Mutex::new(BTreeMap::new());

/// Starts a program: its handle, and the descriptors of the pipes that were asked for.
pub(super) fn spawn(wanted: &Wanted) -> Result<(u64, Option<RtFd>, Option<RtFd>)> {
    let proc = proc()?;
    let name = wanted.program.rsplit('/').next().unwrap_or_default();
    let name = &name[..name.floor_char_boundary(abi::NAME_LEN)];
    let launch = proc.launch(name).map_err(of_proc)?;
    if let Some((memory, bytes)) = image(&wanted.program)? {
        launch.image(&memory, bytes).map_err(of_proc)?;
    }
    launch.tell("directory", &wanted.directory).map_err(of_proc)?;
    for (name, value) in &wanted.environment {
        launch.tell("env", alloc::format!("{name}={value}")).map_err(of_proc)?;
    }
    let input = input(&launch, wanted.input)?;
    let output = output(&launch, wanted.output)?;
    // In the foreground if this program is.
    let group = proc.ids(0).map_err(of_proc)?.group;
    let foreground = proc.foreground().map_err(of_proc)? == group;
    let pid = launch.start(&wanted.arguments, foreground).map_err(of_proc)?;
    let child = Arc::new(Child { pid, ended: Mutex::new(None) });
    let mut children = CHILDREN.lock();
    let handle = children.last_key_value().map_or(1, |(last, _)| last + 1);
    children.insert(handle, child);
    drop(children);
    Ok((handle, input.started()?, output.started()?))
}

/// Ends the program with SIGKILL.
pub(super) fn kill(handle: u64) -> Result<()> {
    let child = child(handle)?;
    if child.ended.lock().is_some() {
        return Ok(());
    }
    proc()?.kill(child.pid, Signal::KILL.number()).map_err(of_proc)
}

/// Waits until the program has ended.
pub(super) fn wait(handle: u64) -> Result<()> {
    let child = child(handle)?;
    let mut ended = child.ended.lock();
    if ended.is_none() {
        *ended = Some(proc()?.wait(child.pid).map_err(of_proc)?.code());
    }
    Ok(())
}

/// How it ended; `NotReady` while it runs.
pub(super) fn status(handle: u64) -> Result<u64> {
    let child = child(handle)?;
    let mut ended = child.ended.lock();
    if ended.is_none() {
        let what = WaitFor { stopped: false, continued: false, at_once: true };
        let waited = proc()?.wait_for(Target::Process(child.pid), what).map_err(of_proc)?;
        if let Some(ChildStatus::Ended(status)) = waited.map(|waited| waited.status) {
            *ended = Some(status.code());
        }
    }
    ended.ok_or(Error::NotReady)
}

/// Forgets the program, which may run on.
pub(super) fn release(handle: u64) {
    CHILDREN.lock().remove(&handle);
}

fn child(handle: u64) -> Result<Arc<Child>> {
    CHILDREN.lock().get(&handle).cloned().ok_or(Error::BadHandle)
}

/// A client of `proc` for one call: one that waits does not hold up others.
fn proc() -> Result<ProcClient> {
    let endpoint = env(|env| env.copy_handle("proc", OWN))?.map_err(|_| Error::NotAllowed)?;
    Ok(ProcClient::from_endpoint(endpoint.into()))
}

/// The image of a program in a file; none for one of the boot archive.
fn image(program: &str) -> Result<Option<(Memory, u64)>> {
    let named = program.contains('/');
    let path = if named { files::path(program) } else { alloc::format!("{BIN}/{program}") };
    let file = match files::open(&path, moto_rt::fs::O_READ) {
        Err(Error::NotFound | Error::NotADirectory) if !named => return Ok(None),
        opened => opened?,
    };
    let bytes = file.attributes()?.size;
    if bytes == 0 || bytes > IMAGE_BYTES {
        return Err(Error::InvalidData);
    }
    let len = usize::try_from(bytes).map_err(|_| Error::OutOfMemory)?;
    let mut pages = Pages::create(bytes.div_ceil(PAGE_SIZE)).map_err(of_kernel)?;
    let mut rest = pages.get_mut(..len).ok_or(Error::OutOfMemory)?;
    while !rest.is_empty() {
        let count = file.read(rest)?;
        rest = rest.get_mut(count..).filter(|_| count > 0).ok_or(Error::UnexpectedEof)?;
    }
    Ok(Some((pages.into_memory(), bytes)))
}

/// What becomes of a pipe's end here, once the program runs.
enum End {
    /// There is no pipe, or its end was closed.
    None,
    /// A descriptor for the program.
    Descriptor(Arc<Open>),
    /// A thread moves bytes from one to the other.
    Relay(Arc<Open>, Option<Arc<Open>>),
}

impl End {
    fn started(self) -> Result<Option<RtFd>> {
        match self {
            Self::None => Ok(None),
            Self::Descriptor(open) => descriptors::add(open).map(Some),
            Self::Relay(from, to) => {
                let priority = sys::Process::own_info().map_err(of_kernel)?.limit.max_priority;
                let priority = sys::Priority(u8::try_from(priority).unwrap_or(1));
                let work = move || relay(&from, to.as_deref());
                sys::spawn_thread(RELAY_PAGES, priority, work).map(drop).map_err(of_kernel)?;
                Ok(None)
            }
        }
    }
}

/// Moves bytes until one side ends; without a target, drops them.
fn relay(from: &Open, to: Option<&Open>) {
    let mut piece = alloc::vec![0; PIECE];
    while let Ok(count) = from.read(&mut piece)
        && count > 0
    {
        let written = to.map_or(Ok(count), |to| to.write(piece.get(..count).unwrap_or(&[])));
        if written.is_err() {
            break;
        }
    }
}

/// The program's input.
fn input(launch: &LaunchClient, wanted: RtFd) -> Result<End> {
    let from = match wanted {
        STDIO_INHERIT if stdio::are_terminals().0 => return Ok(End::None),
        STDIO_INHERIT => Some(Arc::new(Open::Input)),
        STDIO_NULL | STDIO_MAKE_PIPE => None,
        fd => Some(descriptors::get(fd)?),
    };
    let (creator, offer) = pipe().and_then(|plan| plan.create()).map_err(of_kernel)?;
    give(launch, STDIN, offer)?;
    if wanted == STDIO_NULL {
        // The end that would write is closed: the input is empty.
        return Ok(End::None);
    }
    let sink = Arc::new(Open::Sink(Mutex::new(Sink(creator.producer()))));
    Ok(match from {
        None => End::Descriptor(sink),
        Some(from) => End::Relay(from, Some(sink)),
    })
}

/// The program's output.
fn output(launch: &LaunchClient, wanted: RtFd) -> Result<End> {
    let to = match wanted {
        STDIO_INHERIT if stdio::are_terminals().1 => return Ok(End::None),
        STDIO_INHERIT => Some(Arc::new(Open::Output)),
        STDIO_NULL | STDIO_MAKE_PIPE => None,
        fd => Some(descriptors::get(fd)?),
    };
    let (creator, offer) = pipe().and_then(|plan| plan.create()).map_err(of_kernel)?;
    give(launch, STDOUT, offer)?;
    let source = Arc::new(Open::Source(Mutex::new(Source::new(creator.consumer()))));
    Ok(match to {
        None if wanted == STDIO_MAKE_PIPE => End::Descriptor(source),
        to => End::Relay(source, to),
    })
}

fn give(launch: &LaunchClient, names: [&str; 4], offer: Offer) -> Result<()> {
    for (name, handle) in names.into_iter().zip(offer.into_handles()) {
        launch.give(name, handle).map_err(of_proc)?;
    }
    Ok(())
}

fn of_proc(error: CallError<ProcError>) -> Error {
    match error {
        CallError::Service(error) => match error {
            ProcError::NoSuchProgram { .. } | ProcError::NoSuchProcess { .. } => Error::NotFound,
            ProcError::CannotLoad { .. } => Error::InvalidData,
            ProcError::Share(_) | ProcError::TooMany { .. } => Error::OutOfMemory,
            ProcError::NotAllowed { .. } | ProcError::OtherJob { .. } => Error::NotAllowed,
            ProcError::BadLaunch { .. } => Error::InvalidArgument,
            _ => Error::InternalError,
        },
        CallError::Refused => Error::NotAllowed,
        _ => Error::InternalError,
    }
}
