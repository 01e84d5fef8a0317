//! Input and output of a program: the pipes that it was started with, else its terminal: the
//! console, or the one that it was given.
//!
//! ```no_run
//! # fn start(env: rt::Env) -> Result<(), rt::Failure> {
//! let mut stdio = console_api::stdio::Stdio::open(&env);
//! while let Some(line) = stdio.read_line()? {
//!     stdio.print(format!("{line}!\n"))?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! **Shape.** A pipe is a queue of [`Chunk`]s. The starter gives its four handles by the names
//! [`STDIN`] or [`STDOUT`]; a program without them has the console.
//!
//! **Errors.** [`StdioError::Closed`]: the reader of the output has ended. A program that gives up
//! then ends as others expect it. The end of the input is no error.

use crate::{ConsoleClient, ConsoleError, LineReader, TerminalSource};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use queue::{Offer, Plan, QueueError, RecordConsumer, RecordProducer, Records};
use service::CallError;
use sys::FOREVER;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// The names of the handles of a program's input, in the order of [`Offer::into_handles`].
pub const STDIN: [&str; 4] = ["stdin-memory", "stdin-bell", "stdin-life", "stdin-other"];
/// The same of its output.
pub const STDOUT: [&str; 4] = ["stdout-memory", "stdout-bell", "stdout-life", "stdout-other"];
/// The chunks that a pipe holds.
pub const PIPE_CHUNKS: u32 = 32;
/// The bytes of a chunk.
pub const CHUNK_BYTES: usize = 508;
/// The most bytes of a line of input; a longer one is cut.
const LINE_MAX: usize = 64 << 10;
/// The most bytes of text in one message to the console.
const TEXT_MAX: usize = 4096;

/// A piece of what flows through a pipe.
#[repr(C)]
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Chunk {
    len: u32,
    bytes: [u8; CHUNK_BYTES],
}

impl Chunk {
    /// A chunk without bytes.
    pub const EMPTY: Self = Self { len: 0, bytes: [0; CHUNK_BYTES] };

    /// Chunks with these bytes.
    pub fn of(bytes: &[u8]) -> impl Iterator<Item = Self> {
        bytes.chunks(CHUNK_BYTES).map(|piece| {
            let mut chunk = Self::EMPTY;
            chunk.bytes.iter_mut().zip(piece).for_each(|(to, from)| *to = *from);
            chunk.len = u32::try_from(piece.len()).unwrap_or(0);
            chunk
        })
    }

    /// Its bytes. The other side may claim any length: there are no more than fit.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        let len = usize::try_from(self.len).unwrap_or(usize::MAX).min(CHUNK_BYTES);
        self.bytes.get(..len).unwrap_or(&[])
    }
}

/// The plan of a pipe.
///
/// # Errors
/// As for [`Plan::records`].
pub fn pipe() -> Result<Plan<Records<Chunk>>, sys::Error> {
    Plan::records(PIPE_CHUNKS)
}

/// Why input or output failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StdioError {
    /// The reader of the pipe has ended.
    Closed,
    /// The pipe failed.
    Pipe(QueueError),
    /// The console refused or failed.
    Console(CallError<ConsoleError>),
}

impl fmt::Display for StdioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the reader of the output has ended"),
            Self::Pipe(error) => write!(f, "a pipe: {error}"),
            Self::Console(error) => write!(f, "the console: {error}"),
        }
    }
}

impl core::error::Error for StdioError {}

impl From<StdioError> for sys::Failure {
    fn from(error: StdioError) -> Self {
        Self::new(error)
    }
}

impl From<QueueError> for StdioError {
    fn from(error: QueueError) -> Self {
        match error {
            QueueError::Closed | QueueError::PeerDied => Self::Closed,
            other => Self::Pipe(other),
        }
    }
}

/// Input and output of a program. The console is connected to when it is used first.
pub struct Stdio {
    terminal: TerminalSource,
    console: Option<ConsoleClient>,
    reader: LineReader,
    input: Option<RecordConsumer<Chunk>>,
    output: Option<RecordProducer<Chunk>>,
    /// What was read and is not used yet.
    read: Vec<u8>,
    used: usize,
    ended: bool,
}

impl Stdio {
    /// What the program was started with. A pipe that cannot be used counts as none.
    #[must_use]
    pub fn open(env: &rt::Env) -> Self {
        Self { output: output_pipe(env), ..Self::input_of(env) }
    }

    /// Its input alone; output goes to the console. For programs whose threads read and write at the
    /// same time.
    #[must_use]
    pub fn input_of(env: &rt::Env) -> Self {
        let input = offer(env, STDIN).and_then(|offer| offer.record_consumer(None).ok());
        Self { input, ..Self::console_of(env) }
    }

    /// Its output alone; input comes from the console.
    #[must_use]
    pub fn output_of(env: &rt::Env) -> Self {
        Self { output: output_pipe(env), ..Self::console_of(env) }
    }

    /// The console, whatever the program was started with: for messages of errors.
    #[must_use]
    pub fn console_of(env: &rt::Env) -> Self {
        Self {
            terminal: TerminalSource::of(env),
            console: None,
            reader: LineReader::new(),
            input: None,
            output: None,
            read: Vec::new(),
            used: 0,
            ended: false,
        }
    }

