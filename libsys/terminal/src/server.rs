//! Readers, control keys, output.

use crate::editor::{COLUMNS, Editor, Event};
use crate::foreground::{Foreground, NotLeader};
use crate::keeper::Keeper;
use crate::keys::{Key, Keys};
use crate::lines::{Lines, Typed};
use crate::raw::Raw;
use alloc::string::String;
use alloc::vec::Vec;
use console_api::{Console, ConsoleError, ControlKey, Input, RawKey, Size};
use service::{Caller, Reply};
use sys::Error;

/// What keys come from and output goes to.
pub trait Device {
    /// The next byte that came.
    ///
    /// # Errors
    /// When the device does not answer.
    fn read(&self) -> Result<Option<u8>, Error>;

    /// Sends bytes.
    ///
    /// # Errors
    /// As for [`Device::read`].
    fn write(&self, bytes: &[u8]) -> Result<(), Error>;
}

/// The reply to a reader of a line.
enum LineReply {
    /// It wants lines.
    Line(Reply<Result<String, ConsoleError>>),
    /// It completes lines, too.
    LineOrTab(Reply<Result<Input, ConsoleError>>),
}

impl LineReply {
    fn refuse(self, error: ConsoleError) {
        match self {
            Self::Line(reply) => reply.send(Err(error)),
            Self::LineOrTab(reply) => reply.send(Err(error)),
        }
    }

    /// Whether the line was delivered.
    fn deliver(self, line: String) -> bool {
        match self {
            Self::Line(reply) => reply.deliver(&Ok(line)).is_ok(),
            Self::LineOrTab(reply) => reply.deliver(&Ok(Input::Line(line))).is_ok(),
        }
    }
}

/// A client that waits for a line.
struct Reader {
    client: u64,
    ticket: u64,
    prompt: String,
    reply: LineReply,
}

/// A client that waits for a key.
struct KeyReader {
    client: u64,
    reply: Reply<Result<RawKey, ConsoleError>>,
}

/// The rows of a terminal of unknown size.
const ROWS: u16 = 24;

/// A client that waits for control keys.
struct Waiter {
    client: u64,
    reply: Reply<Result<ControlKey, ConsoleError>>,
}

/// A terminal on a device: the console, or one of the network.
pub struct Server<D> {
    device: D,
    keeper: Keeper,
    keys: Keys,
    editor: Editor,
    lines: Lines,
    foreground: Foreground,
    reader: Option<Reader>,
    raw: Raw,
    key_reader: Option<KeyReader>,
    /// The reader was told of Tab: keys wait in the device until it reads again, so that what
    /// completes the line comes before them.
    is_completing: bool,
    waiter: Option<Waiter>,
    /// A control key that came without a waiter.
    pressed: Option<ControlKey>,
}

impl<D: Device> Server<D> {
    /// Goes on where an earlier life of this server stopped; leader and spawner are what the
    /// manifest says.
    pub fn new(
        device: D,
        mut keeper: Keeper,
        (leader, spawner): (Option<u64>, Option<u64>),
        columns: Option<usize>,
    ) -> Self {
        let lines = keeper.take_found();
        let foreground = Foreground::new(leader, spawner, lines.foreground().to_vec());
        let mut editor = Editor::new(columns.unwrap_or(COLUMNS));
        lines.history().for_each(|line| editor.remember(line));
        editor.restore(lines.partial());
        if lines != Lines::default() {
            #[cfg(target_os = "none")]
            defmt::info!("{=usize} unread lines were kept", lines.waiting());
        }
        Self {
            device,
            keeper,
            keys: Keys::default(),
            editor,
            lines,
            foreground,
            reader: None,
            raw: Raw::default(),
            key_reader: None,
            is_completing: false,
            waiter: None,
            pressed: None,
        }
    }

    /// Takes what came in, as long as there is room for lines.
    ///
    /// # Errors
    /// When the device does not answer.
    pub fn input(&mut self) -> Result<(), Error> {
        while !self.lines.full() && !self.is_completing {
            let Some(byte) = self.device.read()? else { break };
            let Some(key) = self.keys.push(byte) else { continue };
            if self.raw.is_on()
                && let Some(raw) = key.raw()
            {
                self.raw.press(raw);
                self.serve_key_reader();
            } else {
                let shown = self.editor.visible();
                let (output, event) = self.editor.key(key);
                self.apply(event, shown, &output);
            }
        }
        Ok(())
    }

    /// Saves first, then shows: a line whose end is on the screen is never lost.
    fn apply(&mut self, event: Option<Event>, shown: bool, output: &str) {
        match event {
            None => {
                self.lines.set_partial(self.editor.text());
                self.keeper.save(&self.lines);
                self.send(output);
            }
            Some(Event::Line(line)) => {
                self.lines.completed(line);
                self.keeper.save(&self.lines);
                self.send(output);
                self.serve_reader(shown);
            }
            Some(Event::Interrupt) => self.interrupt(output),
            Some(Event::Suspend) => self.control(ControlKey::Suspend, "^Z\n"),
            Some(Event::Quit) => self.control(ControlKey::Quit, "^\\\n"),
            Some(Event::Attention) => self.attention(),
            Some(Event::EndOfInput) => self.end_of_input(),
            Some(Event::Tab(before)) => self.tab(before),
        }
    }

