//! The head of a request.

use crate::answer::Status;
use crate::paths;
use alloc::string::{String, ToString};

/// The most bytes of a head, and its most lines.
pub(crate) const HEAD_MAX: usize = 8 << 10;
const LINES: usize = 48;
/// The most bytes of a target.
const TARGET_MAX: usize = 1024;

/// A request that can be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// Whether only the head of the answer is wanted.
    pub(crate) head_only: bool,
    /// The path: decoded, from `/` on, without `.` and `..`.
    pub(crate) path: String,
    /// The range of the content that is wanted, as the client says it.
    pub(crate) range: Option<String>,
    /// The tag of the content that the range is of.
    pub(crate) if_range: Option<String>,
    /// The tags that the client has.
    pub(crate) if_none_match: Option<String>,
    /// Whether the connection may stay open.
    pub(crate) keep: bool,
}

/// The end of a head in these bytes, if it is there. The search begins at `from`.
pub(crate) fn end_of_head(bytes: &[u8], from: usize) -> Option<usize> {
    let begin = from.saturating_sub(3).min(bytes.len());
    let found = bytes.get(begin..)?.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some(begin + found + 4)
}

/// Reads a head that is whole.
///
/// # Errors
/// The status of the refusal.
pub(crate) fn parse(head: &[u8]) -> Result<Request, Status> {
    if has_bare_line_end(head) {
        return Err(Status::BadRequest);
    }
    let mut lines = [httparse::EMPTY_HEADER; LINES];
    let mut read = httparse::Request::new(&mut lines);
    match read.parse(head) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) => return Err(Status::BadRequest),
        Err(httparse::Error::TooManyHeaders) => return Err(Status::HeadTooLarge),
        Err(httparse::Error::Version) => return Err(Status::BadVersion),
        Err(_) => return Err(Status::BadRequest),
    }
    let (Some(method), Some(target), Some(minor)) = (read.method, read.path, read.version) else {
        return Err(Status::BadRequest);
    };
    let lines = Lines(read.headers);
    check_host(&lines, minor)?;
    check_no_body(&lines)?;
    let head_only = match method {
        "GET" => false,
        "HEAD" => true,
        _ => return Err(Status::BadMethod),
    };
    if target.len() > TARGET_MAX {
        return Err(Status::TargetTooLong);
    }
    let text = |name| lines.one(name).map(ToString::to_string);
    Ok(Request {
        head_only,
        path: paths::of(target).ok_or(Status::BadRequest)?,
        range: text("range"),
        if_range: text("if-range"),
        if_none_match: text("if-none-match"),
        keep: minor == 1 && !lines.has_word("connection", "close"),
    })
}

/// A line that ends without a carriage return: some read it as an end, others do not.
fn has_bare_line_end(head: &[u8]) -> bool {
    let before = core::iter::once(&0).chain(head);
    before.zip(head).any(|(before, byte)| *byte == b'\n' && *before != b'\r')
}

/// HTTP/1.1 has one `Host`, HTTP/1.0 at most one.
fn check_host(lines: &Lines<'_, '_>, minor: u8) -> Result<(), Status> {
    let count = lines.all("host").count();
    let good = count == 1 || count == 0 && minor == 0;
    if good { Ok(()) } else { Err(Status::BadRequest) }
}

/// A body is refused, and so is every doubt about there being one: what follows the head would be
/// read as the next request.
fn check_no_body(lines: &Lines<'_, '_>) -> Result<(), Status> {
    if lines.all("transfer-encoding").next().is_some() {
        return Err(Status::BadRequest);
    }
    let mut lengths = lines.all("content-length");
    match (lengths.next(), lengths.next()) {
        (None, _) | (Some(b"0"), None) => Ok(()),
        (Some(length), None) if length.iter().all(u8::is_ascii_digit) && !length.is_empty() => {
            Err(Status::BodyTooLarge)
        }
        _ => Err(Status::BadRequest),
    }
}

/// The lines of a head.
struct Lines<'h, 'b>(&'h [httparse::Header<'b>]);

