//! The login (RFC 4252): by an Ed25519 key of the list alone. Names of users mean nothing.

use super::exchange::HOST_KEY as ED25519;
use super::terms::{Fault, Happened, kind};
use super::wire::{Reader, Writer};
use alloc::vec::Vec;
use ed25519_dalek::{Signature, VerifyingKey};

/// The most attempts that may fail.
const ATTEMPTS_MAX: u32 = 6;
const CONNECTION: &str = "ssh-connection";

/// An Ed25519 key.
pub(crate) type PublicKey = [u8; 32];

/// The key in a line of `authorized_keys`; `None`: another kind of key, none, or one with options,
/// which would restrict it and are not known here.
pub(crate) fn public_key(line: &str) -> Option<PublicKey> {
    let mut words = line.split_whitespace();
    words.next().filter(|word| *word == ED25519)?;
    key_of(words.next()?)
}

/// A key as it stands behind its kind.
pub(crate) fn key_of(encoded: &str) -> Option<PublicKey> {
    let blob = crate::base64::decode(encoded)?;
    let mut reader = Reader::new(&blob);
    (reader.text() == Ok(ED25519)).then(|| reader.array().ok()).flatten()
}

/// The state of the login.
#[derive(Debug, Default)]
pub(super) struct Login {
    has_begun: bool,
    failed: u32,
    done: bool,
}

type Answer = (Option<Writer>, Option<Happened>);

impl Login {
    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    pub(super) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// The client asks for a service.
    pub(super) fn service(&mut self, mut reader: Reader<'_>) -> Result<Option<Writer>, Fault> {
        let name = reader.text()?;
        if name != "ssh-userauth" {
            return Err(Fault::Unexpected);
        }
        self.has_begun = true;
        Ok(Some(Writer::packet(kind::SERVICE_ACCEPT).string(name)))
    }

    /// An attempt to log in.
    pub(super) fn attempt(
        &mut self,
        mut reader: Reader<'_>,
        session: &[u8; 32],
        keys: &[PublicKey],
    ) -> Result<Answer, Fault> {
        if !self.has_begun {
            return Err(Fault::Unexpected);
        }
        // After a success they are ignored (RFC 4252, 5.1).
        if self.done {
            return Ok((None, None));
        }
        let (user, service) = (reader.string()?, reader.string()?);
        if service != CONNECTION.as_bytes() {
            return Err(Fault::Unexpected);
        }
        match reader.text()? {
            // Asks what there is.
            "none" => Ok((Some(failure()), None)),
            "publickey" => self.by_key(reader, user, session, keys),
            _ => self.refuse(),
        }
    }

    fn by_key(
        &mut self,
        mut reader: Reader<'_>,
        user: &[u8],
        session: &[u8; 32],
        keys: &[PublicKey],
    ) -> Result<Answer, Fault> {
        let (is_signed, algorithm, blob) = (reader.boolean()?, reader.text()?, reader.string()?);
        let mut inner = Reader::new(blob);
        if algorithm != ED25519 || inner.text() != Ok(ED25519) {
            return self.refuse();
        }
        let Ok(key) = inner.array::<32>() else { return self.refuse() };
        let Some(place) = keys.iter().position(|known| *known == key) else {
            return self.refuse();
        };
        if !is_signed {
            let reply = Writer::packet(kind::USERAUTH_PK_OK).string(algorithm).string(blob);
            return Ok((Some(reply), None));
        }
        let mut signature = Reader::new(reader.string()?);
        if signature.text() != Ok(ED25519) {
            return self.refuse();
        }
        let Ok(signature) = signature.array::<64>() else { return self.refuse() };
        let signed = Writer::default()
            .string(session)
            .byte(kind::USERAUTH_REQUEST)
            .string(user)
            .string(CONNECTION)
            .string("publickey")
            .boolean(true)
            .string(algorithm)
            .string(blob);
        let key = VerifyingKey::from_bytes(&key);
        let is_right = key.is_ok_and(|key| {
            key.verify_strict(&signed.0, &Signature::from_bytes(&signature)).is_ok()
        });
        if !is_right {
            return self.refuse();
        }
        self.done = true;
        let reply = Writer(Vec::from([kind::USERAUTH_SUCCESS]));
        Ok((Some(reply), Some(Happened::LoggedIn(place))))
    }

    fn refuse(&mut self) -> Result<Answer, Fault> {
        self.failed = self.failed.saturating_add(1);
        if self.failed >= ATTEMPTS_MAX { Err(Fault::Refused) } else { Ok((Some(failure()), None)) }
    }
}

fn failure() -> Writer {
    Writer::packet(kind::USERAUTH_FAILURE).string("publickey").boolean(false)
}

#[cfg(test)]
mod tests {
    use super::public_key;

    const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

    #[test]
    fn a_key_with_options_may_not_log_in_without_them() {
        let key: Vec<u8> = (0..32).collect();
        assert_eq!(public_key(&format!("ssh-ed25519 {KEY} a name")).map(Vec::from), Some(key));
        for line in ["command=\"uptime\" ssh-ed25519", "ssh-rsa", ""] {
            assert_eq!(public_key(&format!("{line} {KEY}")), None, "{line}");
        }
        assert_eq!(public_key("ssh-ed25519"), None);
    }
}
