//! `ip`, `ping`, `nslookup`, `netstat`, `wget`, `nc`: the network.

use crate::http::{HEAD_MAX, Url, head};
use crate::shell::Shell;
use crate::table::Table;
use crate::trouble::{Outcome, Trouble};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use files::{File, How};
use net_api::{Address, Interface, NetClient, NetError, Peer, TcpStream, resolve};
use sys::Buffer;

/// How long one step of a transfer may take.
const PATIENCE_NS: u64 = 30_000_000_000;
/// How long `nc` waits for more.
const SILENCE_NS: u64 = 3_000_000_000;
/// Bytes of a ping, its time-out, and the pings of a command.
const PING_BYTES: u16 = 56;
const PING_MS: u32 = 2_000;
const PINGS: u32 = 4;
/// Bytes that are read at a time, and the most that `nc` prints.
const PIECE: usize = 64 << 10;
const PRINTED: usize = 64 << 10;

pub(crate) fn ip(shell: &mut Shell, words: &[&str]) -> Outcome {
    if !words.is_empty() {
        return Err(Trouble::Usage);
    }
    let status = shell.net()?.status()?;
    let mut text: String = status.interfaces.iter().map(interface).collect();
    for route in &status.routes {
        text += &format!("route {}/{} via {}\n", route.to.0, route.to.1, route.via);
    }
    let names: Vec<String> = status.name_servers.iter().map(Address::to_string).collect();
    if !names.is_empty() {
        text += &format!("names from {}\n", names.join(", "));
    }
    for counter in &status.counters {
        text += &format!("{}: {}\n", counter.name, counter.count);
    }
    shell.print(&text);
    Ok(0)
}

fn interface(it: &Interface) -> String {
    let state = if it.up { "up" } else { "no driver" };
    let mut text = format!("{}: {state}, MTU {}", it.name, it.mtu);
    if let Some([a, b, c, d, e, f]) = it.mac {
        text += &format!(", {a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}");
    }
    text += "\n";
    for (address, bits) in &it.addresses {
        text += &format!("  address {address}/{bits}\n");
    }
    let ((frames, bytes), (sent, sent_bytes)) = (it.received, it.transmitted);
    text += &format!("  received {frames} ({bytes} bytes), sent {sent} ({sent_bytes} bytes)");
    if it.reattached > 0 {
        text += &format!(", {} new lives of the driver", it.reattached);
    }
    text + "\n"
}

pub(crate) fn ping(shell: &mut Shell, words: &[&str]) -> Outcome {
    let (name, count) = match words {
        [name] => (*name, PINGS),
        [name, count] => (*name, count.parse().map_err(|_| Trouble::Usage)?),
        _ => return Err(Trouble::Usage),
    };
    let net = shell.net()?;
    let address = resolve(&net, name)?;
    let mut answers = 0;
    for _ in 0..count {
        shell.interrupts.check()?;
        let text = match net.ping(address, PING_BYTES, PING_MS).map_err(NetError::from) {
            Ok(ns) => {
                answers += 1;
                format!("{PING_BYTES} bytes from {address} in {} us\n", ns / 1_000)
            }
            Err(NetError::TimedOut) => format!("nothing from {address}\n"),
            Err(error) => return Err(error.into()),
        };
        shell.print(&text);
    }
    shell.print(&format!("{answers} of {count} answered\n"));
    Ok(u64::from(answers == 0))
}

pub(crate) fn nslookup(shell: &mut Shell, words: &[&str]) -> Outcome {
    let [name] = words else { return Err(Trouble::Usage) };
    let addresses = shell.net()?.within(PATIENCE_NS).resolve(*name)?;
    let text: String = addresses.iter().map(|address| format!("{name} is {address}\n")).collect();
    shell.print(&text);
    Ok(0)
}

pub(crate) fn netstat(shell: &mut Shell, words: &[&str]) -> Outcome {
    if !words.is_empty() {
        return Err(Trouble::Usage);
    }
    let titles = ["PROTOCOL", "LOCAL", "REMOTE", "STATE", ">TO READ", ">TO SEND", "CLIENT"];
    let mut table = Table::new(&titles);
    for it in shell.net()?.sockets()? {
        let end = |peer: Option<Peer>| peer.map_or_else(|| "-".into(), |peer| peer.to_string());
        table.row([
            it.protocol,
            end(it.local),
            end(it.remote),
            it.state,
            it.queued.0.to_string(),
            it.queued.1.to_string(),
            it.owner,
        ]);
    }
    let text = if table.is_empty() { "no sockets\n".into() } else { table.render() };
    shell.print(&text);
    Ok(0)
}

