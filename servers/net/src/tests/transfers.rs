//! Clients of `net` over a wire, and a peer at its other end.

use super::common::{
    ALL, DOWNLOAD, ECHO, OWN, PEER, Peer, Weather, Wire, alone, byte, client, driver, net, ready,
};
use net_api::{
    Address, Interest, NetClient, NetError, Peer as To, RECORD_BYTES, TcpListener, TcpStream,
    UdpSocket, resolve,
};
use testkit::{Server, System};

fn to(port: u16) -> To {
    To::new(PEER, port)
}

/// Runs a client of `net` to its end.
fn with_client<T: Send + 'static>(
    weather: Weather,
    work: impl FnOnce(NetClient) -> T + Send + 'static,
) -> T {
    testkit::run(|system| {
        let wire = Wire::new(weather, 1);
        let peer = Peer::new(&wire);
        let driver = driver(system, &wire, &peer);
        let net = net(system, &driver, &ALL);
        client(system, &net, 1, |endpoint| work(ready(endpoint))).join()
    })
}

/// Downloads some bytes and checks each.
fn download(net: &NetClient, bytes: usize) {
    let mut stream = TcpStream::connect(net, to(DOWNLOAD)).unwrap();
    stream.write_all(&u32::try_from(bytes).unwrap().to_le_bytes()).unwrap();
    let (mut place, mut piece) = (0, vec![0; 20_000]);
    loop {
        let count = stream.read(&mut piece).unwrap();
        if count == 0 {
            break;
        }
        for found in &piece[..count] {
            assert_eq!(*found, byte(place), "at {place}");
            place += 1;
        }
    }
    assert_eq!(place, bytes);
}

/// Sends some bytes and gets them back, by a second connection of the same client.
fn echo(net: &NetClient, bytes: usize) {
    let mut stream = TcpStream::connect(net, to(ECHO)).unwrap();
    let all: Vec<u8> = (0..bytes).map(byte).collect();
    let (mut sent, mut back) = (0, Vec::new());
    let mut piece = vec![0; 8192];
    while back.len() < bytes {
        // At most what fits between both ends.
        if sent < bytes && sent - back.len() < 32_768 {
            sent += stream.write(&all[sent..bytes.min(sent + 8192)]).unwrap();
        } else {
            let count = stream.read(&mut piece).unwrap();
            assert_ne!(count, 0);
            back.extend_from_slice(&piece[..count]);
        }
    }
    assert!(back == all);
}

#[test]
fn bytes_come_and_go_on_a_good_wire() {
    with_client(Weather::default(), |net| {
        download(&net, 300_000);
        echo(&net, 100_000);
    });
}

#[test]
fn a_connection_without_traffic_stays() {
    testkit::run(|system| {
        let net = alone(system);
        let alice = client(system, &net, 1, |endpoint| {
            let net = NetClient::from_endpoint(endpoint);
            let mut listener = TcpListener::bind(&net, 8080, 1).unwrap();
            let begun = net.tcp_connect(To::new([127, 0, 0, 1], 8080)).unwrap();
            let (mut there, _) = listener.accept().unwrap();
            let mut here = TcpStream::over(begun);
            let mut room = [0; 8];
            for _ in 0..2 {
                here.write_all(b"hello").unwrap();
                assert_eq!(there.read(&mut room), Ok(5));
                sys::sleep_for(3_600_000_000_000);
            }
            there.write_all(b"again").unwrap();
            assert_eq!(here.read(&mut room), Ok(5));
        });
        alice.join();
    });
}

#[test]
fn bytes_come_and_go_on_a_bad_wire() {
    let weather = Weather { lost: 20, doubled: 10, reordered: 30, damaged: 10 };
    with_client(weather, |net| {
        download(&net, 60_000);
        echo(&net, 20_000);
        let status = net.status().unwrap();
        let drops = status.counters.iter().filter(|it| it.name.starts_with("dropped"));
        assert!(drops.map(|it| it.count).sum::<u64>() > 0, "{:?}", status.counters);
    });
}

#[test]
fn names_pings_and_datagrams() {
    with_client(Weather::default(), |net| {
        assert_eq!(resolve(&net, "peer.example"), Ok(Address::from(PEER)));
        assert_eq!(resolve(&net, "unknown.example"), Err(NetError::NoName));
        assert_eq!(resolve(&net, "1.2.3.4"), Ok(Address::from([1, 2, 3, 4])));
        assert_eq!(resolve(&net, "a..b"), Err(NetError::NoName));
        assert!(net.ping(PEER.into(), 56, 1000).unwrap() > 0);
        assert!(net.ping([127, 0, 0, 1].into(), 56, 1000).is_ok());
        assert!(net.ping(OWN.into(), 56, 1000).is_ok());
        let lost = net.ping([10, 0, 2, 99].into(), 56, 50).map_err(NetError::from);
        assert_eq!(lost, Err(NetError::TimedOut));
        let mut socket = UdpSocket::bind(&net, 0).unwrap();
        socket.send_to(to(ECHO), b"hello").unwrap();
        let mut room = [0; 64];
        let (length, from) = socket.receive_from(&mut room).unwrap();
        assert_eq!((&room[..length], from), (&b"hello"[..], to(ECHO)));
        assert_eq!(socket.send_to(to(ECHO), &[0; 1500]), Err(NetError::TooLong));
    });
}

