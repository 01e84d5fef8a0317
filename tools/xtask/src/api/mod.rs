//! `api`: the wire form of every interface, and the file that shows when one changes.
//!
//! An interface is a trait in an api package with the attribute `service::interface`. A
//! generated program depends on all of them and prints their schemas, so the output is what is
//! compiled.

mod find;
mod lock;
mod program;

use crate::metadata::{self, Package};
use crate::workspace;
use anyhow::{Result, bail, ensure};
use clap::Args;
use lock::Entry;

/// Print every interface with its wire form.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Only this one (the name of its service)
    name: Option<String>,
    /// Write the file that `check` compares with; only a new version may change an entry
    #[arg(long)]
    update: bool,
}

/// The command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8> {
    let documents = documents(&metadata::packages()?)?;
    if arguments.update {
        return update(&documents);
    }
    let wanted = |document: &&Document| {
        arguments.name.as_ref().is_none_or(|name| document.entry.name == *name)
    };
    let found: Vec<&Document> = documents.iter().filter(wanted).collect();
    if found.is_empty() {
        let names: Vec<&str> = documents.iter().map(|document| &*document.entry.name).collect();
        bail!("no interface of that name; there are {}", names.join(", "));
    }
    let texts: Vec<&str> = found.iter().map(|document| document.text.as_str()).collect();
    print!("{}", texts.join("\n"));
    Ok(0)
}

/// The differences between the file and the sources.
pub(crate) fn check(packages: &[Package]) -> Result<Vec<String>> {
    Ok(lock::problems(&lock::read()?, &entries(&documents(packages)?)))
}

fn update(documents: &[Document]) -> Result<u8> {
    let new = entries(documents);
    let silent = lock::silent_changes(&lock::read()?, &new);
    ensure!(silent.is_empty(), "{}", silent.join("\n  "));
    workspace::write(&workspace::root().join(lock::FILE), lock::text(&new))?;
    println!("{}: {} interfaces", lock::FILE, new.len());
    Ok(0)
}

/// An interface and its text.
struct Document {
    entry: Entry,
    text: String,
}

fn entries(documents: &[Document]) -> Vec<Entry> {
    documents.iter().map(|document| document.entry.clone()).collect()
}

fn documents(packages: &[Package]) -> Result<Vec<Document>> {
    let interfaces = find::interfaces(&workspace::root(), packages)?;
    let output = program::output(&interfaces)?;
    output.split(program::END).filter(|text| !text.trim().is_empty()).map(document).collect()
}

fn document(text: &str) -> Result<Document> {
    let text = text.trim_start();
    let entry = Entry::of_title(text.lines().next().unwrap_or_default())?;
    Ok(Document { entry, text: text.to_owned() })
}
