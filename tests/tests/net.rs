//! The network in the whole system: addresses, pings, and a file from a server of this host, also
//! after deaths of the card's driver.

use anyhow::{Context as _, Result, ensure};
use qemu_harness::{Card, Machine, Network, Session};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use system_tests::{COMMAND, eventually, expect, restarts, with_machine};

/// Bytes of the file.
const BYTES: usize = 4 << 20;
/// Deaths of the driver meanwhile.
const DEATHS: u32 = 5;

/// The file: not the same anywhere.
fn file() -> Vec<u8> {
    let mut state = 0x2545_f491_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[0]
    };
    (0..BYTES).map(|_| next()).collect()
}

/// The sum of IEEE 802.3, as `wget` tells it.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg())
        })
    })
}

/// Serves the file on the loopback address to each connection, for ever: the port.
fn serve() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    let file = file();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let file = file.clone();
            // A client that goes away early is not this server's concern.
            std::thread::spawn(move || drop(answer(stream, &file)));
        }
    });
    Ok(port)
}

fn answer(mut stream: TcpStream, file: &[u8]) -> Result<()> {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        request.push(byte[0]);
    }
    write!(stream, "HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n", file.len())?;
    Ok(stream.write_all(file)?)
}

fn open(machine: &mut Machine) -> Result<()> {
    machine.network = Some(Network { open: true, ..Network::default() });
    Ok(())
}

/// Waits until the card has its address.
fn wait_for_address(session: &mut Session) -> Result<()> {
    eventually(session, "ip", "the address", |told| told.contains("10.0.2.15").then_some(()))
}

/// The same with a card that has nothing of virtio.
fn open_e1000e(machine: &mut Machine) -> Result<()> {
    machine.network = Some(Network { open: true, card: Card::E1000e, ..Network::default() });
    Ok(())
}

fn fetch(session: &mut Session) -> Result<()> {
    wait_for_address(session)?;
    expect(session, "ip", &["lo: up", "eth0: up", "127.0.0.1/8", "via 10.0.2.2"])?;
    expect(session, "ping 10.0.2.2", &["4 of 4 answered"])?;
    expect(session, "ping 127.0.0.1 1", &["1 of 1 answered"])?;
    expect(session, "nslookup localhost", &["127.0.0.1"])?;
    let port = serve()?;
    let sum = format!("CRC-32 {:08x}", crc32(&file()));
    let told = expect(session, &format!("wget http://10.0.2.2:{port}/f"), &["status 200", &sum])?;
    println!("{told}");
    let sockets = session.run("netstat", COMMAND)?;
    ensure!(!sockets.contains("shell"), "a socket of the shell is left:\n{sockets}");
    Ok(())
}

fn fetch_after_deaths(session: &mut Session, driver: &str) -> Result<()> {
    wait_for_address(session)?;
    let port = serve()?;
    let sum = format!("CRC-32 {:08x}", crc32(&file()));
    let before = restarts(session, driver)?;
    for _ in 0..DEATHS {
        // It dies before and after connections, and its next life finds frames of the last one.
        session.run(&format!("crash {driver}"), COMMAND)?;
        let command = format!("wget http://10.0.2.2:{port}/f");
        expect(session, &command, &["status 200", &sum])?;
    }
    let deaths = restarts(session, driver)? - before;
    ensure!(deaths >= DEATHS, "{deaths} deaths");
    let told = session.run("ip", COMMAND)?;
    let lives = told.lines().find(|line| line.contains("new lives of the driver"));
    println!("{}", lives.context("the card was not attached again")?);
    Ok(())
}

#[test]
fn the_system_has_an_address_and_fetches_a_file() {
    with_machine("net", open, fetch);
}

#[test]
fn so_it_does_by_e1000e() {
    with_machine("net-e1000e", open_e1000e, fetch);
}

#[test]
fn a_file_comes_right_after_each_death_of_the_driver() {
    with_machine("net-deaths", open, |session| fetch_after_deaths(session, "virtio-net"));
}

#[test]
fn so_it_does_after_deaths_of_e1000e() {
    with_machine("net-e1000e-deaths", open_e1000e, |session| fetch_after_deaths(session, "e1000e"));
}

/// Tells the time as a server of stratum 2 does, this many seconds after the start of 1970: the port.
/// Source: RFC 5905, section 7.3.
fn serve_time(unix_seconds: u32) -> Result<u16> {
    const FROM_1900: u32 = 2_208_988_800;
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = socket.local_addr()?.port();
    let now = unix_seconds.wrapping_add(FROM_1900).to_be_bytes();
    std::thread::spawn(move || {
        let mut request = [0; 48];
        while let Ok((48, from)) = socket.recv_from(&mut request) {
            let mut answer = [0; 48];
            // The client's version, mode 4, stratum, precision.
            (answer[0], answer[1], answer[3]) = (request[0] & 0x38 | 4, 2, 0xec);
            answer[24..32].copy_from_slice(&request[40..48]);
            for at in [16, 32, 40] {
                answer[at..at + 4].copy_from_slice(&now);
            }
            if socket.send_to(&answer, from).is_err() {
                return;
            }
        }
    });
    Ok(port)
}

#[test]
fn the_clock_is_set_and_frames_are_captured() {
    with_machine("net-tools", open, |session| {
        wait_for_address(session)?;
        // 2031-05-06 07:08:09.
        let port = serve_time(1_935_817_689)?;
        expect(session, &format!("ntp 10.0.2.2 {port}"), &["clock moved by", "stratum 2"])?;
        expect(session, "date", &["2031-05-06 07:"])?;
        let told = expect(session, "tcpdump -w /tmp/p ping 10.0.2.2 2", &["2 of 2 answered"])?;
        let frames = told.lines().find_map(|line| line.split_once(" frames in /tmp/p, 0 lost"));
        let frames: u32 = frames.with_context(|| told.clone())?.0.trim().parse()?;
        ensure!(frames >= 4, "two requests and two answers, not {frames} frames");
        expect(session, "hexdump /tmp/p | head -n 1", &["4d 3c b2 a1 02 00 04 00"])?;
        Ok(())
    });
}