#[test]
fn frames_are_copied_for_one_client() {
    with_client(Weather::default(), |net| {
        let capture = net.capture(60).unwrap();
        assert_eq!(net.capture(60).map_err(NetError::from).err(), Some(NetError::TooMany));
        net.ping(PEER.into(), 56, 1000).unwrap();
        let mut room = vec![0; 64 << 10];
        let (bytes, lost) = capture.take(&mut room[..]).unwrap();
        let (mut rest, mut lengths) = (&room[..usize::try_from(bytes).unwrap()], Vec::new());
        while !rest.is_empty() {
            let number = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap());
            lengths.push((number(8), number(12)));
            rest = &rest[RECORD_BYTES + usize::try_from(number(12)).unwrap()..];
        }
        // Request and answer: Ethernet, IPv4, ICMP, 56 bytes.
        assert_eq!(lengths.iter().filter(|it| **it == (98, 60)).count(), 2, "{lengths:?}");
        assert_eq!(lost, 0);
        net.ping(PEER.into(), 56, 1000).unwrap();
        let short = capture.take(&mut room[..20]).map_err(NetError::from);
        assert_eq!(short, Err(NetError::TooLong));
        download(&net, 1_000_000);
        let (bytes, lost) = capture.take(&mut room[..]).unwrap();
        assert!(bytes > 50_000 && lost == 0, "{bytes} bytes, {lost} lost");
        drop(capture);
        let whole = loop {
            match net.capture(2048) {
                Ok(capture) => break capture,
                Err(_) => sys::sleep_for(1_000_000),
            }
        };
        // More than there is room for; the connection does not mind.
        download(&net, 400_000);
        let (bytes, lost) = whole.take(&mut room[..]).unwrap();
        assert!(bytes > 60_000 && lost > 50, "{bytes} bytes, {lost} lost");
    });
}

#[test]
fn sockets_are_watched_together() {
    with_client(Weather::default(), |net| {
        let bell = sys::Notification::create().unwrap();
        let (receive, both) =
            (Interest { receive: true, send: false }, Interest { receive: true, send: true });
        let none = Interest::default();
        let listener = net.tcp_listen(8080, 2).unwrap();
        let (datagrams, port) = net.udp_bind(0).unwrap();
        assert_eq!(listener.watch(receive, &bell, 1), Ok(none));
        assert_eq!(datagrams.watch(receive, &bell, 2), Ok(none));
        assert_eq!(datagrams.watch(both, &bell, 2), Ok(Interest { receive: false, send: true }));
        // That call has ended the watch before it; a datagram in between is told by the next one.
        let here = Address::from([127, 0, 0, 1]);
        datagrams.send_to(To::new(here, port), b"x").unwrap();
        while datagrams.watch(receive, &bell, 2) == Ok(none) {
            assert_eq!(bell.wait(sys::FOREVER), Ok(2));
        }
        let begun = net.tcp_connect(To::new(here, 8080)).unwrap();
        assert_eq!(bell.wait(sys::FOREVER), Ok(1));
        assert_eq!(listener.watch(receive, &bell, 1), Ok(receive));
        let (stream, _) = listener.accept().unwrap();
        assert_eq!(stream.watch(receive, &bell, 4), Ok(none));
        begun.wait(Interest { receive: false, send: true }).unwrap();
        begun.send(&b"hello"[..]).unwrap();
        assert_eq!(bell.wait(sys::FOREVER), Ok(4));
        assert_eq!(stream.watch(both, &bell, 4), Ok(both));
        // What is watched no more is silent, and the end of the other side is an event.
        let mut room = [0; 8];
        assert_eq!(stream.receive(&mut room[..]), Ok(5));
        assert_eq!(stream.watch(receive, &bell, 8), Ok(none));
        assert_eq!(stream.watch(receive, &bell, 16), Ok(none));
        drop(begun);
        assert_eq!(bell.wait(sys::FOREVER), Ok(16));
        assert_eq!(stream.watch(receive, &bell, 16), Ok(receive));
        assert_eq!(stream.receive(&mut room[..]), Ok(0));
    });
}

#[test]
fn connections_that_cannot_be_end_with_a_reason() {
    with_client(Weather::default(), |net| {
        let connect = |peer| TcpStream::connect(&net, peer).map(|_| ());
        assert_eq!(connect(to(9)), Err(NetError::Refused));
        assert_eq!(connect(To::new([10, 0, 2, 99], 80)), Err(NetError::TimedOut));
        assert_eq!(connect(to(0)), Err(NetError::BadAddress));
        for wrong in [[0; 4], [255; 4], [224, 0, 0, 1]] {
            assert_eq!(connect(To::new(wrong, 80)), Err(NetError::BadAddress));
        }
    });
}

