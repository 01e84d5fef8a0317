//! The terminal of a session: the console's, whose device is the connection, or none.

use crate::plain::{LineReply, Plain};
use crate::protocol::Cells;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use console_api::{ConsoleError, ControlKey, Size};
use core::cell::RefCell;
use service::Reply;
use sys::Error;
use terminal::keeper::Keeper;
use terminal::server::{Device, Server};

/// Bytes of output that wait for the client, from which on writers wait, too.
const OUTPUT_MAX: usize = 32 << 10;
/// The byte of Ctrl-C, and of Ctrl-\.
const INTERRUPT: u8 = 3;
const QUIT: u8 = 0x1c;
const END_OF_INPUT: u8 = 4;
/// The size of a terminal of unknown size.
const USUAL: Size = Size { columns: 80, rows: 24 };
/// No terminal is larger.
const CELLS_MAX: u32 = 1000;

/// Both directions.
#[derive(Debug, Default)]
pub(crate) struct Line {
    input: RefCell<VecDeque<u8>>,
    output: RefCell<Vec<u8>>,
}

/// The line as a device.
pub(crate) struct Wire(Rc<Line>);

impl Device for Wire {
    fn read(&self) -> Result<Option<u8>, Error> {
        Ok(self.0.input.borrow_mut().pop_front())
    }

    fn write(&self, bytes: &[u8]) -> Result<(), Error> {
        self.0.output.borrow_mut().extend_from_slice(bytes);
        Ok(())
    }
}

/// With a terminal over there, and without one.
pub(crate) enum Kind {
    Edited(Box<Server<Wire>>),
    Plain(Plain),
}

/// The terminal of a session.
pub(crate) struct Terminal {
    line: Rc<Line>,
    pub(crate) kind: Kind,
    /// Those that wait until their output has room.
    writers: Vec<Reply<Result<(), ConsoleError>>>,
}

impl Terminal {
    /// The terminal of a session that has asked for one of this size, or for none.
    pub(crate) fn new(cells: Option<Cells>) -> Self {
        let line = Rc::new(Line::default());
        let kind = match cells {
            None => Kind::Plain(Plain::default()),
            Some(_) => {
                let wire = Wire(line.clone());
                let server = Server::new(wire, Keeper::open(None), (None, None), None);
                Kind::Edited(Box::new(server))
            }
        };
        let mut terminal = Self { line, kind, writers: Vec::new() };
        if let Some(cells) = cells {
            terminal.resize(cells);
        }
        terminal
    }

    /// The other side has another size: told as a terminal reports it.
    pub(crate) fn resize(&mut self, cells: Cells) {
        let (columns, rows) = (cells.columns.min(CELLS_MAX), cells.rows.min(CELLS_MAX));
        if matches!(self.kind, Kind::Edited(_)) && columns > 0 && rows > 0 {
            self.push(format!("\x1b[8;{rows};{columns}t").as_bytes());
        }
    }

    /// Bytes came.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.line.input.borrow_mut().extend(bytes);
        self.take_input();
    }

    /// Passes on what waits.
    pub(crate) fn take_input(&mut self) {
        match &mut self.kind {
            Kind::Plain(plain) => plain.take(&mut self.line.input.borrow_mut()),
            // The device is memory.
            Kind::Edited(server) => drop(server.input()),
        }
    }

    /// The number of bytes that came and wait for a reader.
    pub(crate) fn waiting(&self) -> usize {
        self.line.input.borrow().len()
    }

    /// No more bytes come.
    pub(crate) fn end(&mut self) {
        match &mut self.kind {
            Kind::Plain(plain) => plain.end(),
            Kind::Edited(_) => self.push(&[END_OF_INPUT]),
        }
    }

    /// A signal came (RFC 4254, 6.9).
    pub(crate) fn signal(&mut self, name: &str) {
        let (key, byte) = match name {
            "INT" => (ControlKey::Interrupt, INTERRUPT),
            "QUIT" => (ControlKey::Quit, QUIT),
            _ => return,
        };
        match &mut self.kind {
            Kind::Plain(plain) => plain.press(key),
            Kind::Edited(_) => self.push(&[byte]),
        }
    }

    /// A program writes; the reply waits for room.
    pub(crate) fn write(&mut self, text: &str, reply: Reply<Result<(), ConsoleError>>) {
        match &mut self.kind {
            Kind::Plain(_) => self.line.output.borrow_mut().extend_from_slice(text.as_bytes()),
            Kind::Edited(server) => server.print(text),
        }
        self.writers.push(reply);
        self.release_writers();
    }

    fn release_writers(&mut self) {
        if self.line.output.borrow().len() < OUTPUT_MAX {
            self.writers.drain(..).for_each(|reply| reply.send(Ok(())));
        }
    }

    /// Output that was not passed on; `pass` takes from its front: the number of bytes.
    pub(crate) fn pass_output<E>(
        &mut self,
        pass: impl FnOnce(&[u8]) -> Result<usize, E>,
    ) -> Result<usize, E> {
        let mut output = self.line.output.borrow_mut();
        let count = pass(&output)?.min(output.len());
        output.drain(..count);
        drop(output);
        self.release_writers();
        Ok(count)
    }

    /// Whether all output was passed on.
    pub(crate) fn is_flushed(&self) -> bool {
        self.line.output.borrow().is_empty()
    }

    /// Text of this server itself.
    pub(crate) fn say(&mut self, text: &str) {
        self.line.output.borrow_mut().extend_from_slice(text.as_bytes());
    }

    /// The size of a session without a terminal.
    pub(crate) fn usual_size() -> Size {
        USUAL
    }

    /// The session has ended: those that wait get no room.
    pub(crate) fn close(&mut self) {
        self.writers.drain(..).for_each(|reply| reply.send(Err(ConsoleError::Gone)));
    }
}

impl Terminal {
    /// A client of a session without a terminal reads a line.
    pub(crate) fn read_plain(&mut self, reply: LineReply) {
        if let Kind::Plain(plain) = &mut self.kind {
            plain.read(reply);
        }
        // There may be room for more.
        self.take_input();
    }
}

/// What was typed, as text: for the log.
pub(crate) fn shown(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(80).collect()
}
