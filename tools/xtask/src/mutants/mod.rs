//! `mutants`: puts one fault after another into the core; a test must notice each.
//!
//! The faults are in `microkernel/mutants.toml`. A copy of the sources in the target folder
//! is changed, built and tested, the quick tests first; the first test that fails is the one
//! that caught the fault. A fault whose text is not found, or that does not compile, says
//! nothing and is an error.

mod list;
mod tree;
mod trial;

use crate::workspace;
use anyhow::{Result, ensure};
use clap::Args;
use list::Fault;
use std::time::Instant;
use trial::{Trial, Verdict};

/// Put faults into the core, one at a time: a test must catch each.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Only faults whose name contains this
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    only: String,
    /// Only print the list
    #[arg(long)]
    list: bool,
}

/// The command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8> {
    let faults = list::read(&workspace::root())?;
    let wanted = |fault: &&Fault| fault.name.contains(&arguments.only);
    let faults: Vec<_> = faults.iter().filter(wanted).collect();
    ensure!(!faults.is_empty(), "no fault has `{}` in its name", arguments.only);
    if arguments.list {
        faults.iter().for_each(|fault| println!("{:24} {}", fault.name, fault.breaks));
        return Ok(0);
    }
    let trial = Trial::prepare()?;
    println!("{:28} {:>6}  {:44} caught by", "fault", "s", "what it breaks");
    let mut failed = 0;
    for fault in &faults {
        let started = Instant::now();
        let verdict = trial.of(fault)?;
        let seconds = started.elapsed().as_secs_f32();
        println!("{:28} {seconds:6.1}  {:44} {verdict}", fault.name, fault.breaks);
        failed += usize::from(!matches!(verdict, Verdict::Caught(_)));
    }
    println!("{} faults, {} caught, {failed} not", faults.len(), faults.len() - failed);
    Ok(u8::from(failed > 0))
}
