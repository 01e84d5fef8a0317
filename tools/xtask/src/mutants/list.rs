//! The list of faults.

use anyhow::{Context as _, Result, bail, ensure};
use std::collections::BTreeSet;
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// Where the list is, and the sources that it changes.
pub(super) const PACKAGE: &str = "microkernel";

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Its name.
    pub(super) name: String,
    /// What is no longer true with it; a property of the gate by its number, where it is one.
    pub(super) breaks: String,
    /// The file, within the package.
    pub(super) file: String,
    /// A text that is in the file once.
    pub(super) old: String,
    /// What stands there instead.
    pub(super) new: String,
    /// Whether the random explorer must find it, without any test that was written for it.
    pub(super) explored: bool,
}

impl Fault {
    /// The file with the fault in it.
    pub(super) fn put_into(&self, source: &str) -> Result<String> {
        let found = source.matches(&self.old).count();
        ensure!(found == 1, "{}: its text is {found} times in {}", self.name, self.file);
        Ok(source.replacen(&self.old, &self.new, 1))
    }
}

/// Reads the list and looks for each text in the sources.
pub(super) fn read(root: &Path) -> Result<Vec<Fault>> {
    let package = root.join(PACKAGE);
    let file = package.join("mutants.toml");
    let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let faults = parse(&text).with_context(|| file.display().to_string())?;
    for fault in &faults {
        let source = std::fs::read_to_string(package.join(&fault.file))
            .with_context(|| format!("{}: {}", fault.name, fault.file))?;
        fault.put_into(&source)?;
    }
    Ok(faults)
}

fn parse(text: &str) -> Result<Vec<Fault>> {
    let table = DeTable::parse(text)?.into_inner();
    let list = table.get("fault").context("there is no [[fault]]")?;
    let DeValue::Array(list) = list.get_ref() else { bail!("`fault` is no list") };
    let mut faults = Vec::new();
    let mut names = BTreeSet::new();
    for entry in list {
        let DeValue::Table(entry) = entry.get_ref() else { bail!("a fault is no table") };
        let field = |name: &str| match entry.get(name).map(|value| value.get_ref()) {
            Some(DeValue::String(text)) => Ok(text.clone().into_owned()),
            _ => bail!("fault {}: `{name}` is missing", names.len() + 1),
        };
        let explored = match entry.get("explored").map(|value| value.get_ref()) {
            None => false,
            Some(DeValue::Boolean(explored)) => *explored,
            Some(_) => bail!("fault {}: `explored` is no boolean", names.len() + 1),
        };
        let fault = Fault {
            name: field("name")?,
            breaks: field("breaks")?,
            file: field("file")?,
            old: field("old")?,
            new: field("new")?,
            explored,
        };
        ensure!(names.insert(fault.name.clone()), "two faults are called {}", fault.name);
        ensure!(fault.old != fault.new, "{} changes nothing", fault.name);
        faults.push(fault);
    }
    Ok(faults)
}

#[cfg(test)]
mod tests {
    use super::parse;

    const ONE: &str = "[[fault]]\nname = 'a'\nbreaks = 'b'\nfile = 'c'\nold = 'd'\nnew = 'e'\n";

    #[test]
    fn a_fault_is_put_where_its_text_is() {
        let fault = &parse(ONE).unwrap()[0];
        assert_eq!(fault.put_into("a d c").unwrap(), "a e c");
        assert!(fault.put_into("nothing").is_err(), "not found");
        assert!(fault.put_into("d d").is_err(), "found twice");
    }

    #[test]
    fn a_fault_for_the_explorer_says_so() {
        assert!(!parse(ONE).unwrap()[0].explored);
        assert!(parse(&format!("{ONE}explored = true\n")).unwrap()[0].explored);
        assert!(parse(&format!("{ONE}explored = 'yes'\n")).is_err());
    }

    #[test]
    fn what_is_wrong_in_the_list_is_named() {
        assert!(parse(&ONE.repeat(2)).unwrap_err().to_string().contains("called a"));
        assert!(parse("[[fault]]\nname = 'a'\n").unwrap_err().to_string().contains("breaks"));
        assert!(parse("").is_err());
    }

    #[test]
    fn every_fault_of_the_list_applies_to_the_sources() {
        let faults = super::read(&crate::workspace::root()).unwrap();
        assert!(faults.len() >= 25, "{} faults", faults.len());
    }
}
