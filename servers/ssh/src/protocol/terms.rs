//! What packets are, and what comes of them.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// The kinds of packets.
pub(super) mod kind {
    pub(in crate::protocol) const DISCONNECT: u8 = 1;
    pub(in crate::protocol) const IGNORE: u8 = 2;
    pub(in crate::protocol) const UNIMPLEMENTED: u8 = 3;
    pub(in crate::protocol) const DEBUG: u8 = 4;
    pub(in crate::protocol) const SERVICE_REQUEST: u8 = 5;
    pub(in crate::protocol) const SERVICE_ACCEPT: u8 = 6;
    pub(in crate::protocol) const EXT_INFO: u8 = 7;
    pub(in crate::protocol) const KEXINIT: u8 = 20;
    pub(in crate::protocol) const NEWKEYS: u8 = 21;
    pub(in crate::protocol) const ECDH_INIT: u8 = 30;
    pub(in crate::protocol) const ECDH_REPLY: u8 = 31;
    pub(in crate::protocol) const USERAUTH_REQUEST: u8 = 50;
    pub(in crate::protocol) const USERAUTH_FAILURE: u8 = 51;
    pub(in crate::protocol) const USERAUTH_SUCCESS: u8 = 52;
    pub(in crate::protocol) const USERAUTH_PK_OK: u8 = 60;
    pub(in crate::protocol) const GLOBAL_REQUEST: u8 = 80;
    pub(in crate::protocol) const REQUEST_SUCCESS: u8 = 81;
    pub(in crate::protocol) const REQUEST_FAILURE: u8 = 82;
    pub(in crate::protocol) const CHANNEL_OPEN: u8 = 90;
    pub(in crate::protocol) const CHANNEL_CONFIRMATION: u8 = 91;
    pub(in crate::protocol) const CHANNEL_OPEN_FAILURE: u8 = 92;
    pub(in crate::protocol) const WINDOW_ADJUST: u8 = 93;
    pub(in crate::protocol) const DATA: u8 = 94;
    pub(in crate::protocol) const EXTENDED_DATA: u8 = 95;
    pub(in crate::protocol) const EOF: u8 = 96;
    pub(in crate::protocol) const CLOSE: u8 = 97;
    pub(in crate::protocol) const CHANNEL_REQUEST: u8 = 98;
    pub(in crate::protocol) const CHANNEL_SUCCESS: u8 = 99;
    pub(in crate::protocol) const CHANNEL_FAILURE: u8 = 100;
}

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// What came does not speak SSH 2.0.
    NotSsh,
    /// A packet that cannot be.
    Malformed,
    /// A packet that was changed on its way.
    Forged,
    /// A packet that does not belong here.
    Unexpected,
    /// The client has no algorithm of this server.
    NothingInCommon,
    /// Too many attempts to log in.
    Refused,
    /// There are no random bytes.
    NoRandom,
    /// The keys were used for too many packets.
    Worn,
    /// The client reads no answers.
    Unread,
    /// The client has ended it.
    Disconnected,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unread => "it reads no answers",
            Self::NotSsh => "it does not speak SSH 2.0",
            Self::Malformed => "a packet cannot be read",
            Self::Forged => "a packet was changed on its way",
            Self::Unexpected => "a packet does not belong here",
            Self::NothingInCommon => "client and server have no algorithm in common",
            Self::Refused => "too many attempts to log in",
            Self::NoRandom => "there are no random bytes",
            Self::Worn => "the keys were used too often",
            Self::Disconnected => "the client has disconnected",
        })
    }
}

/// The size of a terminal, in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cells {
    pub(crate) columns: u32,
    pub(crate) rows: u32,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Happened {
    /// The client has logged in with this key of the list.
    LoggedIn(usize),
    /// It wants a terminal of this size.
    Terminal(Cells),
    /// Its terminal has another size.
    Resized(Cells),
    /// It wants the shell, or to have one command carried out.
    Started(Option<String>),
    /// It sends these bytes.
    Data(Vec<u8>),
    /// It sends nothing more.
    Eof,
    /// It sends a signal, such as `INT`.
    Signal(String),
    /// The session is closed.
    Closed,
    /// It has answered a question whether it is still there.
    Alive,
}
