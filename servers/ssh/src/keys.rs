//! The keys on the volume.

use crate::base64;
use crate::protocol::{PublicKey, key_of, public_key};
use alloc::string::String;
use alloc::vec::Vec;
use ed25519_dalek::SigningKey;
use files::{How, Namespace};

const AUTHORIZED: &str = "/etc/ssh/authorized_keys";
const HOST: &str = "/etc/ssh/host_key";
/// The most bytes of the file, and keys.
const FILE_MAX: usize = 64 << 10;
const KEYS_MAX: usize = 64;

/// The keys that may log in: those that were told, and those of the file.
pub(crate) fn authorized(files: &Namespace, told: &[PublicKey]) -> Vec<PublicKey> {
    let file = files.read(AUTHORIZED).unwrap_or_default();
    let text = String::from_utf8_lossy(file.get(..FILE_MAX.min(file.len())).unwrap_or(&[]));
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    told.iter().copied().chain(lines.filter_map(public_key)).take(KEYS_MAX).collect()
}

/// The keys among the arguments and on the kernel's command line.
pub(crate) fn told(env: &rt::Env) -> Vec<PublicKey> {
    let arguments = env.args().filter_map(|word| word.strip_prefix("key="));
    let option = env.option("ssh-key").into_iter();
    arguments.chain(option).filter_map(key_of).collect()
}

/// The key of the host that the volume keeps.
pub(crate) fn kept_host(files: &Namespace) -> Option<SigningKey> {
    let text = String::from_utf8(files.read(HOST).ok()?).ok()?;
    let seed: [u8; 32] = base64::decode(text.trim())?.try_into().ok()?;
    Some(SigningKey::from_bytes(&seed))
}

/// Keeps the key of the host; false where that cannot be.
pub(crate) fn keep_host(files: &Namespace, key: &SigningKey) -> bool {
    let text = base64::encode(&key.to_bytes()) + "\n";
    let kept = files.open(HOST, How::REPLACE).and_then(|mut file| {
        file.write_at(0, text.as_bytes())?;
        file.sync()
    });
    kept.is_ok()
}
