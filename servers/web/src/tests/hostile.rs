//! Clients that do not behave.

use super::{Answer, to_the_end, with_visitor};
use crate::pool::WORKERS;
use net_api::NetError;

const GOOD: &[u8] = b"GET /hello.html HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

#[test]
fn what_is_wrong_gets_4xx_and_the_server_goes_on() {
    with_visitor(|visitor| {
        let long = format!("GET / HTTP/1.1\r\nHost: h\r\nX: {}\r\n\r\n", "x".repeat(100_000));
        // Less than the server takes of a client that it has refused.
        let body = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned()
            + &"ffff\r\n".repeat(40_000);
        let smuggled = "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 40\r\nTransfer-Encoding: chunked\r\n\r\n\
                        0\r\n\r\nGET /hello.html HTTP/1.1\r\nHost: h\r\n\r\n";
        for (request, status) in [
            (long.as_str(), 431),
            (&"x".repeat(100_000), 431),
            (&body, 400),
            (smuggled, 400),
            ("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", 413),
            ("PUT /hello.html HTTP/1.1\r\nHost: h\r\n\r\n", 405),
            ("DELETE / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", 405),
            ("GET /a/../../secret HTTP/1.1\r\nHost: h\r\n\r\n", 400),
            ("\0\r\n\r\n", 400),
        ] {
            let all = visitor.all_of(request.as_bytes());
            let answer = Answer::of(&all);
            let start = &request[..request.len().min(60)];
            assert_eq!(answer.status, status, "{start:?}");
            assert_eq!(answer.line("Connection"), Some("close"));
            let text = String::from_utf8_lossy(&all);
            assert_eq!(text.matches("HTTP/1.1 ").count(), 1, "one answer to {start:?}");
            assert_eq!(Answer::of(&visitor.all_of(GOOD)).status, 200);
        }
    });
}

#[test]
fn a_body_without_end_is_cut_off() {
    with_visitor(|visitor| {
        let mut stream = visitor.connect();
        stream
            .write_all(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
            .unwrap();
        let cut = loop {
            if let Err(error) = stream.write_all(&b"ffff\r\n".repeat(1000)) {
                break error;
            }
        };
        assert_eq!(cut, NetError::Reset);
        assert_eq!(Answer::of(&visitor.all_of(GOOD)).status, 200);
    });
}

#[test]
fn slow_clients_do_not_keep_the_others_out() {
    with_visitor(|visitor| {
        // Each begins a request and goes on with it too slowly, or does not read its answer.
        let mut slow: Vec<_> = (0..WORKERS)
            .map(|number| {
                let mut stream = visitor.connect();
                let begin = if number % 2 == 0 { &b"GET / HT"[..] } else { b"G" };
                stream.write_all(begin).unwrap();
                stream
            })
            .collect();
        let begun = sys::clock();
        assert_eq!(Answer::of(&visitor.all_of(GOOD)).status, 200);
        assert!(sys::clock() - begun < 7_000_000_000, "a head has five seconds");
        let told = Answer::of(&to_the_end(&mut slow[0]));
        assert_eq!(told.status, 408);
    });
}

#[test]
fn connections_that_idle_make_room() {
    with_visitor(|visitor| {
        let idle: Vec<_> = (0..WORKERS).map(|_| visitor.connect()).collect();
        let begun = sys::clock();
        assert_eq!(Answer::of(&visitor.all_of(GOOD)).status, 200);
        assert!(sys::clock() - begun < 2_000_000_000, "an idle connection is closed at once");
        drop(idle);
    });
}

#[test]
fn streams_of_events_are_few() {
    with_visitor(|visitor| {
        let open = || {
            let mut stream = visitor.connect();
            stream.write_all(b"GET /events HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
            let mut piece = vec![0; 12];
            stream.read(&mut piece).unwrap();
            (stream, String::from_utf8(piece).unwrap())
        };
        let all: Vec<_> = (0..WORKERS).map(|_| open()).collect();
        let served = all.iter().filter(|(_, status)| status == "HTTP/1.1 200").count();
        assert!(served > 0 && served < WORKERS, "{served}");
        assert!(all.iter().any(|(_, status)| status == "HTTP/1.1 503"));
        assert_eq!(Answer::of(&visitor.all_of(GOOD)).status, 200);
    });
}
