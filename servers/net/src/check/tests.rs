//! Frames that are good, and each way to be not.

use super::{Drop, frame};
use smoltcp::wire::EthernetAddress;

const MAC: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 1]);
const FROM: [u8; 6] = [2, 0, 0, 0, 0, 2];

/// The sum of RFC 1071.
fn sum(bytes: &[u8]) -> u16 {
    let words =
        bytes.chunks(2).map(|it| u32::from(it[0]) << 8 | it.get(1).map_or(0, |b| (*b).into()));
    let sum: u32 = words.sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !u16::try_from((folded & 0xffff) + (folded >> 16)).unwrap()
}

/// A UDP datagram from 10.0.2.2 to 10.0.2.15, in IPv4, in Ethernet.
fn datagram() -> Vec<u8> {
    let mut udp = vec![0, 7, 0, 9, 0, 12, 0, 0, b'a', b'b', b'c', b'd'];
    let mut pseudo = vec![10, 0, 2, 2, 10, 0, 2, 15, 0, 17, 0, 12];
    pseudo.extend_from_slice(&udp);
    udp[6..8].copy_from_slice(&sum(&pseudo).to_be_bytes());
    let mut ip = vec![0x45, 0, 0, 32, 0, 1, 0x40, 0, 64, 17, 0, 0, 10, 0, 2, 2, 10, 0, 2, 15];
    let header = sum(&ip).to_be_bytes();
    ip[10..12].copy_from_slice(&header);
    let mut all = MAC.0.to_vec();
    all.extend_from_slice(&FROM);
    all.extend_from_slice(&[8, 0]);
    all.extend(ip);
    all.extend(udp);
    all
}

/// With these bytes at this place, and the sum of IPv4's header right.
fn changed(at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut frame = datagram();
    frame[at..at + bytes.len()].copy_from_slice(bytes);
    if (14..34).contains(&at) {
        frame[24..26].fill(0);
        let header = sum(&frame[14..34]).to_be_bytes();
        frame[24..26].copy_from_slice(&header);
    }
    frame
}

#[test]
fn good_frames_pass() {
    assert_eq!(frame(&datagram(), MAC), Ok(()));
    let mut padded = datagram();
    padded.resize(60, 0);
    assert_eq!(frame(&padded, MAC), Ok(()));
    assert_eq!(frame(&changed(0, &[0xff; 6]), MAC), Ok(()), "to all");
    assert_eq!(frame(&changed(40, &[0, 0]), MAC), Ok(()), "UDP may be without a sum");
}

#[test]
fn each_reason_is_found() {
    let is = |bytes: &[u8], why| assert_eq!(frame(bytes, MAC), Err(why));
    for length in 0..14 {
        is(&datagram()[..length], Drop::Truncated);
    }
    is(&datagram()[..40], Drop::Truncated);
    is(&changed(0, &[2, 0, 0, 0, 0, 9]), Drop::NotOurs);
    is(&changed(6, &[0xff; 6]), Drop::Spoofed);
    is(&changed(6, &MAC.0), Drop::Spoofed);
    is(&changed(12, &[0x88, 0xcc]), Drop::UnknownProtocol);
    is(&changed(14, &[0x44]), Drop::Truncated);
    is(&changed(14, &[0x65]), Drop::Truncated);
    is(&changed(16, &[0xff, 0xff]), Drop::Truncated);
    is(&changed(20, &[0x20]), Drop::Fragment);
    is(&changed(20, &[0x00, 0x01]), Drop::Fragment);
    is(&changed(23, &[47]), Drop::UnknownProtocol);
    is(&changed(26, &[224, 0, 0, 1]), Drop::Spoofed);
    is(&changed(26, &[127, 0, 0, 1]), Drop::Spoofed);
    is(&changed(26, &[10, 0, 2, 3]), Drop::Checksum);
    is(&changed(43, b"x"), Drop::Checksum);
    let mut wrong = datagram();
    wrong[22] ^= 1;
    is(&wrong, Drop::IpChecksum);
}

#[test]
fn extensions_of_ipv6_are_dropped() {
    let mut bytes = MAC.0.to_vec();
    bytes.extend_from_slice(&FROM);
    bytes.extend_from_slice(&[0x86, 0xdd, 0x60, 0, 0, 0, 0, 8, 0, 64]);
    bytes.extend([0xfe, 0x80].into_iter().chain([0; 13]).chain([1]));
    bytes.extend([0xff, 0x02].into_iter().chain([0; 13]).chain([1]));
    bytes.extend([58, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(frame(&bytes, MAC), Err(Drop::Extension));
}

#[test]
fn no_bytes_make_it_panic() {
    let mut random = fastrand::Rng::with_seed(5);
    for _ in 0..100_000 {
        let mut bytes = datagram();
        for _ in 0..random.usize(1..6) {
            let place = random.usize(..bytes.len());
            bytes[place] = random.u8(..);
        }
        bytes.truncate(random.usize(..=bytes.len()));
        let _ = frame(&bytes, MAC);
    }
}
