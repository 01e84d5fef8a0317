//! The console, as the shell writes to it and reads from it.

use crate::interrupts::Interrupts;
use crate::stream::Output;
use crate::trouble::Trouble;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use console_api::{ConsoleClient, ConsoleError, Input, LineReader, TerminalSource};
use core::cell::RefCell;
use service::CallError;

/// How often output is tried again while the console is away, and how long to wait between.
const TRIES: u32 = 50;
const PAUSE_NS: u64 = 100_000_000;
/// The most bytes of text in one message, which has its length, too.
const PIECE: usize = service::DEFAULT_MESSAGE - 8;

/// What was logged last about the console: the same is not logged again and again, which
/// would hide its cause.
#[derive(Default)]
struct Complaint(String);

impl Complaint {
    fn log(&mut self, what: &str, error: &impl core::fmt::Display) {
        let text = alloc::format!("{what}: {error}");
        if self.0 != text {
            #[cfg(target_os = "none")]
            defmt::warn!("{=str}", text.as_str());
            self.0 = text;
        }
    }
}

/// The connection to the console, renewed when it breaks.
pub(crate) struct Terminal {
    source: TerminalSource,
    console: RefCell<Rc<ConsoleClient>>,
    complaint: RefCell<Complaint>,
    reader: RefCell<LineReader>,
}

impl Terminal {
    /// Waits until there is a console: without one a shell has nothing to do.
    ///
    /// # Errors
    /// When there will never be one for this shell.
    pub(crate) fn connect(env: &rt::Env) -> Result<Self, rt::Failure> {
        let source = TerminalSource::of(env);
        let mut complaint = Complaint::default();
        let console = connect(&source, &mut complaint)?;
        Ok(Self {
            source,
            console: RefCell::new(Rc::new(console)),
            complaint: RefCell::new(complaint),
            reader: RefCell::new(LineReader::new()),
        })
    }

    /// Whether it is not the console: then its end is that of the shell.
    pub(crate) fn is_given(&self) -> bool {
        self.source.is_given()
    }

    /// The console.
    pub(crate) fn console(&self) -> Rc<ConsoleClient> {
        self.console.borrow().clone()
    }

    /// A line, edited behind a prompt.
    ///
    /// # Errors
    /// As for [`LineReader::read`].
    pub(crate) fn read(&self, prompt: &str) -> Result<String, CallError<ConsoleError>> {
        self.reader.borrow_mut().read(&self.console(), prompt)
    }

    /// The same, or what is before the cursor when Tab is pressed.
    ///
    /// # Errors
    /// As for [`LineReader::read`].
    pub(crate) fn read_or_tab(&self, prompt: &str) -> Result<Input, CallError<ConsoleError>> {
        self.reader.borrow_mut().read_or_tab(&self.console(), prompt)
    }

    /// A new connection to the console, in place of one that does not work for this reason.
    /// Without any there is nothing left to do.
    pub(crate) fn reconnect(&self, what: &str, error: &impl core::fmt::Display) {
        let mut complaint = self.complaint.borrow_mut();
        complaint.log(what, error);
        if self.is_given() {
            rt::exit(rt::EXIT_FAILURE)
        }
        sys::sleep_for(PAUSE_NS);
        match connect(&self.source, &mut complaint) {
            Ok(console) => *self.console.borrow_mut() = Rc::new(console),
            Err(failure) => {
                complaint.log("no console", &failure);
                rt::exit(rt::EXIT_FAILURE)
            }
        }
    }

    /// Prints; a console that is being restarted is waited for.
    pub(crate) fn print(&self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE));
            self.print_piece(piece);
            rest = after;
        }
    }

    fn print_piece(&self, piece: &str) {
        for _ in 0..TRIES {
            match self.console().write(piece) {
                Ok(()) => return,
                Err(error) => self.reconnect("no output", &error),
            }
        }
    }
}

fn connect(
    source: &TerminalSource,
    complaint: &mut Complaint,
) -> Result<ConsoleClient, rt::Failure> {
    loop {
        match source.connect() {
            Ok(console) => return Ok(console),
            Err(error)
                if source.is_given()
                    || matches!(error, CallError::Refused | CallError::VersionMismatch) =>
            {
                return Err(rt::Failure::new(error).while_doing("connecting to the console"));
            }
            Err(error) => complaint.log("no console", &error),
        }
        sys::sleep_for(PAUSE_NS);
    }
}

/// Output to the console: text; other bytes are shown as `�`.
pub(crate) struct ConsoleOutput {
    terminal: Rc<Terminal>,
    interrupts: Rc<Interrupts>,
    /// The start of a character.
    begun: Vec<u8>,
}

impl ConsoleOutput {
    pub(crate) fn new(terminal: Rc<Terminal>, interrupts: Rc<Interrupts>) -> Self {
        Self { terminal, interrupts, begun: Vec::new() }
    }
}

impl Output for ConsoleOutput {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        self.interrupts.check()?;
        let mut all = core::mem::take(&mut self.begun);
        all.extend_from_slice(bytes);
        if let Err(error) = core::str::from_utf8(&all)
            && error.error_len().is_none()
        {
            self.begun = all.split_off(error.valid_up_to());
        }
        self.terminal.print(&String::from_utf8_lossy(&all));
        Ok(())
    }

    fn end(&mut self) -> Result<Option<u64>, Trouble> {
        let rest = core::mem::take(&mut self.begun);
        self.terminal.print(&String::from_utf8_lossy(&rest));
        Ok(None)
    }
}
