//! A peer that sends what it likes.

use super::common::{ALL, ECHO, OWN, Peer, Weather, Wire, client, driver, net, ready};
use net_api::{NetClient, Peer as To, TcpListener, TcpStream};
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    EthernetAddress, EthernetFrame, EthernetProtocol, EthernetRepr, IpProtocol, Ipv4Address,
    Ipv4Packet, Ipv4Repr, TcpControl, TcpPacket, TcpRepr, TcpSeqNumber,
};

const MAC: EthernetAddress = EthernetAddress([0x52, 0x54, 0, 0x12, 0x34, 0x56]);
const PORT: u16 = 8080;

/// The first segment of a connection.
fn syn(from: [u8; 4], from_port: u16) -> Vec<u8> {
    let host = from[3];
    let (from, to) = (Ipv4Address::from(from), Ipv4Address::from(OWN));
    let tcp = TcpRepr {
        src_port: from_port,
        dst_port: PORT,
        control: TcpControl::Syn,
        seq_number: TcpSeqNumber(1),
        ack_number: None,
        window_len: 1000,
        window_scale: None,
        max_seg_size: Some(1000),
        sack_permitted: false,
        sack_ranges: [None; 3],
        timestamp: None,
        payload: &[],
    };
    let ip = Ipv4Repr {
        src_addr: from,
        dst_addr: to,
        next_header: IpProtocol::Tcp,
        payload_len: tcp.buffer_len(),
        hop_limit: 64,
    };
    let ethernet = EthernetRepr {
        src_addr: EthernetAddress([2, 0, 0, 0, 0, host]),
        dst_addr: MAC,
        ethertype: EthernetProtocol::Ipv4,
    };
    let mut bytes = vec![0; 14 + 20 + tcp.buffer_len()];
    ethernet.emit(&mut EthernetFrame::new_unchecked(&mut bytes[..]));
    let checksums = ChecksumCapabilities::default();
    ip.emit(&mut Ipv4Packet::new_unchecked(&mut bytes[14..]), &checksums);
    let mut packet = TcpPacket::new_unchecked(&mut bytes[34..]);
    tcp.emit(&mut packet, &from.into(), &to.into(), &checksums);
    bytes
}

/// Accepts one connection and reads from it to its end.
fn serve_one(net: &NetClient) -> Vec<u8> {
    let mut listener = TcpListener::bind(net, PORT, 4).unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    let (mut all, mut piece) = (Vec::new(), [0; 1024]);
    loop {
        match stream.read(&mut piece).unwrap() {
            0 => return all,
            count => all.extend_from_slice(&piece[..count]),
        }
    }
}

#[test]
fn a_listener_serves_the_peer() {
    testkit::run(|system| {
        let wire = Wire::new(Weather::default(), 1);
        let peer = Peer::new(&wire);
        let driver = driver(system, &wire, &peer);
        let net = net(system, &driver, &ALL);
        let alice = client(system, &net, 1, |endpoint| serve_one(&ready(endpoint)));
        sys::sleep_for(2_000_000_000);
        let number = peer.connect(PORT);
        sys::sleep_for(100_000_000);
        peer.client(number, |socket| {
            socket.send_slice(b"hello").unwrap();
            socket.close();
        });
        assert_eq!(alice.join(), b"hello");
    });
}

#[test]
fn a_flood_of_half_open_connections_is_bounded_and_passes() {
    testkit::run(|system| {
        let wire = Wire::new(Weather::default(), 1);
        let peer = Peer::new(&wire);
        let driver = driver(system, &wire, &peer);
        let net = net(system, &driver, &ALL);
        let alice = client(system, &net, 1, |endpoint| serve_one(&ready(endpoint)));
        let open = client(system, &net, 2, |endpoint| {
            let net = ready(endpoint);
            let mut stream = TcpStream::connect(&net, To::new([10, 0, 2, 2], ECHO)).unwrap();
            let mut piece = [0; 64];
            for round in 0..100_u8 {
                stream.write_all(&[round; 64]).unwrap();
                assert!(stream.read(&mut piece).unwrap() > 0 && piece[0] == round);
                sys::sleep_for(10_000_000);
            }
        });
        sys::sleep_for(2_000_000_000);
        let pages = net.info().used.pages;
        for round in 0..40 {
            for host in 100..120 {
                wire.send_to_net(syn([10, 0, 2, host], 1000 + round));
            }
            sys::sleep_for(50_000_000);
        }
        let more = net.info().used.pages.saturating_sub(pages);
        assert!(more < 64, "{more} pages more");
        open.join();
        // Half-open connections are given up when their places are needed.
        sys::sleep_for(1_500_000_000);
        let number = peer.connect(PORT);
        sys::sleep_for(100_000_000);
        peer.client(number, |socket| {
            assert!(socket.may_send(), "{}", socket.state());
            socket.send_slice(b"through").unwrap();
            socket.close();
        });
        assert_eq!(alice.join(), b"through");
    });
}

#[test]
fn frames_of_any_kind_disturb_no_connection() {
    testkit::run(|system| {
        let wire = Wire::new(Weather::default(), 1);
        let peer = Peer::new(&wire);
        let driver = driver(system, &wire, &peer);
        let net = net(system, &driver, &ALL);
        let alice = client(system, &net, 1, |endpoint| {
            let net = ready(endpoint);
            let mut stream = TcpStream::connect(&net, To::new([10, 0, 2, 2], ECHO)).unwrap();
            let mut piece = [0; 512];
            for round in 0..100_u8 {
                stream.write_all(&[round; 300]).unwrap();
                let mut back = 0;
                while back < 300 {
                    let count = stream.read(&mut piece).unwrap();
                    assert!(count > 0 && piece[..count].iter().all(|byte| *byte == round));
                    back += count;
                }
                sys::sleep_for(5_000_000);
            }
            net.status().unwrap().counters.iter().map(|it| it.count).sum::<u64>()
        });
        let mut random = fastrand::Rng::with_seed(16);
        let mut sent = 0_u64;
        while alice.is_alive() {
            for _ in 0..20 {
                let mut frame = syn([10, 0, 2, random.u8(..)], random.u16(..));
                for _ in 0..random.usize(0..5) {
                    let place = random.usize(..frame.len());
                    frame[place] = random.u8(..);
                }
                if random.u8(..4) == 0 {
                    frame.truncate(random.usize(..=frame.len()));
                }
                if random.u8(..4) == 0 {
                    frame.resize(random.usize(frame.len()..=1514), random.u8(..));
                }
                if !frame.is_empty() {
                    wire.send_to_net(frame);
                    sent += 1;
                }
            }
            sys::sleep_for(5_000_000);
        }
        let dropped = alice.join();
        assert!(dropped > 100 && sent > 500, "{dropped} dropped of {sent}");
    });
}
