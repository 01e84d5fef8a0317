//! The login over the network: whose key, and what to type.

use anyhow::{Context as _, Result};
use std::path::{Path, PathBuf};

/// The port of the SSH server in the guest.
pub(super) const GUEST_PORT: u16 = 22;
/// The port here, if it is free.
pub(super) const USUAL: u16 = 2222;
/// The kind of key that the server knows.
const KIND: &str = "ssh-ed25519";

/// The file of the public key: the one that was named, else the usual one.
///
/// # Errors
/// When there is none.
pub(super) fn key_file(named: Option<&Path>) -> Result<PathBuf> {
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".ssh/id_ed25519.pub"));
    let file = named.map(Path::to_owned).or_else(home);
    let found = file.filter(|file| file.is_file());
    found.with_context(|| match named {
        Some(file) => format!("--ssh: there is no file {}", file.display()),
        None => "--ssh: there is no ~/.ssh/id_ed25519.pub; make one with `ssh-keygen -t ed25519`, \
                 or name a public key: --ssh=FILE"
            .to_owned(),
    })
}

/// The key as a word for the kernel's command line, where the SSH server finds it.
///
/// # Errors
/// When the file has no key of the kind that the server knows.
pub(super) fn word(file: &Path) -> Result<String> {
    let text = fs_err::read_to_string(file)?;
    let key = text.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        words.find(|word| *word == KIND)?;
        words.next()
    });
    let key = key.with_context(|| {
        let file = file.display();
        format!("--ssh: {file} has no {KIND} key; make one with `ssh-keygen -t ed25519`")
    })?;
    Ok(format!("ssh-key={key}"))
}

/// Prints how to log in. The guest's key is a new one unless its disk is kept.
pub(super) fn announce(port: u16, file: &Path) {
    let private = file.with_extension("");
    let known = "-o NoHostAuthenticationForLocalhost=yes";
    eprintln!("log in with: ssh -p {port} -i {} {known} postern@localhost", private.display());
}

#[cfg(test)]
mod tests {
    use super::{key_file, word};

    #[test]
    fn a_public_key_becomes_a_word() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("id.pub");
        assert!(key_file(Some(&file)).is_err(), "there is none yet");
        std::fs::write(&file, "# mine\nssh-ed25519 AAAAC3Nza me@here\n").unwrap();
        assert_eq!(word(&key_file(Some(&file)).unwrap()).unwrap(), "ssh-key=AAAAC3Nza");
        std::fs::write(&file, "ssh-rsa AAAAB3Nza me@here\n").unwrap();
        assert!(word(&file).unwrap_err().to_string().contains("ssh-keygen"));
    }
}
