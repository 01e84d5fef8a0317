//! Clients that do not behave.

use super::sessions::session;
use super::{connect, to_the_end, with_visitor};
use crate::protocol::client::Both;

#[test]
fn what_is_no_ssh_ends_and_others_go_on() {
    with_visitor(&Both::encoded(2), |net| {
        for wrong in
            [&b"GET / HTTP/1.1\r\n\r\n"[..], &[b'x'; 5000], b"SSH-2.0-x\r\n\xff\xff\xff\xff1234"]
        {
            let mut stream = connect(net);
            stream.write_all(wrong).unwrap();
            assert!(to_the_end(&mut stream).starts_with(b"SSH-2.0-Postern"), "{wrong:?}");
        }
        assert_eq!(session(net).1, Some(crate::shell::NOT_STARTED));
    });
}

#[test]
fn a_login_that_takes_too_long_ends() {
    with_visitor(&Both::encoded(2), |net| {
        let begun = sys::clock();
        let mut silent = connect(net);
        assert_eq!(to_the_end(&mut silent), b"SSH-2.0-Postern_1\r\n");
        // The clock of the test is virtual.
        assert!(sys::clock() - begun >= 20_000_000_000);
        assert_eq!(session(net).1, Some(crate::shell::NOT_STARTED));
    });
}

#[test]
fn connections_that_do_not_log_in_make_room() {
    with_visitor(&Both::encoded(2), |net| {
        let mut held: Vec<_> = (0..5).map(|_| connect(net)).collect();
        assert_eq!(session(net).1, Some(crate::shell::NOT_STARTED));
        // The oldest ended early, for the others.
        assert_eq!(to_the_end(&mut held[0]), b"SSH-2.0-Postern_1\r\n");
    });
}

#[test]
fn a_key_that_is_not_known_ends_after_some_attempts() {
    with_visitor(&Both::encoded(3), |net| {
        let mut stream = connect(net);
        let mut client = Both::client_alone(2, "uptime");
        let mut piece = [0; 4096];
        // The client gives up: it has no other key.
        while client.client_run().is_ok() {
            let output = client.client_output();
            stream.write_all(&output).unwrap();
            let count = stream.read(&mut piece).unwrap();
            assert!(count > 0, "the server does not end it first");
            client.client_input(&piece[..count]);
        }
        assert_eq!((client.status, client.came.len()), (None, 0));
    });
}
