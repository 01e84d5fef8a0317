//! A connection: packets in their order, and what they mean.

use super::channel::Channel;
use super::cipher::{Cipher, KEY_BYTES};
use super::exchange::{Exchange, NewKeys, OUR_NAME};
use super::login::{Login, PublicKey};
use super::terms::{Fault, Happened, kind};
use super::wire::{Reader, Writer};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use ed25519_dalek::SigningKey;

/// The longest identification of a client.
const NAME_MAX: usize = 255;

/// Fills a buffer with random bytes; false when there are none.
pub(crate) type Random = Box<dyn FnMut(&mut [u8]) -> bool>;

/// A connection.
pub(crate) struct Connection {
    host: SigningKey,
    keys: Vec<PublicKey>,
    random: Random,
    input: Vec<u8>,
    output: Vec<u8>,
    client_name: Option<String>,
    from_client: Cipher,
    to_client: Cipher,
    exchange: Option<Exchange>,
    /// The client's next packet but one is by these.
    new_key: Option<[u8; KEY_BYTES]>,
    session: Option<[u8; 32]>,
    is_strict: bool,
    login: Login,
    /// The status of a session that ended during an exchange.
    status: Option<u32>,
    channel: Channel,
}

impl Connection {
    /// A connection that has just come in, to a host with this key; `keys` may log in.
    pub(crate) fn new(host: SigningKey, keys: Vec<PublicKey>, random: Random) -> Self {
        Self {
            host,
            keys,
            random,
            input: Vec::new(),
            output: [OUR_NAME.as_bytes(), b"\r\n"].concat(),
            client_name: None,
            from_client: Cipher::default(),
            to_client: Cipher::default(),
            exchange: None,
            new_key: None,
            session: None,
            is_strict: false,
            login: Login::default(),
            status: None,
            channel: Channel::default(),
        }
    }

