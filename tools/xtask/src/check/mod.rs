//! `check`: format, lints, import directions, layers, import cycles, the border of `unsafe`,
//! words, interfaces, documentation.
//!
//! All with the pinned toolchain, so that the answer does not depend on the user's.

mod arrows;
mod border;
mod cycles;
mod docs;
mod documents;
mod layers;
mod lints;
mod modules;
mod properties;
pub(crate) mod tokens;
mod verdict;
mod words;

pub(crate) use border::sources;

use crate::metadata::{self, Package};
use crate::setup::{self, Toolchain};
use anyhow::Result;
use clap::{Args, ValueEnum};

/// Check the sources: format, lints, layers, the border of unsafe code, documents and more.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Only these checks (may be repeated)
    #[arg(long, value_name = "CHECK")]
    only: Vec<Check>,
}

/// One of the checks.
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
    /// The quick ones first.
    const ALL: [Self; 11] = [
        Self::Format,
        Self::Imports,
        Self::Layers,
        Self::Cycles,
        Self::Unsafe,
        Self::Properties,
        Self::Documents,
        Self::Words,
        Self::Interfaces,
        Self::Lints,
        Self::Docs,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Format => "format",
            Self::Imports => "import directions",
            Self::Layers => "layers of the core",
            Self::Cycles => "import cycles",
            Self::Unsafe => "border of unsafe",
            Self::Properties => "properties",
            Self::Documents => "documents",
            Self::Words => "words",
            Self::Interfaces => "interfaces",
            Self::Lints => "lints",
            Self::Docs => "documentation",
        }
    }

    fn run(self, toolchain: &Toolchain, packages: &[Package]) -> Result<()> {
        match self {
            Self::Format => lints::format(toolchain),
            Self::Imports => arrows::check(packages),
            Self::Layers => layers::check(),
            Self::Cycles => cycles::check(packages),
            Self::Unsafe => border::check(packages),
            Self::Properties => properties::check(),
            Self::Documents => documents::check(),
            Self::Words => words::check(),
            Self::Interfaces => crate::api::check(packages),
            Self::Lints => lints::clippy(toolchain, packages),
            Self::Docs => docs::check(toolchain, packages),
        }
    }
}

/// The command: all checks, also after one that fails.
pub(crate) fn run(arguments: &Arguments) -> Result<u8> {
    let toolchain = setup::with_lints()?;
    let packages = metadata::packages()?;
    let mut failed = 0;
    for check in Check::ALL {
        if !arguments.only.is_empty() && !arguments.only.contains(&check) {
            continue;
        }
        match check.run(&toolchain, &packages) {
            Ok(()) => println!("{}: good", check.name()),
            Err(error) => {
                println!("{}: {error:#}", check.name());
                failed += 1;
            }
        }
    }
    Ok(u8::from(failed > 0))
}
