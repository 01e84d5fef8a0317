//! The key exchange: `curve25519-sha256` (RFC 8731), signed by the host's Ed25519 key.

use super::cipher::KEY_BYTES;
use super::terms::{Fault, kind};
use super::wire::{Reader, Writer};
use alloc::vec::Vec;
use ed25519_dalek::{Signer, SigningKey};
use sha2::{Digest, Sha256};
use x25519_dalek::{X25519_BASEPOINT_BYTES, x25519};

/// The identification of this server (RFC 4253, 4.2).
pub(super) const OUR_NAME: &str = "SSH-2.0-Postern_1";
const EXCHANGES: [&str; 2] = ["curve25519-sha256", "curve25519-sha256@libssh.org"];
/// Says that packets are counted from 0 after each exchange, and that the first one has no other
/// packets in between: an attacker cannot drop some from the start unseen.
const STRICT_SERVER: &str = "kex-strict-s-v00@openssh.com";
const STRICT_CLIENT: &str = "kex-strict-c-v00@openssh.com";
pub(super) const HOST_KEY: &str = "ssh-ed25519";
const CIPHER: &str = "chacha20-poly1305@openssh.com";
/// The cipher has its own; a list must not be empty.
const TAGS: &str = "hmac-sha2-256-etm@openssh.com";
const NO_COMPRESSION: &str = "none";

/// An exchange that has begun.
#[derive(Debug)]
pub(super) struct Exchange {
    /// The packets of both sides that began it.
    ours: Vec<u8>,
    theirs: Vec<u8>,
    /// Whether the client counts as [`STRICT_CLIENT`] says.
    pub(super) is_strict: bool,
    /// Whether the next packet is a wrong guess of the client.
    pub(super) skips_next: bool,
}

/// The keys of both directions, before they are used.
pub(super) struct NewKeys {
    pub(super) from_client: [u8; KEY_BYTES],
    pub(super) to_client: [u8; KEY_BYTES],
    pub(super) session: [u8; 32],
}

impl Exchange {
    /// Reads the client's lists; the answer to it is [`Exchange::ours`].
    pub(super) fn begin(theirs: &[u8], cookie: [u8; 16]) -> Result<Self, Fault> {
        let mut reader = Reader::new(theirs);
        reader.skip(17)?;
        let exchanges = reader.text()?;
        let host_keys = reader.text()?;
        let has = |list: &str, name| list.split(',').any(|it| it == name);
        let chosen = exchanges.split(',').find(|name| EXCHANGES.contains(name));
        let ciphers = has(reader.text()?, CIPHER) && has(reader.text()?, CIPHER);
        reader.string()?;
        reader.string()?;
        let plain = has(reader.text()?, NO_COMPRESSION) && has(reader.text()?, NO_COMPRESSION);
        reader.string()?;
        reader.string()?;
        let guesses = reader.boolean()?;
        reader.number()?;
        if chosen.is_none() || !has(host_keys, HOST_KEY) || !ciphers || !plain {
            return Err(Fault::NothingInCommon);
        }
        let first = |list: &str| list.split(',').next().map(str::len);
        let guessed_right = exchanges.split(',').next() == chosen
            && first(host_keys) == Some(HOST_KEY.len())
            && host_keys.starts_with(HOST_KEY);
        Ok(Self {
            ours: lists(cookie),
            theirs: theirs.to_vec(),
            is_strict: has(exchanges, STRICT_CLIENT),
            skips_next: guesses && !guessed_right,
        })
    }

    /// The packet with the lists of this server.
    pub(super) fn ours(&self) -> &[u8] {
        &self.ours
    }

    /// Ends the exchange with the client's point: the reply, and the keys.
    pub(super) fn finish(
        self,
        client_name: &str,
        point: [u8; 32],
        secret: [u8; 32],
        host: &SigningKey,
        session: Option<[u8; 32]>,
    ) -> Result<(Vec<u8>, NewKeys), Fault> {
        let our_point = x25519(secret, X25519_BASEPOINT_BYTES);
        let shared = x25519(secret, point);
        if shared == [0; 32] {
            return Err(Fault::Malformed);
        }
        let blob = host_blob(host);
        let hashed = Writer::default()
            .string(client_name)
            .string(OUR_NAME)
            .string(&self.theirs)
            .string(&self.ours)
            .string(&blob)
            .string(point)
            .string(our_point)
            .positive(&shared);
        let hash: [u8; 32] = Sha256::digest(&hashed.0).into();
        let signature = Writer::default().string(HOST_KEY).string(host.sign(&hash).to_bytes());
        let reply = Writer::packet(kind::ECDH_REPLY).string(blob).string(our_point);
        let reply = reply.string(signature.0);
        let session = session.unwrap_or(hash);
        let key = |letter| derived(&shared, &hash, letter, &session);
        Ok((reply.0, NewKeys { from_client: key(b'C'), to_client: key(b'D'), session }))
    }
}

/// The public key of the host as packets have it.
pub(super) fn host_blob(host: &SigningKey) -> Vec<u8> {
    Writer::default().string(HOST_KEY).string(host.verifying_key().as_bytes()).0
}

fn lists(cookie: [u8; 16]) -> Vec<u8> {
    let exchanges = [EXCHANGES[0], EXCHANGES[1], STRICT_SERVER].join(",");
    let both = |writer: Writer, name: &str| writer.string(name).string(name);
    let writer = Writer::packet(kind::KEXINIT).bytes(&cookie).string(exchanges).string(HOST_KEY);
    let writer = both(both(both(writer, CIPHER), TAGS), NO_COMPRESSION);
    both(writer, "").boolean(false).number(0).0
}

/// A key of 64 bytes (RFC 4253, 7.2).
fn derived(shared: &[u8; 32], hash: &[u8; 32], letter: u8, session: &[u8; 32]) -> [u8; KEY_BYTES] {
    let base = Writer::default().positive(shared).bytes(hash);
    let first = Sha256::digest(&base.clone().byte(letter).bytes(session).0);
    let second = Sha256::digest(&base.bytes(&first).0);
    let mut key = [0; KEY_BYTES];
    let (left, right) = key.split_at_mut(32);
    left.copy_from_slice(&first);
    right.copy_from_slice(&second);
    key
}