    /// Takes bytes that came.
    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
    }

    /// The bytes to send. Those that were sent are taken out.
    pub(crate) fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    /// Whether the client has logged in.
    pub(crate) fn is_logged_in(&self) -> bool {
        self.login.is_done()
    }

    /// What happened next; `None`: more bytes must come first.
    pub(crate) fn next(&mut self) -> Result<Option<Happened>, Fault> {
        if self.client_name.is_none() && !self.identify()? {
            return Ok(None);
        }
        while let Some(packet) = self.from_client.open(&mut self.input)? {
            if let Some(happened) = self.packet(&packet)? {
                return Ok(Some(happened));
            }
        }
        Ok(None)
    }

    /// Reads the client's identification. Returns whether it is complete.
    fn identify(&mut self) -> Result<bool, Fault> {
        let Some(end) = self.input.iter().position(|byte| *byte == b'\n') else {
            return if self.input.len() > NAME_MAX { Err(Fault::NotSsh) } else { Ok(false) };
        };
        let line: Vec<u8> = self.input.drain(..=end).collect();
        let line = core::str::from_utf8(&line).map_err(|_| Fault::NotSsh)?;
        let line = line.trim_end_matches(['\r', '\n']);
        if line.len() > NAME_MAX || !line.starts_with("SSH-2.0-") {
            return Err(Fault::NotSsh);
        }
        self.client_name = Some(line.into());
        Ok(true)
    }

    fn send(&mut self, packet: Writer) -> Result<(), Fault> {
        self.to_client.seal(&packet.0, &mut self.output)
    }

    fn packet(&mut self, packet: &[u8]) -> Result<Option<Happened>, Fault> {
        let mut reader = Reader::new(packet);
        let kind = reader.byte()?;
        if let Some(exchange) = &mut self.exchange
            && core::mem::take(&mut exchange.skips_next)
        {
            return Ok(None);
        }
        let exchanging = self.exchange.is_some() || self.new_key.is_some();
        let first = self.session.is_none() || self.new_key.is_some() && !self.login.has_begun();
        match kind {
            kind::DISCONNECT => return Err(Fault::Disconnected),
            kind::KEXINIT if !exchanging => return self.begin_exchange(packet).map(|()| None),
            kind::ECDH_INIT if self.exchange.is_some() => {
                return self.finish_exchange(reader.array()?).map(|()| None);
            }
            kind::NEWKEYS if self.new_key.is_some() => {
                return self.use_new_key().map(|()| None);
            }
            // Before the first keys, a packet in between could hide that another one was dropped.
            _ if first => return Err(Fault::Unexpected),
            kind::IGNORE | kind::DEBUG | kind::UNIMPLEMENTED => return Ok(None),
            _ if exchanging => return Err(Fault::Unexpected),
            kind::EXT_INFO => return Ok(None),
            kind::SERVICE_REQUEST | kind::USERAUTH_REQUEST => return self.log_in(kind, reader),
            _ if !self.login.is_done() => return Err(Fault::Unexpected),
            _ => {}
        }
        self.after_login(kind, reader)
    }

    fn begin_exchange(&mut self, packet: &[u8]) -> Result<(), Fault> {
        let exchange = Exchange::begin(packet, self.random()?)?;
        if self.session.is_none() {
            self.is_strict = exchange.is_strict;
            // Strict: it is the first packet.
            if self.is_strict && self.from_client.number() != 1 {
                return Err(Fault::Unexpected);
            }
        }
        let ours = Writer(exchange.ours().to_vec());
        self.exchange = Some(exchange);
        self.send(ours)
    }

    fn random<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut bytes = [0; N];
        if (self.random)(&mut bytes) { Ok(bytes) } else { Err(Fault::NoRandom) }
    }

    fn finish_exchange(&mut self, point: [u8; 32]) -> Result<(), Fault> {
        let Some(exchange) = self.exchange.take() else { return Err(Fault::Unexpected) };
        let secret = self.random()?;
        let name = self.client_name.as_deref().unwrap_or_default();
        let (reply, keys) = exchange.finish(name, point, secret, &self.host, self.session)?;
        let NewKeys { from_client, to_client, session } = keys;
        self.send(Writer(reply))?;
        self.send(Writer::packet(kind::NEWKEYS))?;
        self.to_client.set_key(to_client, self.is_strict);
        self.session = Some(session);
        self.new_key = Some(from_client);
        // What had to wait for the end of the exchange.
        self.status.take().map_or(Ok(()), |status| self.exit(status))
    }

    fn use_new_key(&mut self) -> Result<(), Fault> {
        let Some(key) = self.new_key.take() else { return Err(Fault::Unexpected) };
        self.from_client.set_key(key, self.is_strict);
        Ok(())
    }

    fn log_in(&mut self, kind: u8, reader: Reader<'_>) -> Result<Option<Happened>, Fault> {
        let Some(session) = self.session else { return Err(Fault::Unexpected) };
        let (reply, happened) = match kind {
            kind::SERVICE_REQUEST => (self.login.service(reader)?, None),
            _ => self.login.attempt(reader, &session, &self.keys)?,
        };
        reply.map_or(Ok(()), |reply| self.send(reply))?;
        Ok(happened)
    }

    fn after_login(&mut self, kind: u8, mut reader: Reader<'_>) -> Result<Option<Happened>, Fault> {
        match kind {
            kind::GLOBAL_REQUEST => {
                reader.string()?;
                if reader.boolean()? {
                    self.send(Writer::packet(kind::REQUEST_FAILURE))?;
                }
                Ok(None)
            }
            kind::REQUEST_SUCCESS | kind::REQUEST_FAILURE => Ok(Some(Happened::Alive)),
            kind::CHANNEL_OPEN..=kind::CHANNEL_FAILURE => {
                let (replies, happened) = self.channel.packet(kind, reader)?;
                for reply in replies {
                    self.send(reply)?;
                }
                Ok(happened)
            }
            _ => {
                let number = self.from_client.number().wrapping_sub(1);
                self.send(Writer::packet(kind::UNIMPLEMENTED).number(number))?;
                Ok(None)
            }
        }
    }

    /// How many bytes the session can be sent now.
    pub(crate) fn room(&self) -> usize {
        // During an exchange there are no other packets.
        if self.exchange.is_some() { 0 } else { self.channel.room() }
    }

    /// Sends bytes of the session, as many as there is room for: their number.
    pub(crate) fn send_data(&mut self, bytes: &[u8]) -> Result<usize, Fault> {
        let count = bytes.len().min(self.room());
        let taken = bytes.get(..count).unwrap_or(&[]);
        if let Some(packet) = self.channel.data(taken) {
            self.send(packet)?;
        }
        Ok(count)
    }

    /// This number of bytes of [`Happened::Data`] was used: the client may send as many again.
    pub(crate) fn used(&mut self, count: usize) -> Result<(), Fault> {
        if self.exchange.is_none()
            && let Some(packet) = self.channel.used(count)
        {
            return self.send(packet);
        }
        self.channel.owe(count);
        Ok(())
    }

    /// Ends the session with a status.
    pub(crate) fn exit(&mut self, status: u32) -> Result<(), Fault> {
        if self.exchange.is_some() {
            self.status = Some(status);
            return Ok(());
        }
        for packet in self.channel.exit(status) {
            self.send(packet)?;
        }
        Ok(())
    }

    /// Asks the client whether it is still there.
    pub(crate) fn ask(&mut self) -> Result<(), Fault> {
        if self.exchange.is_some() {
            return Ok(());
        }
        self.send(
            Writer::packet(kind::GLOBAL_REQUEST).string("keepalive@openssh.com").boolean(true),
        )
    }

    /// Says why the connection ends, where the other side can still read it.
    pub(crate) fn disconnect(&mut self, fault: Fault) {
        /// A protocol error, and no more methods to log in (RFC 4253, 11.1).
        const ERROR: u32 = 2;
        const NO_MORE_METHODS: u32 = 14;
        let reason = if fault == Fault::Refused { NO_MORE_METHODS } else { ERROR };
        let text = alloc::format!("{fault}");
        let packet = Writer::packet(kind::DISCONNECT).number(reason).string(text).string("");
        if self.client_name.is_some() && self.exchange.is_none() {
            // It ends all the same.
            let _ = self.send(packet);
        }
    }
}
