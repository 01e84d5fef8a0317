//! Heads of answers.

use alloc::format;
use alloc::string::String;

/// What an answer says first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Ok,
    Partial,
    NotModified,
    BadRequest,
    NotFound,
    BadMethod,
    TimedOut,
    BodyTooLarge,
    TargetTooLong,
    BadRange,
    HeadTooLarge,
    Failed,
    Busy,
    BadVersion,
}

impl Status {
    /// Its number and words. Source: RFC 9110, section 15; RFC 6585, section 5.
    pub(crate) fn line(self) -> &'static str {
        match self {
            Self::Ok => "200 OK",
            Self::Partial => "206 Partial Content",
            Self::NotModified => "304 Not Modified",
            Self::BadRequest => "400 Bad Request",
            Self::NotFound => "404 Not Found",
            Self::BadMethod => "405 Method Not Allowed",
            Self::TimedOut => "408 Request Timeout",
            Self::BodyTooLarge => "413 Content Too Large",
            Self::TargetTooLong => "414 URI Too Long",
            Self::BadRange => "416 Range Not Satisfiable",
            Self::HeadTooLarge => "431 Request Header Fields Too Large",
            Self::Failed => "500 Internal Server Error",
            Self::Busy => "503 Service Unavailable",
            Self::BadVersion => "505 HTTP Version Not Supported",
        }
    }
}

/// The head of an answer, line by line.
pub(crate) struct Head(String);

impl Head {
    /// Says whether the connection stays, and what pages may load: from here alone.
    pub(crate) fn new(status: Status, keep: bool) -> Self {
        let mut head = Self(format!("HTTP/1.1 {}\r\n", status.line()));
        head.line("Server", "Postern");
        head.line("X-Content-Type-Options", "nosniff");
        head.line(
            "Content-Security-Policy",
            "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        );
        if !keep {
            head.line("Connection", "close");
        }
        head
    }

    /// Adds a line. What it says is made here: it has no line ends.
    pub(crate) fn line(&mut self, name: &str, value: &str) {
        for piece in [name, ": ", value, "\r\n"] {
            self.0.push_str(piece);
        }
    }

    /// Adds the length of the content.
    pub(crate) fn length(&mut self, bytes: u64) {
        self.line("Content-Length", &format!("{bytes}"));
    }

    /// The bytes, with the empty line.
    pub(crate) fn end(mut self) -> String {
        self.0.push_str("\r\n");
        self.0
    }
}
