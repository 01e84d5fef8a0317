//! The costs of seL4 and Linux: `tests/bench/peers.toml`.

use anyhow::{Context as _, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// The counts that an operation is compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Peer {
    /// seL4's count.
    pub sel4: Option<u64>,
    /// For what.
    pub sel4_for: Option<String>,
    /// Linux's count.
    pub linux: Option<u64>,
    /// For what.
    pub linux_for: Option<String>,
}

/// The peers of operations, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Peers(pub BTreeMap<String, Peer>);

impl Peers {
    /// Reads the file.
    ///
    /// # Errors
    /// When there is none, or a key is not known.
    pub fn read(file: &Path) -> Result<Self> {
        Self::parse(&fs_err::read_to_string(file)?)
            .with_context(|| format!("{} is wrong", file.display()))
    }

    fn parse(text: &str) -> Result<Self> {
        Ok(toml::from_str(text)?)
    }
}

#[cfg(test)]
mod tests {
    use super::Peers;

    #[test]
    fn an_operation_has_figures_and_what_they_are_for() {
        let text = "[call]\nsel4 = 432\nlinux = 10_200\nlinux_for = \"pipe\"\n";
        let peers = Peers::parse(text).unwrap();
        assert_eq!((peers.0["call"].sel4, peers.0["call"].linux), (Some(432), Some(10_200)));
        assert!(Peers::parse("[call]\nsel5 = 1\n").is_err());
    }

    #[test]
    fn the_file_can_be_read_and_says_what_each_figure_is_for() {
        // Cargo starts a test in the folder of its package.
        let file = "../../tests/bench/peers.toml";
        for (name, peer) in Peers::read(file.as_ref()).unwrap().0 {
            assert_eq!(peer.sel4.is_some(), peer.sel4_for.is_some(), "{name}");
            assert_eq!(peer.linux.is_some(), peer.linux_for.is_some(), "{name}");
            assert!(peer.sel4.is_some() || peer.linux.is_some(), "{name}");
        }
    }
}