pub(crate) fn wget(shell: &mut Shell, words: &[&str]) -> Outcome {
    let (url, to) = match words {
        [url] => (*url, To::Nowhere),
        ["-O", "-", url] => (*url, To::Output),
        ["-O", path, url] => (*url, To::File(Box::new(shell.files.open(path, How::REPLACE)?))),
        _ => return Err(Trouble::Usage),
    };
    let url = Url::parse(url).map_err(Trouble::new)?;
    let begun = sys::clock();
    let mut stream = connect(&shell.net()?, &url.host, url.port)?;
    stream.write_all(url.request().as_bytes())?;
    let mut body = Body::to(to);
    let mut piece = Buffer::new(PIECE)?;
    loop {
        shell.interrupts.check()?;
        let count = stream.read(&mut piece)?;
        let bytes = piece.get(..count).unwrap_or(&[]);
        if count == 0 || body.take(bytes, shell)? {
            break;
        }
    }
    let (status, bytes, sum) = body.end()?;
    if !matches!(body.to, To::Output) {
        let ms = (sys::clock().saturating_sub(begun) / 1_000_000).max(1);
        let rate = bytes.saturating_mul(1_000) / ms / 1_024;
        shell.print(&format!(
            "status {status}, {bytes} bytes in {ms} ms, {rate} KiB/s, CRC-32 {sum:08x}\n"
        ));
    }
    Ok(u64::from(!(200..300).contains(&status)))
}

/// Where a body goes.
enum To {
    /// It is only counted and summed up.
    Nowhere,
    /// Into the output.
    Output,
    /// Into a file.
    File(Box<File>),
}

/// An answer that comes in pieces.
struct Body {
    /// What came before the head was whole.
    begun: Vec<u8>,
    status: Option<u16>,
    length: Option<u64>,
    bytes: u64,
    sum: crc32fast::Hasher,
    to: To,
}

impl Body {
    fn to(to: To) -> Self {
        let sum = crc32fast::Hasher::new();
        Self { begun: Vec::new(), status: None, length: None, bytes: 0, sum, to }
    }

    /// Takes what came: whether that is all.
    fn take(&mut self, bytes: &[u8], shell: &mut Shell) -> Result<bool, Trouble> {
        if self.status.is_some() {
            self.add(bytes, shell)?;
        } else {
            self.begun.extend_from_slice(bytes);
            let few = self.begun.get(..self.begun.len().min(HEAD_MAX)).unwrap_or(&[]);
            let Some(found) = head(few)? else { return Ok(false) };
            (self.status, self.length) = (Some(found.status), found.length);
            let begun = core::mem::take(&mut self.begun);
            self.add(begun.get(found.bytes..).unwrap_or(&[]), shell)?;
        }
        Ok(self.length.is_some_and(|length| self.bytes >= length))
    }

    fn add(&mut self, bytes: &[u8], shell: &mut Shell) -> Result<(), Trouble> {
        let left = self.length.map_or(u64::MAX, |length| length.saturating_sub(self.bytes));
        let count = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let bytes = bytes.get(..count).unwrap_or(&[]);
        match &mut self.to {
            To::Nowhere => {}
            To::Output => shell.write(bytes)?,
            To::File(file) => file.write_at(self.bytes, bytes)?,
        }
        self.bytes += bytes.len() as u64;
        self.sum.update(bytes);
        Ok(())
    }

    /// Status, bytes and sum, when all have come.
    fn end(&mut self) -> Result<(u16, u64, u32), Trouble> {
        let status = self.status.ok_or_else(|| Trouble::new("the connection ended early"))?;
        if let Some(length) = self.length.filter(|length| self.bytes < *length) {
            let bytes = self.bytes;
            return Err(Trouble::new(format!("the connection ended after {bytes} of {length}")));
        }
        Ok((status, self.bytes, core::mem::take(&mut self.sum).finalize()))
    }
}

pub(crate) fn nc(shell: &mut Shell, words: &[&str]) -> Outcome {
    let [host, port, line @ ..] = words else { return Err(Trouble::Usage) };
    let port = port.parse().map_err(|_| Trouble::Usage)?;
    let mut stream = connect(&shell.net()?, host, port)?.with_timeout(SILENCE_NS);
    if !line.is_empty() {
        stream.write_all((line.join(" ") + "\n").as_bytes())?;
    }
    let (mut printed, mut piece) = (0, Buffer::new(PIECE)?);
    while printed < PRINTED {
        shell.interrupts.check()?;
        let count = match stream.read(&mut piece) {
            Err(NetError::TimedOut) => break,
            read => read?,
        };
        if count == 0 {
            break;
        }
        printed += count;
        shell.write(piece.get(..count).unwrap_or(&[]))?;
    }
    Ok(0)
}

fn connect(net: &NetClient, host: &str, port: u16) -> Result<TcpStream, Trouble> {
    let address = resolve(net, host)?;
    Ok(TcpStream::connect(net, Peer::new(address, port))?.with_timeout(PATIENCE_NS))
}
