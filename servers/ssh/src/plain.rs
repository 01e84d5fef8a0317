//! A session without a terminal: bytes pass as they are, and there are no keys.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use console_api::{ConsoleError, ControlKey, Input};
use service::Reply;

/// The most bytes of a line; a longer one is cut.
const LINE_MAX: usize = 64 << 10;

/// The reply to a reader.
pub(crate) enum LineReply {
    Line(Reply<Result<String, ConsoleError>>),
    LineOrTab(Reply<Result<Input, ConsoleError>>),
}

impl LineReply {
    pub(crate) fn refuse(self, error: ConsoleError) {
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

/// What a session without a terminal reads and hears.
#[derive(Default)]
pub(crate) struct Plain {
    input: VecDeque<u8>,
    ended: bool,
    reader: Option<LineReply>,
    waiter: Option<Reply<Result<ControlKey, ConsoleError>>>,
    pressed: Option<ControlKey>,
}

impl Plain {
    /// Bytes came.
    pub(crate) fn take(&mut self, bytes: &mut VecDeque<u8>) {
        // Further bytes wait for a reader.
        while self.input.len() < LINE_MAX
            && let Some(byte) = bytes.pop_front()
        {
            self.input.push_back(byte);
        }
        self.serve();
    }

    /// No more bytes come.
    pub(crate) fn end(&mut self) {
        self.ended = true;
        self.serve();
    }

    /// A client reads a line; the reader before it gets none.
    pub(crate) fn read(&mut self, reply: LineReply) {
        if let Some(before) = self.reader.replace(reply) {
            before.refuse(ConsoleError::Superseded);
        }
        self.serve();
    }

    fn serve(&mut self) {
        let Some(reader) = self.reader.take() else { return };
        let end = self.input.iter().position(|byte| *byte == b'\n').map(|place| place + 1);
        let full = (self.input.len() >= LINE_MAX).then_some(LINE_MAX);
        let rest = (self.ended && !self.input.is_empty()).then_some(self.input.len());
        let Some(end) = end.or(full).or(rest) else {
            match self.ended {
                true => reader.refuse(ConsoleError::EndOfInput),
                false => self.reader = Some(reader),
            }
            return;
        };
        let bytes: Vec<u8> = self.input.iter().take(end).copied().collect();
        let line = String::from_utf8_lossy(&bytes);
        if reader.deliver(line.trim_end_matches(['\n', '\r']).into()) {
            self.input.drain(..end);
        }
    }

    /// The other side sends a signal.
    pub(crate) fn press(&mut self, key: ControlKey) {
        let told = self.waiter.take().map(|waiter| waiter.deliver(&Ok(key)));
        self.pressed = (!matches!(told, Some(Ok(())))).then_some(key);
    }

    /// A client waits for signals.
    pub(crate) fn wait(&mut self, reply: Reply<Result<ControlKey, ConsoleError>>) {
        if let Some(key) = self.pressed.take() {
            if reply.deliver(&Ok(key)).is_err() {
                self.pressed = Some(key);
            }
        } else if let Some(before) = self.waiter.replace(reply) {
            before.send(Err(ConsoleError::Superseded));
        }
    }
}