    /// Tells the reader of Tab, if it wants to know. The line stays on the screen.
    fn tab(&mut self, before: String) {
        match self.reader.take() {
            Some(Reader { reply: LineReply::LineOrTab(reply), .. }) => {
                self.is_completing = reply.deliver(&Ok(Input::Tab(before))).is_ok();
            }
            reader => self.reader = reader,
        }
    }

    fn serve_key_reader(&mut self) {
        let Some(reader) = self.key_reader.take() else { return };
        match self.raw.read(reader.client) {
            None => self.key_reader = Some(reader),
            Some(key) => {
                if reader.reply.deliver(&Ok(key)).is_err() {
                    self.raw.give_back(key);
                }
            }
        }
    }

    /// Keys are for the line again.
    fn end_raw(&mut self) {
        self.raw.end();
        if let Some(reader) = self.key_reader.take() {
            reader.reply.send(Err(ConsoleError::Superseded));
        }
    }

    /// A client reads a line.
    fn read(&mut self, caller: &Caller, prompt: String, ticket: u64, reply: LineReply) {
        let client = caller.badge();
        if !self.foreground.may_read(client) {
            return reply.refuse(ConsoleError::Background);
        }
        self.end_raw();
        self.is_completing = false;
        self.take_terminal();
        self.foreground.reads(client);
        if self.foreground.clients() != self.lines.foreground() {
            self.foreground_changed();
        }
        self.reader = Some(Reader { client, ticket, prompt, reply });
        self.serve_reader(false);
        // There may be room again for what the device holds.
        if let Err(error) = self.input() {
            warn("the device of the terminal does not answer", error);
        }
    }

    fn only_leader(&self, caller: &Caller) -> Result<(), ConsoleError> {
        let is_leader = self.foreground.may_hear(caller.badge());
        is_leader.then_some(()).ok_or(ConsoleError::NotLeader)
    }

    fn interrupt(&mut self, output: &str) {
        self.send(output);
        self.lines.flush();
        self.keeper.save(&self.lines);
        let reader = self.reader.take();
        let client = reader.as_ref().map(|reader| reader.client);
        if let Some(reader) = reader {
            reader.reply.refuse(ConsoleError::Interrupted);
        }
        // The reader has its answer.
        if self.is_for_others(client) {
            self.press(ControlKey::Interrupt);
        }
    }

    /// Passes on a control key that is not for the reader. The line stays.
    fn control(&mut self, key: ControlKey, echo: &str) {
        if !self.is_for_others(self.reader.as_ref().map(|reader| reader.client)) {
            return;
        }
        let output = self.editor.hide() + &self.editor.print(echo);
        self.send(&output);
        self.press(key);
    }

    /// The leader's key: takes the terminal from any other reader.
    fn attention(&mut self) {
        if self.foreground.take_back() {
            self.end_raw();
            self.foreground_changed();
            self.control(ControlKey::Attention, "^]\n");
        }
    }

    /// Saves the foreground, and takes the terminal from a reader outside it.
    fn foreground_changed(&mut self) {
        self.lines.set_foreground(self.foreground.clients());
        self.keeper.save(&self.lines);
        if self.key_reader.as_ref().is_some_and(|it| !self.foreground.may_read(it.client)) {
            self.end_raw();
        }
        let may_read = |reader: &mut Reader| self.foreground.may_read(reader.client);
        if self.reader.as_mut().is_some_and(|reader| !may_read(reader)) {
            self.take_terminal();
        }
    }

    /// Takes the terminal from the present reader.
    fn take_terminal(&mut self) {
        if let Some(before) = self.reader.take() {
            let output = self.editor.hide();
            self.send(&output);
            before.reply.refuse(ConsoleError::Superseded);
        }
    }

    /// Returns whether a control key is for a client other than this reader.
    fn is_for_others(&self, reader: Option<u64>) -> bool {
        match &self.waiter {
            Some(waiter) => Some(waiter.client) != reader,
            None => reader.is_none(),
        }
    }

    /// Gives the key to the waiter, or holds it for the next one.
    fn press(&mut self, key: ControlKey) {
        let told = self.waiter.take().map(|waiter| waiter.reply.deliver(&Ok(key)));
        self.pressed = (!matches!(told, Some(Ok(())))).then_some(key);
    }

    /// The reader that waits gets the end of input, or the one that comes.
    fn end_of_input(&mut self) {
        self.lines.ended();
        self.keeper.save(&self.lines);
        self.serve_reader(false);
    }

