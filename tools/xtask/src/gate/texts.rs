//! `tests/gate.toml`: what each property says, and why a side has no test.

use super::names::PROPERTIES;
use crate::workspace;
use anyhow::{Context as _, Result, ensure};
use toml::de::{DeTable, DeValue};

/// The file, from the root on.
pub(super) const FILE: &str = "tests/gate.toml";

/// What is written about a property.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text {
    /// What it says, in a few words.
    pub(super) text: String,
    /// Why no host test shows it.
    pub(super) no_host: Option<String>,
    /// Why no test in QEMU shows it.
    pub(super) no_qemu: Option<String>,
}

/// All of them, in order; number 1 is the first.
pub(super) fn read() -> Result<Vec<Text>> {
    parse(&file()?).with_context(|| FILE.to_owned())
}

/// What is in the file.
pub(super) fn file() -> Result<String> {
    let file = workspace::root().join(FILE);
    std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))
}

fn parse(text: &str) -> Result<Vec<Text>> {
    let parsed = DeTable::parse(text)?;
    let table = parsed.get_ref();
    for key in table.keys().filter(|key| key.get_ref() != "linux") {
        let known = key.get_ref().parse().is_ok_and(|number| (1..=PROPERTIES).contains(&number));
        ensure!(known, "there is no property `{}`", key.get_ref());
    }
    (1..=PROPERTIES).map(|number| section(table, number)).collect()
}

fn section(table: &DeTable<'_>, number: u8) -> Result<Text> {
    let found = table.get(number.to_string().as_str()).map(|value| value.get_ref());
    let Some(DeValue::Table(section)) = found else {
        anyhow::bail!("property {number} is missing");
    };
    let mut text = Text::default();
    for (key, value) in section {
        let DeValue::String(value) = value.get_ref() else {
            anyhow::bail!("{number}.{}: it is to be a text", key.get_ref());
        };
        let value = value.to_string();
        match key.get_ref().as_ref() {
            "text" => text.text = value,
            "host" => text.no_host = Some(value),
            "qemu" => text.no_qemu = Some(value),
            other => anyhow::bail!("{number}.{other}: only text, host and qemu are known"),
        }
    }
    ensure!(!text.text.is_empty(), "{number}: the text is missing");
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::{PROPERTIES, parse, read};

    fn all(but: u8) -> String {
        (1..=PROPERTIES)
            .filter(|n| *n != but)
            .map(|n| format!("[{n}]\ntext = \"t{n}\"\n"))
            .collect()
    }

    #[test]
    fn texts_come_in_order_with_their_reasons() {
        let texts = parse(&format!("{}[7]\ntext = \"seven\"\nqemu = \"why\"\n", all(7))).unwrap();
        assert_eq!((texts[0].text.as_str(), texts[42].text.as_str()), ("t1", "t43"));
        assert_eq!((texts[6].no_host.clone(), texts[6].no_qemu.as_deref()), (None, Some("why")));
    }

    #[test]
    fn what_is_missing_or_unknown_is_named() {
        let error = |text: &str| format!("{:#}", parse(text).unwrap_err());
        assert!(error(&all(12)).contains("property 12 is missing"));
        assert!(error(&format!("{}[44]\ntext = \"x\"", all(0))).contains("`44`"));
        assert!(error(&format!("{}[9]\ntext = \"x\"\nhots = \"y\"", all(9))).contains("9.hots"));
        assert!(error(&format!("{}[9]\n", all(9))).contains("9: the text"));
    }

    #[test]
    fn the_file_itself_is_good() {
        read().unwrap();
    }
}
