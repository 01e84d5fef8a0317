//! Readers, control keys, output.

use crate::keeper::Keeper;
use crate::uart::Uart;
use alloc::string::String;
use alloc::vec::Vec;
use console_api::{Console, ConsoleError, ControlKey};
use console_core::editor::{COLUMNS, Editor, Event};
use console_core::foreground::{Foreground, NotLeader};
use console_core::keys::Keys;
use console_core::lines::Lines;
use service::{Caller, Reply};
use sys::Error;

/// A client that waits for a line.
struct Reader {
    client: u64,
    ticket: u64,
    prompt: String,
    reply: Reply<Result<String, ConsoleError>>,
}

/// A client that waits for control keys.
struct Waiter {
    client: u64,
    reply: Reply<Result<ControlKey, ConsoleError>>,
}

/// The console.
pub(crate) struct Server {
    uart: Uart,
    keeper: Keeper,
    keys: Keys,
    editor: Editor,
    lines: Lines,
    foreground: Foreground,
    reader: Option<Reader>,
    waiter: Option<Waiter>,
    /// A control key that came without a waiter.
    pressed: Option<ControlKey>,
}

impl Server {
    /// Goes on where an earlier life of this server stopped; leader and spawner are what the
    /// manifest says.
    pub(crate) fn new(
        uart: Uart,
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
            defmt::info!("{=usize} unread lines were kept", lines.waiting());
        }
        Self {
            uart,
            keeper,
            keys: Keys::default(),
            editor,
            lines,
            foreground,
            reader: None,
            waiter: None,
            pressed: None,
        }
    }

    /// Takes what came in, as long as there is room for lines.
    pub(crate) fn input(&mut self) -> Result<(), Error> {
        while !self.lines.full() {
            let Some(byte) = self.uart.read()? else { break };
            if let Some(key) = self.keys.push(byte) {
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
        }
    }

    fn interrupt(&mut self, output: &str) {
        self.send(output);
        self.lines.flush();
        self.keeper.save(&self.lines);
        let reader = self.reader.take();
        let client = reader.as_ref().map(|reader| reader.client);
        if let Some(reader) = reader {
            reader.reply.send(Err(ConsoleError::Interrupted));
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
            self.foreground_changed();
            self.control(ControlKey::Attention, "^]\n");
        }
    }

    /// Saves the foreground, and takes the terminal from a reader outside it.
    fn foreground_changed(&mut self) {
        self.lines.set_foreground(self.foreground.clients());
        self.keeper.save(&self.lines);
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
            before.reply.send(Err(ConsoleError::Superseded));
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

    fn end_of_input(&mut self) {
        if let Some(reader) = self.reader.take() {
            let output = self.editor.hide() + &self.editor.print("^D\n");
            self.send(&output);
            reader.reply.send(Err(ConsoleError::EndOfInput));
        }
    }

    /// Gives the reader its line, or shows the prompt. A line that was typed without a reader
    /// has no echo yet, and is shown now.
    fn serve_reader(&mut self, on_screen: bool) {
        let Some(reader) = self.reader.take() else { return };
        let Some((line, again)) = self.lines.take(reader.client, reader.ticket) else {
            let output = self.editor.show(&reader.prompt);
            self.send(&output);
            self.reader = Some(reader);
            return;
        };
        self.keeper.save(&self.lines);
        if !on_screen && !again {
            let echo = self.editor.print_line(&reader.prompt, &line);
            self.send(&echo);
        }
        if reader.reply.deliver(&Ok(line)).is_err() {
            self.lines.undelivered();
            self.keeper.save(&self.lines);
        }
    }

    /// Output that cannot be sent is lost: there is no second terminal.
    fn send(&self, text: &str) {
        if let Err(error) = self.uart.write(text.as_bytes()) {
            defmt::warn!("the uart does not take output: {}", error.text());
        }
    }
}

impl Console for Server {
    fn write(&mut self, _: &Caller, text: String) -> Result<(), ConsoleError> {
        let output = self.editor.print(&text);
        self.send(&output);
        Ok(())
    }

    fn read_line(
        &mut self,
        caller: &Caller,
        prompt: String,
        ticket: u64,
        reply: Reply<Result<String, ConsoleError>>,
    ) {
        let client = caller.badge();
        if !self.foreground.may_read(client) {
            return reply.send(Err(ConsoleError::Background));
        }
        self.take_terminal();
        self.foreground.reads(client);
        if self.foreground.clients() != self.lines.foreground() {
            self.foreground_changed();
        }
        self.reader = Some(Reader { client, ticket, prompt, reply });
        self.serve_reader(false);
        // There may be room again for what the device holds.
        if let Err(error) = self.input() {
            defmt::warn!("the uart does not answer: {}", error.text());
        }
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
