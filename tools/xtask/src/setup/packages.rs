//! Debian packages: installed when we are root, asked for otherwise.

use crate::step;
use anyhow::{Result, bail};
use std::path::Path;
use std::process::Command;

/// Installs packages.
///
/// # Errors
/// When this is no Debian, or we are not root: then it names the line to type.
pub(super) fn install(packages: &[&str]) -> Result<()> {
    if !Path::new("/usr/bin/apt-get").exists() {
        bail!("this system has no apt-get; install by hand: {}", packages.join(" "));
    }
    if !rustix::process::geteuid().is_root() {
        bail!("not root; please run: {}", line(packages));
    }
    apt("updating the list of Debian packages", &["update", "-q"])?;
    let mut words = vec!["install", "-q", "-y", "--no-install-recommends", "--no-remove"];
    words.extend(packages);
    apt(&format!("installing Debian packages: {}", packages.join(" ")), &words)
}

fn apt(what: &str, words: &[&str]) -> Result<()> {
    let mut command = Command::new("/usr/bin/apt-get");
    command.args(words).env("DEBIAN_FRONTEND", "noninteractive");
    step::run(what, &mut command)
}

/// What a person types to install them.
fn line(packages: &[&str]) -> String {
    format!("sudo apt-get update && sudo apt-get install {}", packages.join(" "))
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn the_line_can_be_pasted() {
        let expected = "sudo apt-get update && sudo apt-get install lld llvm";
        assert_eq!(line(&["lld", "llvm"]), expected);
    }
}
