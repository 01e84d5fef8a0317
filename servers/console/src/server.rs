//! Readers, Ctrl-C, output.

use crate::keeper::Keeper;
use crate::uart::Uart;
use alloc::string::String;
use alloc::vec::Vec;
use console_api::{Console, ConsoleError};
use console_core::editor::{Editor, Event};
use console_core::keys::Keys;
use console_core::lines::Lines;
use service::{Caller, Reply};
use sys::Error;

/// Someone who waits for a line.
struct Reader {
    client: u64,
    ticket: u64,
    prompt: String,
    reply: Reply<Result<String, ConsoleError>>,
}

/// Someone who waits for Ctrl-C.
struct Waiter {
    client: u64,
    reply: Reply<Result<(), ConsoleError>>,
}

/// The console.
pub(crate) struct Server {
    uart: Uart,
    keeper: Keeper,
    keys: Keys,
    editor: Editor,
    lines: Lines,
    reader: Option<Reader>,
    waiter: Option<Waiter>,
    /// Ctrl-C came while nobody waited for it.
    interrupted: bool,
}

impl Server {
    /// Goes on where an earlier life of this server stopped.
    pub(crate) fn new(uart: Uart, mut keeper: Keeper) -> Self {
        let lines = keeper.take_found();
        let mut editor = Editor::new();
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
            reader: None,
            waiter: None,
            interrupted: false,
        }
    }

    /// Takes what came in, as long as there is room for lines.
    pub(crate) fn input(&mut self) -> Result<(), Error> {
        while !self.lines.full() {
            let Some(byte) = self.uart.read()? else { break };
            if let Some(key) = self.keys.push(byte) {
                let shown = self.editor.visible();
                let (output, event) = self.editor.key(key);
                self.happened(event, shown, output);
            }
        }
        Ok(())
    }

    /// Keeps first, shows then: a line whose end is on the screen is never lost.
    fn happened(&mut self, event: Option<Event>, shown: bool, output: Vec<u8>) {
        match event {
            None => {
                self.lines.set_partial(self.editor.text());
                self.keeper.save(&self.lines);
                self.send(&output);
            }
            Some(Event::Line(line)) => {
                self.lines.completed(line);
                self.keeper.save(&self.lines);
                self.send(&output);
                self.serve_reader(shown);
            }
            Some(Event::Interrupt) => self.interrupt(&output),
            Some(Event::EndOfInput) => self.end_of_input(),
        }
    }

    fn interrupt(&mut self, output: &[u8]) {
        self.send(output);
        self.lines.flush();
        self.keeper.save(&self.lines);
        let reader = self.reader.take();
        let client = reader.as_ref().map(|reader| reader.client);
        if let Some(reader) = reader {
            reader.reply.send(Err(ConsoleError::Interrupted));
        }
        match self.waiter.take() {
            // It knows already.
            Some(waiter) if Some(waiter.client) == client => self.waiter = Some(waiter),
            Some(waiter) => self.interrupted = waiter.reply.deliver(&Ok(())).is_err(),
            None => self.interrupted = client.is_none(),
        }
    }

    fn end_of_input(&mut self) {
        if let Some(reader) = self.reader.take() {
            let mut output = self.editor.hide();
            output.extend(self.editor.print("^D\n"));
            self.send(&output);
            reader.reply.send(Err(ConsoleError::EndOfInput));
        }
    }

    /// Gives the reader its line, or shows the prompt. A line that was typed before
    /// anyone read was not echoed then, and is shown now.
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
    fn send(&self, bytes: &[u8]) {
        if let Err(error) = self.uart.write(bytes) {
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
        if let Some(before) = self.reader.take() {
            let output = self.editor.hide();
            self.send(&output);
            before.reply.send(Err(ConsoleError::Superseded));
        }
        self.reader = Some(Reader { client: caller.badge(), ticket, prompt, reply });
        self.serve_reader(false);
        // There may be room again for what the device holds.
        if let Err(error) = self.input() {
            defmt::warn!("the uart does not answer: {}", error.text());
        }
    }

    fn wait_interrupt(&mut self, caller: &Caller, reply: Reply<Result<(), ConsoleError>>) {
        if core::mem::take(&mut self.interrupted) {
            self.interrupted = reply.deliver(&Ok(())).is_err();
            return;
        }
        if let Some(before) = self.waiter.replace(Waiter { client: caller.badge(), reply }) {
            before.reply.send(Err(ConsoleError::Superseded));
        }
    }
}
