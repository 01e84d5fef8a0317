//! What `wget` knows of HTTP.

use alloc::format;
use alloc::string::{String, ToString};

/// The most bytes of an answer's head, and its most lines.
pub(crate) const HEAD_MAX: usize = 8 << 10;
const LINES: usize = 64;

/// Where a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
    /// The name or address of the host.
    pub(crate) host: String,
    /// The port.
    pub(crate) port: u16,
    /// What to ask for, with a slash at its start.
    pub(crate) path: String,
}

impl Url {
    /// Reads `http://HOST[:PORT][/PATH]`; the scheme may be left out.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let rest = match text.split_once("://") {
            Some(("http", rest)) => rest,
            Some(_) => return Err("only http:// is known"),
            None => text,
        };
        let (place, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, "/"),
        };
        let (host, port) = match place.strip_prefix('[').and_then(|it| it.split_once(']')) {
            Some((host, "")) => (host, None),
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => match place.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (place, None),
            },
        };
        let port = match port {
            None => 80,
            Some(port) => port.parse().ok().filter(|port| *port > 0).ok_or("no valid port")?,
        };
        let is_bad = |c: char| c.is_whitespace() || c.is_control();
        if host.is_empty() || rest.contains(is_bad) {
            return Err("no valid URL");
        }
        Ok(Self { host: host.to_string(), port, path: path.to_string() })
    }

    /// The request for it. By HTTP/1.0 the answer ends with the connection, and has no pieces.
    #[must_use]
    pub(crate) fn request(&self) -> String {
        let Self { host, path, .. } = self;
        format!("GET {path} HTTP/1.0\r\nHost: {host}\r\nUser-Agent: postern\r\n\r\n")
    }
}

/// The head of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// Its bytes: the body is what follows.
    pub(crate) bytes: usize,
    /// The status.
    pub(crate) status: u16,
    /// The bytes of the body, if it says so.
    pub(crate) length: Option<u64>,
}

/// Reads the head of an answer; `None` when it is not whole yet.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn head(bytes: &[u8]) -> Result<Option<Head>, String> {
    let mut headers = [httparse::EMPTY_HEADER; LINES];
    let mut response = httparse::Response::new(&mut headers);
    let size = match response.parse(bytes) {
        Ok(httparse::Status::Complete(size)) => size,
        Ok(httparse::Status::Partial) if bytes.len() < HEAD_MAX => return Ok(None),
        Ok(httparse::Status::Partial) => return Err("the answer's head is too long".into()),
        Err(error) => return Err(format!("no HTTP: {error}")),
    };
    let length = response.headers.iter().find(|it| it.name.eq_ignore_ascii_case("content-length"));
    let length = match length {
        None => None,
        Some(line) => {
            let text = core::str::from_utf8(line.value).ok();
            Some(text.and_then(|text| text.trim().parse().ok()).ok_or("a length that is none")?)
        }
    };
    Ok(Some(Head { bytes: size, status: response.code.unwrap_or(0), length }))
}

#[cfg(test)]
mod tests {
    use super::{HEAD_MAX, Head, Url, head};

    fn url(text: &str) -> Result<(String, u16, String), &'static str> {
        Url::parse(text).map(|url| (url.host, url.port, url.path))
    }

    #[test]
    fn urls_are_taken_apart() {
        let it = |host: &str, port, path: &str| Ok((host.to_string(), port, path.to_string()));
        assert_eq!(url("http://10.0.2.2:8000/a/b?c"), it("10.0.2.2", 8000, "/a/b?c"));
        assert_eq!(url("example.org"), it("example.org", 80, "/"));
        assert_eq!(url("http://[::1]:8080/x"), it("::1", 8080, "/x"));
        for wrong in
            ["", "http://", "https://a/", "http://a:0/", "http://a:b/", "a b", "a/\r\nX: y"]
        {
            assert!(url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn heads_are_whole_or_waited_for() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        let wanted = Head { bytes: whole.len() - 5, status: 200, length: Some(5) };
        assert_eq!(head(whole), Ok(Some(wanted)));
        for end in 0..whole.len() - 5 {
            assert_eq!(head(&whole[..end]), Ok(None), "{end}");
        }
        assert_eq!(head(b"HTTP/1.0 404 Not Found\r\n\r\n").unwrap().unwrap().length, None);
    }

    #[test]
    fn heads_that_cannot_be_are_refused() {
        for wrong in [
            &b"SSH-2.0-x\r\n"[..],
            b"HTTP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n",
            b"HTTP/1.0 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        ] {
            assert!(head(wrong).is_err());
        }
        let mut long = b"HTTP/1.0 200 OK\r\nX: ".to_vec();
        long.resize(HEAD_MAX, b'a');
        assert!(head(&long).is_err());
    }
}
