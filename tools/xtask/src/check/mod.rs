//! `check`: format, lints, import directions, layers, import cycles, the border of `unsafe`,
//! words, documents, interfaces, documentation.
//!
//! All with the pinned toolchain, so that the answer does not depend on the user's.

mod arrows;
mod border;
mod cycles;
mod documents;
mod layers;
mod lints;
mod modules;
mod properties;
mod table;
pub(crate) mod tokens;
mod words;

use crate::metadata::{self, Package};
use crate::setup::{self, Toolchain};
use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};

/// Check the sources: format, lints, layers, the border of unsafe code, documents and more.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Only these checks (may be repeated)
    #[arg(long, value_name = "CHECK")]
    only: Vec<Check>,
}

/// One of the checks, the quick ones first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Check {
    /// rustfmt.
    Format,
    /// Dependencies between packages.
    Imports,
    /// The layers of the core.
    Layers,
    /// Import cycles between files.
    Cycles,
    /// The folders with `unsafe`.
    Unsafe,
    /// The tests of the properties of the gate.
    Properties,
    /// Links of documents, the size and the walks of ARCHITECTURE.md.
    Documents,
    /// The version of the standard library's table.
    Table,
    /// Words that comments and documents do not use.
    Words,
    /// Versions of changed interfaces.
    Interfaces,
    /// Clippy with all lints of the workspace denied.
    Lints,
    /// rustdoc with warnings denied.
    Docs,
}

impl Check {
    fn run(self, toolchain: &Toolchain, packages: &[Package]) -> Result<()> {
        match self {
            Self::Format => lints::format(toolchain),
            Self::Imports => none(arrows::check(packages)),
            Self::Layers => none(layers::check()?),
            Self::Cycles => none(cycles::check(packages)?),
            Self::Unsafe => none(border::check(packages)?),
            Self::Properties => none(properties::check()?),
            Self::Documents => none(documents::check()?),
            Self::Table => none(table::check(toolchain)?),
            Self::Words => none(words::check()?),
            Self::Interfaces => none(crate::api::check(packages)?),
            Self::Lints => lints::clippy(toolchain, packages),
            Self::Docs => lints::docs(toolchain, packages),
        }
    }
}

/// Fails when a check found problems.
fn none(problems: Vec<String>) -> Result<()> {
    ensure!(problems.is_empty(), "{} wrong\n  {}", problems.len(), problems.join("\n  "));
    Ok(())
}

/// The command: all checks, also after one that fails.
pub(crate) fn run(arguments: &Arguments) -> Result<u8> {
    let toolchain = setup::with_lints()?;
    let packages = metadata::packages()?;
    let mut failed = false;
    for check in Check::value_variants() {
        if !arguments.only.is_empty() && !arguments.only.contains(check) {
            continue;
        }
        let name = format!("{check:?}").to_lowercase();
        match check.run(&toolchain, &packages) {
            Ok(()) => println!("{name}: good"),
            Err(error) => {
                println!("{name}: {error:#}");
                failed = true;
            }
        }
    }
    Ok(u8::from(failed))
}
