//! Reads and checks the system manifest before anything boots.

use crate::metadata::Package;
use crate::workspace;
use anyhow::{Result, bail};
use manifest::System;
use std::path::Path;

/// The manifest, from the root on.
pub(crate) const MANIFEST: &str = "init/system.toml";

/// Pages that user programs have on a machine with 128 MiB, the smallest that is promised:
/// the kernel with its arenas and the boot archive take the rest.
const USER_PAGES: u32 = (128 - 20) * 256;

/// The checked manifest.
///
/// # Errors
/// All that is wrong with it, a line each.
pub(crate) fn read(packages: &[Package]) -> Result<System> {
    read_from(MANIFEST, packages)
}

/// The same of another file, from the root on.
pub(crate) fn read_from(name: &str, packages: &[Package]) -> Result<System> {
    let text = fs_err::read_to_string(workspace::root().join(name))?;
    check(name, &text, packages)
}

fn check(name: &str, text: &str, packages: &[Package]) -> Result<System> {
    let available: Vec<&str> = packages.iter().filter_map(program_of).collect();
    match manifest::check(text, name, &available, USER_PAGES) {
        Ok(system) => Ok(system),
        Err(problems) => {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            bail!("the manifest is wrong\n{}", lines.join("\n"))
        }
    }
}

/// The program that a package could put into the archive.
fn program_of(package: &Package) -> Option<&str> {
    let bare = ["servers", "tests/programs"]
        .iter()
        .any(|folder| package.folder.starts_with(Path::new(folder)));
    package.program(&package.name).filter(|_| bare).map(|target| target.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::{MANIFEST, check};
    use crate::metadata::{Package, Target};

    fn server(name: &str) -> Package {
        let target = Target { name: name.into(), kind: "bin".into(), file: "src/main.rs".into() };
        Package {
            name: name.into(),
            folder: format!("servers/{name}").into(),
            targets: vec![target],
            ..Package::default()
        }
    }

    #[test]
    fn a_server_without_a_program_is_named_with_its_line() {
        let text = "[server.names]\npriority = 50\npages = 64\nservice = true\n\n\
            [server.ghost]\npriority = 20\npages = 64\n";
        let error = check(MANIFEST, text, &[server("names")]).unwrap_err().to_string();
        assert!(error.contains("init/system.toml:6") && error.contains("ghost"), "{error}");
        check(MANIFEST, text, &[server("names"), server("ghost")]).unwrap();
    }
}
