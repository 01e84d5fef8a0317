//! Clients that behave.

use super::{Answer, big, with_visitor};
use std::sync::atomic::Ordering;

#[test]
fn the_page_shows_servers_and_their_graph() {
    let page = with_visitor(|visitor| visitor.get("/", ""));
    assert_eq!((page.status, page.line("Content-Type")), (200, Some("text/html; charset=utf-8")));
    let text = page.text();
    for wanted in [
        "<b>template</b>",
        "data-from=\"shell\" data-to=\"template\"",
        "class=\"held\"",
        "&lt;shell&gt;",
        "lo",
    ] {
        assert!(text.contains(wanted), "{wanted} is not in {text}");
    }
    assert!(!text.contains("<shell>"));
    let length = page.line("Content-Length").unwrap().parse::<usize>().unwrap();
    assert_eq!(length, page.body.len());
}

#[test]
fn files_have_types_and_stay_below_their_folder() {
    with_visitor(|visitor| {
        let hello = visitor.get("/hello.html", "");
        assert_eq!((hello.status, hello.text().as_str()), (200, "<p>hello</p>\n"));
        assert_eq!(hello.line("Content-Type"), Some("text/html; charset=utf-8"));
        let same = format!("If-None-Match: \"x\", {}\r\n", hello.line("ETag").unwrap());
        let same = visitor.get("/hello.html", &same);
        assert_eq!((same.status, same.body.len()), (304, 0));
        assert_eq!(visitor.get("/data/", "").text(), "index");
        assert!(visitor.get("/data/big", "").body == big());
        for (path, status) in [
            ("/data", 404),
            ("/none", 404),
            ("/empty/", 404),
            ("/../secret", 400),
            ("/%2e%2e/secret", 400),
        ] {
            let answer = visitor.get(path, "");
            assert_eq!(answer.status, status, "{path}");
            assert!(!answer.text().contains("secret"));
        }
    });
}

#[test]
fn parts_of_files_are_sent() {
    with_visitor(|visitor| {
        let get = |range: &str| visitor.get("/data/big", &format!("Range: {range}\r\n"));
        let part = get("bytes=70000-139999");
        assert_eq!(
            (part.status, part.line("Content-Range")),
            (206, Some("bytes 70000-139999/200000"))
        );
        assert!(part.body == big()[70_000..140_000]);
        assert!(get("bytes=-5").body == big()[199_995..]);
        let none = get("bytes=200000-");
        assert_eq!((none.status, none.line("Content-Range")), (416, Some("bytes */200000")));
        let other = visitor.get("/data/big", "Range: bytes=0-0\r\nIf-Range: \"old\"\r\n");
        assert_eq!((other.status, other.body.len()), (200, 200_000));
    });
}

#[test]
fn a_connection_serves_many_requests_also_at_once() {
    with_visitor(|visitor| {
        let one = "GET /hello.html HTTP/1.1\r\nHost: h\r\n\r\nHEAD /hello.html HTTP/1.1\r\nHost: h\r\n\r\n";
        let last = "GET /none HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
        let all = visitor.all_of((one.repeat(20) + last).as_bytes());
        let text = String::from_utf8(all).unwrap();
        assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 40);
        assert_eq!(text.matches("<p>hello</p>").count(), 20);
        assert!(text.ends_with("404 Not Found\n"));
        let old = Answer::of(&visitor.all_of(b"GET /hello.html HTTP/1.0\r\n\r\n"));
        assert_eq!((old.status, old.line("Connection")), (200, Some("close")));
    });
}

#[test]
fn events_tell_what_changed() {
    with_visitor(|visitor| {
        let mut stream = visitor.connect();
        stream.write_all(b"GET /events HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
        let (mut text, mut piece) = (String::new(), vec![0; 4096]);
        let mut until = |text: &mut String, wanted: &str| {
            while !text.contains(wanted) {
                let count = stream.read(&mut piece).unwrap();
                assert_ne!(count, 0, "{text}");
                text.push_str(&String::from_utf8_lossy(&piece[..count]));
            }
        };
        until(&mut text, "event: servers");
        until(&mut text, "event: network");
        assert!(text.contains("Content-Type: text/event-stream"));
        assert!(!text.contains("↻ 3"));
        visitor.restarts.store(3, Ordering::Relaxed);
        until(&mut text, "↻ 3");
    });
}