impl<'h> Lines<'h, '_> {
    fn all<'n>(&self, name: &'n str) -> impl Iterator<Item = &'h [u8]> + use<'h, 'n, '_> {
        let its = self.0.iter().filter(move |line| line.name.eq_ignore_ascii_case(name));
        its.map(|line| line.value)
    }

    /// The text of the only such line.
    fn one(&self, name: &str) -> Option<&'h str> {
        let mut all = self.all(name);
        let text = core::str::from_utf8(all.next()?).ok()?;
        all.next().is_none().then(|| text.trim())
    }

    /// Whether a list has a word.
    fn has_word(&self, name: &str, word: &str) -> bool {
        self.all(name).any(|value| {
            value
                .split(|byte| *byte == b',')
                .any(|it| it.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{end_of_head, parse};
    use crate::answer::Status;

    fn path(head: &str) -> Result<String, Status> {
        parse(head.as_bytes()).map(|request| request.path)
    }

    #[test]
    fn usual_requests_are_read() {
        let head = "GET /a%20b/?x=1 HTTP/1.1\r\nHost: h\r\nRange: bytes=1-2\r\n\r\n";
        let request = parse(head.as_bytes()).unwrap();
        assert_eq!(
            (request.path.as_str(), request.head_only, request.keep),
            ("/a b/", false, true)
        );
        assert_eq!(request.range.as_deref(), Some("bytes=1-2"));
        let old = parse(b"HEAD / HTTP/1.0\r\n\r\n").unwrap();
        assert!(old.head_only && !old.keep);
        let close = parse(b"GET / HTTP/1.1\r\nhost: h\r\nConnection: a, Close\r\n\r\n").unwrap();
        assert!(!close.keep);
        assert_eq!(path("GET http://h:80/x HTTP/1.1\r\nHost: h\r\n\r\n").as_deref(), Ok("/x"));
        let empty_body = "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(path(empty_body).as_deref(), Ok("/"));
    }

    #[test]
    fn shapes_of_smuggling_are_refused() {
        for lines in [
            "Content-Length: 5\r\nContent-Length: 6",
            "Content-Length: 0\r\nContent-Length: 0",
            "Content-Length: 0, 5",
            "Content-Length: +0",
            "Content-Length: 0x0",
            "Content-Length:",
            "Content-Length: 0\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked",
            "transfer-encoding: identity",
            "Transfer-Encoding : chunked",
            "Transfer-Encoding\r\n : chunked",
            "X: a\r\n Transfer-Encoding: chunked",
            "X: a\nTransfer-Encoding: chunked",
            "X: a\rTransfer-Encoding: chunked",
            "X: a\0b",
            "Host: other",
            ": none",
        ] {
            let head = format!("GET / HTTP/1.1\r\nHost: h\r\n{lines}\r\n\r\n");
            assert_eq!(path(&head), Err(Status::BadRequest), "{lines:?}");
        }
        let with_body = "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n";
        assert_eq!(path(with_body), Err(Status::BodyTooLarge));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for (head, status) in [
            ("GET / HTTP/1.1\r\n\r\n", Status::BadRequest),
            ("GET / HTTP/2.0\r\nHost: h\r\n\r\n", Status::BadVersion),
            ("POST / HTTP/1.1\r\nHost: h\r\n\r\n", Status::BadMethod),
            ("get / HTTP/1.1\r\nHost: h\r\n\r\n", Status::BadMethod),
            ("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", Status::BadMethod),
            ("GET  / HTTP/1.1\r\nHost: h\r\n\r\n", Status::BadRequest),
            ("GET /../x HTTP/1.1\r\nHost: h\r\n\r\n", Status::BadRequest),
            ("GET x HTTP/1.1\r\nHost: h\r\n\r\n", Status::BadRequest),
            ("GET /\r\n\r\n", Status::BadRequest),
            ("\r\n\r\n", Status::BadRequest),
            ("\x16\x03\x01\x02\0\r\n\r\n", Status::BadRequest),
        ] {
            assert_eq!(path(head), Err(status), "{head:?}");
        }
        let long = format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "a".repeat(2000));
        assert_eq!(path(&long), Err(Status::TargetTooLong));
        let many = format!("GET / HTTP/1.1\r\nHost: h\r\n{}\r\n", "X: y\r\n".repeat(100));
        assert_eq!(path(&many), Err(Status::HeadTooLarge));
    }

    #[test]
    fn the_end_of_a_head_is_found_in_any_pieces() {
        let head = b"GET / HTTP/1.0\r\n\r\nrest";
        for from in 0..18 {
            assert_eq!(end_of_head(head, from), Some(18), "{from}");
        }
        for length in 0..18 {
            assert_eq!(end_of_head(&head[..length], length.saturating_sub(1)), None);
        }
    }
}