#[test]
fn this_system_talks_to_itself() {
    with_client(Weather::default(), |net| {
        let mut listener = TcpListener::bind(&net, 8080, 2).unwrap();
        assert_eq!(TcpListener::bind(&net, 8080, 1).err(), Some(NetError::InUse));
        for address in [Address::V4([127, 0, 0, 1]), Address::from(OWN)] {
            let begun = net.tcp_connect(To::new(address, 8080)).unwrap();
            let (mut there, from) = listener.accept().unwrap();
            assert_eq!(from.address, address);
            let mut here = TcpStream::over(begun);
            here.write_all(b"to itself").unwrap();
            let mut room = [0; 64];
            assert_eq!(there.read(&mut room), Ok(9));
            drop(here);
            assert_eq!(there.read(&mut room), Ok(0), "its end");
        }
    });
}

#[test]
fn what_is_not_granted_is_refused() {
    testkit::run(|system| {
        let wire = Wire::new(Weather::default(), 1);
        let peer = Peer::new(&wire);
        let driver = driver(system, &wire, &peer);
        let net = net(system, &driver, &["a=connect:tcp:80", "a=listen:tcp:8080"]);
        let alice = client(system, &net, 1, |endpoint| {
            let net = ready(endpoint);
            assert_eq!(TcpStream::connect(&net, to(81)).err(), Some(NetError::NotAllowed));
            assert_eq!(TcpListener::bind(&net, 80, 1).err(), Some(NetError::NotAllowed));
            assert_eq!(UdpSocket::bind(&net, 53).err(), Some(NetError::NotAllowed));
            let pinged = net.ping(PEER.into(), 8, 10).map_err(NetError::from);
            assert_eq!(pinged, Err(NetError::NotAllowed));
            let captured = net.capture(60).map_err(NetError::from);
            assert_eq!(captured.err(), Some(NetError::NotAllowed));
            assert!(TcpListener::bind(&net, 8080, 1).is_ok());
            download(&net, 1000);
        });
        alice.join();
        let other = client(system, &net, 2, |endpoint| {
            let net = NetClient::from_endpoint(endpoint);
            TcpStream::connect(&net, to(80)).err()
        });
        assert_eq!(other.join(), Some(NetError::NotAllowed));
    });
}

#[test]
fn a_client_has_so_much_and_gets_it_back() {
    with_client(Weather::default(), |net| {
        for _ in 0..3 {
            let mut open = Vec::new();
            let full = loop {
                match net.tcp_connect(to(ECHO)).map_err(NetError::from) {
                    Ok(stream) => open.push(stream),
                    Err(error) => break error,
                }
            };
            assert_eq!((full, open.len()), (NetError::TooMany, 8));
            drop(open);
            while net.tcp_connect(to(ECHO)).is_err() {
                sys::sleep_for(1_000_000);
            }
        }
    });
}

/// Kills the driver some times while the client works: how often.
fn kill<T: Send + 'static>(driver: &Server<'_>, client: &testkit::Client<T>) -> u32 {
    let mut kills = 0;
    while client.is_alive() && kills < 8 {
        sys::sleep_for(30_000_000);
        driver.restart();
        kills += 1;
    }
    kills
}

#[test]
fn connections_live_over_deaths_of_the_driver() {
    testkit::run(|system: &System| {
        let wire = Wire::new(Weather::default(), 1);
        let peer = Peer::new(&wire);
        let driver = driver(system, &wire, &peer);
        let net = net(system, &driver, &ALL);
        let alice = client(system, &net, 1, |endpoint| {
            let net = ready(endpoint);
            download(&net, 2_000_000);
            echo(&net, 200_000);
            net.status().unwrap().interfaces[1].reattached
        });
        let kills = kill(&driver, &alice);
        let reattached = alice.join();
        assert!(kills >= 3 && reattached >= 3, "{kills} kills, {reattached} new lives");
    });
}

#[test]
fn clients_are_told_that_net_died_and_begin_again() {
    testkit::run(|system| {
        let wire = Wire::new(Weather::default(), 1);
        let peer = Peer::new(&wire);
        let driver = driver(system, &wire, &peer);
        let net = net(system, &driver, &ALL);
        let alice = client(system, &net, 1, |endpoint| {
            let net = ready(endpoint);
            let mut stream = TcpStream::connect(&net, to(ECHO)).unwrap();
            let error = stream.read(&mut [0; 8]).unwrap_err();
            drop(stream);
            let status = net.status().unwrap();
            assert!(!status.interfaces.is_empty());
            error
        });
        sys::sleep_for(3_000_000_000);
        net.restart();
        driver.restart();
        assert_eq!(alice.join(), NetError::Gone);
    });
}
