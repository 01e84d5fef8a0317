//! Finds the interfaces in the api packages, in `libsys/block` and `libsys/nic`.

use crate::check::tokens;
use crate::metadata::Package;
use crate::workspace;
use anyhow::{Context as _, Result};
use std::path::{Path, PathBuf};

/// An interface: its trait is reached at the root of its crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Interface {
    /// The package.
    pub(super) package: String,
    /// Its folder, from the root on.
    pub(super) folder: PathBuf,
    /// The trait.
    pub(super) name: String,
}

/// The interfaces of all packages that have some.
pub(super) fn interfaces(root: &Path, packages: &[Package]) -> Result<Vec<Interface>> {
    let mut found = Vec::new();
    for package in packages.iter().filter(|package| has_interfaces(&package.folder)) {
        for (file, text) in workspace::texts(&root.join(&package.folder).join("src"), &[".rs"])? {
            let tokens = tokens::parse(&text).with_context(|| file.display().to_string())?;
            found.extend(traits(&tokens::flat(tokens)).into_iter().map(|name| Interface {
                package: package.name.clone(),
                folder: package.folder.clone(),
                name,
            }));
        }
    }
    Ok(found)
}

/// Whether a package has interfaces: those of servers, and those of all drivers of disks and cards.
fn has_interfaces(folder: &Path) -> bool {
    folder.ends_with("api") || ["libsys/block", "libsys/nic"].iter().any(|it| folder.ends_with(it))
}

/// The names of the traits behind an attribute `interface(…)`.
fn traits(code: &[String]) -> Vec<String> {
    let (mut found, mut marked) = (Vec::new(), false);
    for pair in code.windows(2) {
        match [pair[0].as_str(), pair[1].as_str()] {
            ["interface", "("] => marked = true,
            ["trait", name] if marked => {
                found.push(name.to_owned());
                marked = false;
            }
            ["}" | ";", _] => marked = false,
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::traits;
    use crate::check::tokens::{flat, parse};

    #[test]
    fn only_traits_with_the_attribute_are_interfaces() {
        let text = "use service::interface; /// Doc.\n #[service::interface(version = 1)]\n\
            /// More.\n #[other] pub trait A { fn a(); } trait B {} \
            #[service::interface(version = 2)] pub(crate) trait C {} \
            #[doc = \"interface\"] trait D {} #[derive(Debug)] struct E; trait F {}";
        assert_eq!(traits(&flat(parse(text).unwrap())), ["A", "C"]);
    }
}