    /// Prints text, above the line that is edited.
    pub fn print(&mut self, text: &str) {
        let output = self.editor.print(text);
        self.send(&output);
    }

    /// Gives the reader its line, or shows the prompt. A line that was typed without a reader
    /// has no echo yet, and is shown now.
    fn serve_reader(&mut self, on_screen: bool) {
        let Some(reader) = self.reader.take() else { return };
        let Some((typed, again)) = self.lines.take(reader.client, reader.ticket) else {
            let output = self.editor.show(&reader.prompt);
            self.send(&output);
            self.reader = Some(reader);
            return;
        };
        self.keeper.save(&self.lines);
        let Typed::Line(line) = typed else { return self.tell_end(reader) };
        if !on_screen && !again {
            let echo = self.editor.print_line(&reader.prompt, &line);
            self.send(&echo);
        }
        if !reader.reply.deliver(line) {
            self.lines.undelivered();
            self.keeper.save(&self.lines);
        }
    }

    fn tell_end(&mut self, reader: Reader) {
        let output = self.editor.hide() + &self.editor.print("^D\n");
        self.send(&output);
        reader.reply.refuse(ConsoleError::EndOfInput);
    }

    /// Output that cannot be sent is lost: there is no second terminal.
    fn send(&self, text: &str) {
        if let Err(error) = self.device.write(text.as_bytes()) {
            warn("the device of the terminal takes no output", error);
        }
    }
}

#[cfg(target_os = "none")]
fn warn(what: &str, error: Error) {
    defmt::warn!("{=str}: {}", what, error.text());
}

/// There is no log on the host.
#[cfg(not(target_os = "none"))]
fn warn(_: &str, _: Error) {}

impl<D: Device> Console for Server<D> {
    fn write(&mut self, _: &Caller, text: String, reply: Reply<Result<(), ConsoleError>>) {
        self.print(&text);
        reply.send(Ok(()));
    }

    fn read_line(
        &mut self,
        caller: &Caller,
        prompt: String,
        ticket: u64,
        reply: Reply<Result<String, ConsoleError>>,
    ) {
        self.read(caller, prompt, ticket, LineReply::Line(reply));
    }

    fn read_or_tab(
        &mut self,
        caller: &Caller,
        prompt: String,
        ticket: u64,
        reply: Reply<Result<Input, ConsoleError>>,
    ) {
        self.read(caller, prompt, ticket, LineReply::LineOrTab(reply));
    }

    fn type_text(&mut self, caller: &Caller, text: String) -> Result<(), ConsoleError> {
        self.only_leader(caller)?;
        let mut output = String::new();
        for character in text.chars().filter(|character| !character.is_control()) {
            output.push_str(&self.editor.key(Key::Char(character)).0);
        }
        self.apply(None, true, &output);
        Ok(())
    }

    fn set_history(&mut self, caller: &Caller, lines: Vec<String>) -> Result<(), ConsoleError> {
        self.only_leader(caller)?;
        self.editor.forget();
        lines.iter().for_each(|line| self.editor.remember(line));
        Ok(())
    }

    fn read_key(&mut self, caller: &Caller, reply: Reply<Result<RawKey, ConsoleError>>) {
        let client = caller.badge();
        if !self.foreground.may_read(client) {
            return reply.send(Err(ConsoleError::Background));
        }
        self.take_terminal();
        if let Some(before) = self.key_reader.take() {
            before.reply.send(Err(ConsoleError::Superseded));
        }
        // Keys are its own from here on, and one may wait.
        match self.raw.read(client) {
            None => self.key_reader = Some(KeyReader { client, reply }),
            Some(key) => {
                if reply.deliver(&Ok(key)).is_err() {
                    self.raw.give_back(key);
                }
            }
        }
    }

    fn size(&mut self, _: &Caller) -> Result<Size, ConsoleError> {
        let columns = u16::try_from(self.editor.columns()).unwrap_or(u16::MAX);
        Ok(Size { columns, rows: self.keys.rows().filter(|rows| *rows > 1).unwrap_or(ROWS) })
    }

    fn wait_control(&mut self, caller: &Caller, reply: Reply<Result<ControlKey, ConsoleError>>) {
        if !self.foreground.may_hear(caller.badge()) {
            return reply.send(Err(ConsoleError::NotLeader));
        }
        if let Some(key) = self.pressed.take() {
            if reply.deliver(&Ok(key)).is_err() {
                self.pressed = Some(key);
            }
            return;
        }
        if let Some(before) = self.waiter.replace(Waiter { client: caller.badge(), reply }) {
            before.reply.send(Err(ConsoleError::Superseded));
        }
    }
    fn set_foreground(&mut self, caller: &Caller, clients: Vec<u64>) -> Result<(), ConsoleError> {
        let set = self.foreground.set(caller.badge(), clients);
        set.map_err(|NotLeader| ConsoleError::NotLeader)?;
        self.foreground_changed();
        Ok(())
    }
}
