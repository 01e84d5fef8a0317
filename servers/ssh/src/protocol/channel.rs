//! The session of a connection (RFC 4254, 5 and 6).

use super::terms::{Cells, Fault, Happened, kind};
use super::wire::{Reader, Writer};
use alloc::vec::Vec;

/// Bytes that the client may send before they are used.
const WINDOW: u32 = 32 << 10;
/// The most bytes of a packet of data, in both directions.
const PIECE: u32 = 16 << 10;
/// Why no further channel is opened (RFC 4254, 5.1).
const PROHIBITED: u32 = 1;
const UNKNOWN_TYPE: u32 = 3;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Not opened.
    #[default]
    None,
    /// Open; what it is for was not said.
    Open,
    /// The shell or a command runs.
    Started,
    /// This side has closed it.
    Closing,
    /// Both have.
    Closed,
}

/// The only channel of a connection; here its number is 0.
#[derive(Debug, Default)]
pub(super) struct Channel {
    state: State,
    /// Its number over there.
    number: u32,
    /// Bytes that the client takes, in all and in a packet.
    window: u32,
    piece: u32,
    /// Bytes that the client may still send.
    left: u32,
    /// Bytes that were used and that the client was not told of.
    owed: u32,
}

type Answer = (Vec<Writer>, Option<Happened>);

fn nothing() -> Answer {
    (Vec::new(), None)
}

impl Channel {
    /// A packet about channels.
    pub(super) fn packet(&mut self, kind: u8, mut reader: Reader<'_>) -> Result<Answer, Fault> {
        if kind == kind::CHANNEL_OPEN {
            return self.open(reader);
        }
        let is_there = reader.number()? == 0 && !matches!(self.state, State::None | State::Closed);
        if !is_there {
            return Err(Fault::Unexpected);
        }
        match kind {
            kind::WINDOW_ADJUST => {
                let more = self.window.checked_add(reader.number()?);
                self.window = more.ok_or(Fault::Malformed)?;
                Ok(nothing())
            }
            kind::DATA => self.data_came(reader),
            // A client has no second stream to send.
            kind::EXTENDED_DATA => Err(Fault::Unexpected),
            kind::EOF => Ok((Vec::new(), Some(Happened::Eof))),
            kind::CLOSE => {
                let reply = (self.state != State::Closing).then(|| self.about(kind::CLOSE));
                self.state = State::Closed;
                Ok((reply.into_iter().collect(), Some(Happened::Closed)))
            }
            kind::CHANNEL_REQUEST => self.request(reader),
            // Answers to requests: none was made that wants one.
            _ => Ok(nothing()),
        }
    }

    fn about(&self, kind: u8) -> Writer {
        Writer::packet(kind).number(self.number)
    }

    fn open(&mut self, mut reader: Reader<'_>) -> Result<Answer, Fault> {
        let is_session = reader.string()? == b"session";
        let (number, window, piece) = (reader.number()?, reader.number()?, reader.number()?);
        if !is_session || self.state != State::None {
            let (reason, text) = match is_session {
                true => (PROHIBITED, "one session for a connection"),
                false => (UNKNOWN_TYPE, "only sessions"),
            };
            let reply = Writer::packet(kind::CHANNEL_OPEN_FAILURE).number(number).number(reason);
            return Ok((Vec::from([reply.string(text).string("")]), None));
        }
        *self = Self { state: State::Open, number, window, piece, left: WINDOW, owed: 0 };
        let reply = self.about(kind::CHANNEL_CONFIRMATION).number(0).number(WINDOW).number(PIECE);
        Ok((Vec::from([reply]), None))
    }

    fn data_came(&mut self, mut reader: Reader<'_>) -> Result<Answer, Fault> {
        let bytes = reader.string()?;
        let count = u32::try_from(bytes.len()).map_err(|_| Fault::Malformed)?;
        self.left = self.left.checked_sub(count).ok_or(Fault::Unexpected)?;
        Ok((Vec::new(), Some(Happened::Data(bytes.to_vec()))))
    }

    fn request(&mut self, mut reader: Reader<'_>) -> Result<Answer, Fault> {
        let (what, wants_reply) = (reader.text()?, reader.boolean()?);
        let happened = match (what, self.state) {
            ("pty-req", State::Open) => {
                reader.string()?;
                Some(Happened::Terminal(cells(&mut reader)?))
            }
            ("window-change", _) => Some(Happened::Resized(cells(&mut reader)?)),
            ("shell", State::Open) => Some(Happened::Started(None)),
            ("exec", State::Open) => Some(Happened::Started(Some(reader.text()?.into()))),
            ("signal", State::Started) => Some(Happened::Signal(reader.text()?.into())),
            // Variables, forwarding, subsystems: there are none.
            _ => None,
        };
        if matches!(happened, Some(Happened::Started(_))) {
            self.state = State::Started;
        }
        let reply = match happened {
            Some(_) => self.about(kind::CHANNEL_SUCCESS),
            None => self.about(kind::CHANNEL_FAILURE),
        };
        Ok((wants_reply.then_some(reply).into_iter().collect(), happened))
    }

    /// How many bytes can be sent now.
    pub(super) fn room(&self) -> usize {
        if self.state != State::Started {
            return 0;
        }
        usize::try_from(self.window.min(self.piece).min(PIECE)).unwrap_or(0)
    }

    /// The packet of these bytes; there is room for them.
    pub(super) fn data(&mut self, bytes: &[u8]) -> Option<Writer> {
        let count = u32::try_from(bytes.len()).ok().filter(|count| *count > 0)?;
        self.window = self.window.saturating_sub(count);
        Some(self.about(kind::DATA).string(bytes))
    }

    /// Bytes were used, and the client cannot be told yet.
    pub(super) fn owe(&mut self, count: usize) {
        self.owed = self.owed.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
    }

    /// Bytes were used: what tells the client, once there are enough.
    pub(super) fn used(&mut self, count: usize) -> Option<Writer> {
        let owed = self.owed.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
        if owed < WINDOW / 2 || !matches!(self.state, State::Open | State::Started) {
            return None;
        }
        self.owed = 0;
        self.left = self.left.saturating_add(owed);
        Some(self.about(kind::WINDOW_ADJUST).number(owed))
    }

    /// Ends the session: what tells the client.
    pub(super) fn exit(&mut self, status: u32) -> Vec<Writer> {
        if !matches!(self.state, State::Open | State::Started) {
            return Vec::new();
        }
        self.state = State::Closing;
        let told = self.about(kind::CHANNEL_REQUEST).string("exit-status").boolean(false);
        Vec::from([self.about(kind::EOF), told.number(status), self.about(kind::CLOSE)])
    }
}

fn cells(reader: &mut Reader<'_>) -> Result<Cells, Fault> {
    Ok(Cells { columns: reader.number()?, rows: reader.number()? })
}
