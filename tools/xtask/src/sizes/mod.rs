//! `sizes`: the sizes of kernel, programs and their memory, with the difference to the record.
//!
//! The record is `tests/bench/sizes.json`; a commit that changes sizes on purpose renews it with
//! `--record`.

mod elf;
mod memory;
mod record;
mod source;

use crate::{build, setup};
use anyhow::Result;
use clap::Args;
use qemu_harness::Images;
use record::Size;

/// Show the sizes of kernel, programs and memory, with the difference to the record.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Make them the record, tests/bench/sizes.json
    #[arg(long)]
    record: bool,
}

/// The command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8> {
    setup::qemu()?;
    let images = build::for_bench(&setup::toolchain()?)?;
    let (now, seconds) = all(&images)?;
    print!("{}", record::table(&now, &record::read()?));
    println!("boot to the prompt: {seconds:.2} s on this host");
    if arguments.record {
        record::write(&now)?;
    }
    Ok(0)
}

/// All sizes in the order of the table, and the time of the boot in seconds.
fn all(images: &Images) -> Result<(Vec<Size>, f32)> {
    let mut sizes = elf::kernel(images)?;
    sizes.extend(source::lines()?);
    let (running, seconds) = memory::at_prompt(images)?;
    sizes.extend(running);
    sizes.extend(memory::of_objects(images)?);
    sizes.extend(elf::programs(images)?);
    Ok((sizes, seconds))
}
