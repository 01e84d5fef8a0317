//! The protocol with a client that others have written, and with bytes that no client sends.

use super::client::Both;
use super::{Cells, Connection, Fault, Happened, PublicKey};
use ed25519_dalek::SigningKey;
use sunset::ChanData;

pub(super) fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub(super) fn public(seed: u8) -> PublicKey {
    key(seed).verifying_key().to_bytes()
}

pub(super) fn connection(keys: &[PublicKey]) -> Connection {
    let mut next = 0_u8;
    let random = move |buffer: &mut [u8]| {
        buffer.iter_mut().for_each(|byte| {
            next = next.wrapping_mul(5).wrapping_add(3);
            *byte = next;
        });
        true
    };
    Connection::new(key(1), keys.to_vec(), Box::new(random))
}

#[test]
fn a_client_logs_in_and_a_command_has_input_output_and_a_status() {
    let mut both = Both::new(&[public(7), public(2)], 2, "uptime");
    both.run().unwrap();
    let size = Cells { columns: 90, rows: 30 };
    let begun =
        [Happened::LoggedIn(1), Happened::Terminal(size), Happened::Started(Some("uptime".into()))];
    assert_eq!(both.happened, begun);
    // More than a window, in both directions.
    let long: Vec<u8> = (0..100_000).map(|place| u8::try_from(place % 251).unwrap()).collect();
    let mut sent = 0;
    while sent < long.len() {
        let count = both.server.send_data(&long[sent..]).unwrap();
        sent += count;
        both.run().unwrap();
    }
    assert!(both.came == long);
    both.happened.clear();
    let channel = both.channel.take().unwrap();
    let mut sent = 0;
    while sent < long.len() {
        let count = both.client.write_channel(&channel, ChanData::Normal, &long[sent..]).unwrap();
        sent += count;
        both.run().unwrap();
        for happened in both.happened.split_off(0) {
            let Happened::Data(bytes) = happened else { panic!("{happened:?}") };
            assert_eq!(bytes, long[sent - bytes.len()..sent]);
            both.server.used(bytes.len()).unwrap();
        }
    }
    both.server.exit(7).unwrap();
    both.run().unwrap();
    assert_eq!((both.status, both.happened.last()), (Some(7), Some(&Happened::Closed)));
}

#[test]
fn another_key_is_refused_and_passwords_are_not_asked_for() {
    let mut both = Both::new(&[public(2)], 3, "uptime");
    let ended = both.run();
    assert!(ended.is_err(), "the client has no more methods: {ended:?}");
    assert!(both.happened.is_empty() && !both.server.is_logged_in());
    let mut both = Both::new(&[], 2, "uptime");
    assert!(both.run().is_err());
}

#[test]
fn what_is_no_ssh_ends_the_connection() {
    for wrong in [
        &b"GET / HTTP/1.1\r\n"[..],
        b"SSH-1.5-old\r\n",
        b"\r\n",
        b"\xff\xfe\n",
        &[b'S'; 300],
        b"SSH-2.0-x\r\n\xff\xff\xff\xff....",
        b"SSH-2.0-x\r\n\0\0\0\x0c\x0aaaaaaaaaaaaaaa",
        // An IGNORE before the exchange.
        b"SSH-2.0-x\r\n\0\0\0\x0c\x06\x02\0\0\0\0aaaaaa",
        // A request of a service in the clear.
        b"SSH-2.0-x\r\n\0\0\0\x1c\x0a\x05\0\0\0\x0cssh-userauthaaaaaaaaaa",
    ] {
        let mut server = connection(&[public(2)]);
        server.receive(wrong);
        assert!(server.next().is_err(), "{wrong:?}");
        // It can say why, and sends nothing secret.
        server.disconnect(Fault::Malformed);
        assert!(server.output().starts_with(b"SSH-2.0-Postern"));
    }
}

#[test]
fn incomplete_bytes_wait() {
    let mut server = connection(&[]);
    for byte in b"SSH-2.0-slow\r\n\0\0" {
        server.receive(&[*byte]);
        assert_eq!(server.next(), Ok(None));
    }
}

#[test]
fn changed_bytes_never_log_in() {
    // What a client sends, whole.
    let mut sent = Vec::new();
    let mut both = Both::new(&[public(2)], 2, "uptime");
    // The first packets are in the clear: each bit of them changes the exchange or ends it.
    both.client_step().unwrap();
    let out = both.client.output_buf().to_vec();
    sent.extend_from_slice(&out);
    for place in 0..sent.len() {
        let mut server = connection(&[public(2)]);
        let mut changed = sent.clone();
        changed[place] ^= 1 << (place % 8);
        server.receive(&changed);
        let happened = server.next();
        assert!(!matches!(happened, Ok(Some(_))), "{happened:?} after a change at {place}");
        assert!(!server.is_logged_in());
    }
}