    /// Whether input comes from a pipe and not from the console.
    #[must_use]
    pub fn is_fed(&self) -> bool {
        self.input.is_some()
    }

    /// Whether output goes to a pipe and not to the console.
    #[must_use]
    pub fn is_piped(&self) -> bool {
        self.output.is_some()
    }

    /// Writes all bytes; on the console, bytes that are no text are shown as `�`.
    ///
    /// # Errors
    /// [`StdioError`].
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), StdioError> {
        if let Some(output) = &mut self.output {
            let chunks: Vec<Chunk> = Chunk::of(bytes).collect();
            return Ok(output.push(&chunks, FOREVER)?);
        }
        let text = String::from_utf8_lossy(bytes);
        let mut rest: &str = &text;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.floor_char_boundary(TEXT_MAX));
            self.console()?.write(piece).map_err(StdioError::Console)?;
            rest = after;
        }
        Ok(())
    }

    /// Writes text.
    ///
    /// # Errors
    /// As for [`Stdio::write`].
    pub fn print(&mut self, text: impl AsRef<str>) -> Result<(), StdioError> {
        self.write(text.as_ref().as_bytes())
    }

    /// The next piece of the input; `None` at its end.
    ///
    /// # Errors
    /// [`StdioError`].
    pub fn read(&mut self) -> Result<Option<Vec<u8>>, StdioError> {
        if self.used == self.read.len() && !self.fill()? {
            return Ok(None);
        }
        let rest = self.read.split_off(self.used);
        (self.read, self.used) = (Vec::new(), 0);
        Ok(Some(rest))
    }

    /// The next line of the input, without its end; `None` at the end of the input.
    ///
    /// # Errors
    /// [`StdioError`].
    pub fn read_line(&mut self) -> Result<Option<String>, StdioError> {
        let mut searched = self.used;
        loop {
            let rest = self.read.get(searched..).unwrap_or(&[]);
            if let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let line = self.line(searched.saturating_add(end));
                self.used = self.used.saturating_add(1);
                return Ok(Some(line));
            }
            searched = self.read.len();
            if searched.saturating_sub(self.used) >= LINE_MAX {
                return Ok(Some(self.line(searched)));
            }
            let behind = searched.saturating_sub(self.used);
            if !self.fill()? {
                return Ok((self.used < self.read.len()).then(|| self.line(self.read.len())));
            }
            searched = self.used.saturating_add(behind);
        }
    }

    /// The text up to a place in what was read.
    fn line(&mut self, end: usize) -> String {
        let line = self.read.get(self.used..end).unwrap_or(&[]);
        let line = String::from_utf8_lossy(line).into_owned();
        self.used = end;
        line
    }

    /// Reads more; false at the end.
    fn fill(&mut self) -> Result<bool, StdioError> {
        if self.ended {
            return Ok(false);
        }
        self.read.drain(..self.used);
        self.used = 0;
        let Some(input) = &mut self.input else { return self.fill_from_console() };
        let mut chunks = [Chunk::EMPTY; 4];
        match input.pop(&mut chunks, FOREVER) {
            Ok(count) => {
                let popped = chunks.iter().take(count);
                popped.for_each(|chunk| self.read.extend_from_slice(chunk.bytes()));
                Ok(true)
            }
            Err(QueueError::Closed | QueueError::PeerDied) => {
                self.ended = true;
                Ok(false)
            }
            Err(error) => Err(StdioError::Pipe(error)),
        }
    }

    fn fill_from_console(&mut self) -> Result<bool, StdioError> {
        self.console()?;
        let Some(console) = &self.console else { return Ok(false) };
        match self.reader.read(console, "") {
            Ok(line) => {
                self.read.extend_from_slice(line.as_bytes());
                self.read.push(b'\n');
                Ok(true)
            }
            Err(CallError::Service(ConsoleError::EndOfInput)) => {
                self.ended = true;
                Ok(false)
            }
            Err(error) => Err(StdioError::Console(error)),
        }
    }

    fn console(&mut self) -> Result<&ConsoleClient, StdioError> {
        if self.console.is_none() {
            self.console = Some(self.terminal.connect().map_err(unconnected)?);
        }
        self.console.as_ref().ok_or(StdioError::Console(CallError::Refused))
    }
}

/// The pipe that a program was given under these names.
fn offer(env: &rt::Env, names: [&str; 4]) -> Option<Offer> {
    let [a, b, c, d] = names.map(|name| env.take(name).ok());
    Some(Offer::from_handles([a?, b?, c?, d?]))
}

fn output_pipe(env: &rt::Env) -> Option<RecordProducer<Chunk>> {
    offer(env, STDOUT)?.record_producer(None).ok()
}

/// Why there is no connection: a refusal has no error of the console's own.
fn unconnected(error: CallError<service::Never>) -> StdioError {
    StdioError::Console(match error {
        CallError::Dead => CallError::Dead,
        CallError::VersionMismatch => CallError::VersionMismatch,
        CallError::TimedOut => CallError::TimedOut,
        CallError::Kernel(error) => CallError::Kernel(error),
        _ => CallError::Refused,
    })
}
