//! A client that others have written: sunset's.

use super::tests::{connection, key, public};
use super::{Connection, Happened, PublicKey};
use sunset::{ChanData, ChanHandle, CliEvent, CliSessionExit, Client, Event, Pty, Runner, SignKey};

/// Sunset's client beside a connection.
pub(crate) struct Both {
    pub(crate) server: Connection,
    pub(crate) client: Runner<'static, Client>,
    key: Option<SignKey>,
    command: &'static str,
    pub(crate) channel: Option<ChanHandle>,
    /// What the client saw.
    pub(crate) came: Vec<u8>,
    pub(crate) status: Option<u32>,
    /// What the server saw.
    pub(crate) happened: Vec<Happened>,
}

impl Both {
    pub(crate) fn new(keys: &[PublicKey], own: u8, command: &'static str) -> Self {
        Self {
            server: connection(keys),
            client: Runner::new_client_owned(),
            key: Some(SignKey::Ed25519(key(own))),
            command,
            channel: None,
            came: Vec::new(),
            status: None,
            happened: Vec::new(),
        }
    }

    /// What the client does next. Returns whether anything happened.
    pub(crate) fn client_step(&mut self) -> Result<bool, String> {
        let text = |error: sunset::Error| format!("{error:?}");
        let mut is_in = false;
        match self.client.progress().map_err(text)? {
            Event::None => return Ok(false),
            Event::Cli(CliEvent::Hostkey(host)) => host.accept().map_err(text)?,
            Event::Cli(CliEvent::Username(name)) => name.username("person").map_err(text)?,
            Event::Cli(CliEvent::Password(password)) => password.skip().map_err(text)?,
            Event::Cli(CliEvent::Pubkey(wanted)) => match self.key.take() {
                Some(key) => wanted.pubkey(key).map_err(text)?,
                None => wanted.skip().map_err(text)?,
            },
            Event::Cli(CliEvent::Authenticated) => is_in = true,
            Event::Cli(CliEvent::SessionOpened(mut opened)) => {
                let modes = heapless::Vec::new();
                let term = heapless::String::new();
                let pty = Pty { term, cols: 90, rows: 30, width: 0, height: 0, modes };
                opened.pty(pty).map_err(text)?;
                opened.exec(self.command).map_err(text)?;
            }
            Event::Cli(CliEvent::SessionExit(CliSessionExit::Status(status))) => {
                self.status = Some(status);
            }
            _ => {}
        }
        if is_in {
            self.channel = Some(self.client.open_client_session().map_err(text)?);
        }
        Ok(true)
    }

    /// Passes bytes on in both directions until nothing happens any more.
    pub(crate) fn run(&mut self) -> Result<(), String> {
        loop {
            let mut moved = self.client_step()?;
            let out = self.client.output_buf().to_vec();
            self.client.consume_output(out.len());
            self.server.receive(&out);
            while let Some(happened) = self.server.next().map_err(|fault| format!("{fault:?}"))? {
                self.happened.push(happened);
            }
            let output = self.server.output();
            let taken = self.client.input(output).map_err(|error| format!("{error:?}"))?;
            output.drain(..taken);
            moved |= taken > 0 || !out.is_empty();
            moved |= self.client_read();
            if !moved {
                return Ok(());
            }
        }
    }

    /// Reads what came to the session. Returns whether anything did.
    fn client_read(&mut self) -> bool {
        let Some(channel) = &self.channel else { return false };
        let mut piece = [0; 500];
        match self.client.read_channel(channel, ChanData::Normal, &mut piece) {
            Ok(count) => {
                self.came.extend_from_slice(&piece[..count]);
                count > 0
            }
            Err(_) => false,
        }
    }

    /// A client whose server is elsewhere.
    pub(crate) fn client_alone(own: u8, command: &'static str) -> Self {
        Self::new(&[], own, command)
    }

    /// The public key of this client as text.
    pub(crate) fn encoded(own: u8) -> String {
        let blob = [&b"\0\0\0\x0bssh-ed25519\0\0\0\x20"[..], &public(own)].concat();
        crate::base64::encode(&blob)
    }

    /// Lets the client do all that it can.
    pub(crate) fn client_run(&mut self) -> Result<(), String> {
        while self.client_step()? || self.client_read() {}
        Ok(())
    }

    /// What it sends.
    pub(crate) fn client_output(&mut self) -> Vec<u8> {
        let out = self.client.output_buf().to_vec();
        self.client.consume_output(out.len());
        out
    }

    /// What it is sent.
    pub(crate) fn client_input(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let taken = self.client.input(bytes).unwrap();
            bytes = &bytes[taken..];
            // An error is seen by the next step, too.
            if self.client_run().is_err() {
                return;
            }
        }
    }

    /// Whether the session is over.
    pub(crate) fn is_closed(&self) -> bool {
        self.channel.as_ref().is_some_and(|channel| self.client.is_channel_closed(channel))
    }
}
