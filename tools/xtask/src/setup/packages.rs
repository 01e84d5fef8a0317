//! Debian packages: installed when we are root, asked for otherwise.
//!
//! Nothing that is installed is taken away. A package from elsewhere (a backport, say) may
//! stand in the way of one of the archive: then it gets the archive's version with it.

use crate::step;
use anyhow::{Context as _, Result, bail};
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
        let names = packages.join(" ");
        bail!("not root; please run: sudo apt-get update && sudo apt-get install {names}");
    }
    apt("updating the list of Debian packages", &["update", "-q"])?;
    let versions = versions_in_the_way(packages)?;
    let mut words = vec!["install", "-q", "-y", "--no-install-recommends", "--no-remove"];
    if !versions.is_empty() {
        words.push("--allow-downgrades");
        println!("also set to the archive's version, not to be removed: {}", versions.join(" "));
    }
    words.extend(packages);
    words.extend(versions.iter().map(String::as_str));
    apt(&format!("installing Debian packages: {}", packages.join(" ")), &words)
}

/// Installed packages that apt would remove for these, each with the archive's version.
fn versions_in_the_way(packages: &[&str]) -> Result<Vec<String>> {
    let simulate = ["-s", "-q", "-y", "--no-install-recommends", "install"];
    let plan = output("/usr/bin/apt-get", simulate.iter().chain(packages))?;
    removed(&plan)
        .map(|name| {
            let table = output("/usr/bin/apt-cache", ["madison", name].iter())?;
            let version = newest(&table).with_context(|| {
                format!("{name} is in the way of {}; remove it first", packages.join(" "))
            })?;
            Ok(format!("{name}={version}"))
        })
        .collect()
}

/// The packages that a simulated installation removes.
fn removed(plan: &str) -> impl Iterator<Item = &str> {
    plan.lines().filter_map(|line| line.strip_prefix("Remv ")?.split_whitespace().next())
}

/// The first version in a table of `apt-cache madison`.
fn newest(table: &str) -> Option<&str> {
    table.lines().next()?.split('|').nth(1).map(str::trim)
}

/// What a command prints.
fn output<'a>(program: &str, words: impl Iterator<Item = &'a &'a str>) -> Result<String> {
    let found = Command::new(program).args(words).env("LC_ALL", "C").output()?;
    Ok(String::from_utf8_lossy(&found.stdout).into_owned())
}

fn apt(what: &str, words: &[&str]) -> Result<()> {
    let mut command = Command::new("/usr/bin/apt-get");
    command.args(words).env("DEBIAN_FRONTEND", "noninteractive");
    step::run(what, &mut command)
}

#[cfg(test)]
mod tests {
    use super::{newest, removed};

    #[test]
    fn a_package_in_the_way_gets_the_version_of_the_archive() {
        let plan = "Reading package lists...\nRemv qemu-utils [1:10.0.2]\nInst seabios (1.16)\n";
        assert_eq!(removed(plan).collect::<Vec<_>>(), ["qemu-utils"]);
        let table = "qemu-utils | 1:7.2+dfsg-7 | http://archive bookworm/main amd64 Packages\n";
        assert_eq!(newest(table), Some("1:7.2+dfsg-7"));
        assert_eq!(newest(""), None);
    }
}
