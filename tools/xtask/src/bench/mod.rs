//! `bench`: costs of operations in guest instructions, the same on every machine.
//!
//! A machine boots the program `tests/programs/bench` and counts instructions
//! (`-icount shift=0`); what it prints is read by the crate `bench-results`.

mod files;
mod io;
mod trace;

use crate::{build, setup, step::Step};
use anyhow::{Result, ensure};
use bench_results::{Peers, RENEW, Row, Run, compare, growth, rows, scale, table};
use clap::Args;
use qemu_harness::Images;

/// Numbers of CPUs for `--cpus`.
const CPUS: [u32; 3] = [1, 2, 4];
/// Memory of a machine with many objects, in MiB.
const SCALE_MEMORY: u32 = 512;

/// Measure the cost of operations in guest instructions; compare with seL4 and Linux.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Only operations with one of these in their names
    #[arg(value_name = "OP")]
    operations: Vec<String>,
    /// The most measurements of each operation
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    samples: u32,
    /// Compare with the baseline and with seL4 and Linux
    #[arg(long)]
    compare: bool,
    /// Add the results to tests/bench/results.jsonl
    #[arg(long, conflicts_with = "operations")]
    record: bool,
    /// Make the results the baseline, tests/bench/baseline.json
    #[arg(long, conflicts_with = "operations")]
    baseline: bool,
    /// Instead: draw the baseline beside seL4 and Linux, and the history, into tests/bench/*.svg
    #[arg(long, conflicts_with_all = ["operations", "samples", "compare", "record", "baseline"])]
    draw: bool,
    /// Instead: calls within a CPU and to another one, on 1, 2 and 4 CPUs, in nanoseconds of
    /// this host, which vary
    #[arg(long, conflicts_with = "operations")]
    cpus: bool,
    /// Instead: a few operations with 10, 1,000 and 100,000 threads, endpoints, handles, timers,
    /// mappings; fails when a cost grows without a reason
    #[arg(long, conflicts_with = "operations")]
    scale: bool,
    /// Instead: requests and bytes in a second of this host that a client reads from disks
    #[arg(long, conflicts_with_all = ["operations", "cpus", "scale"])]
    io: bool,
    /// Instead: every guest instruction of one operation, by function
    #[arg(long, value_name = "OP", conflicts_with_all = ["operations", "samples", "cpus", "scale", "io"])]
    trace: Option<String>,
    /// With --trace: list each instruction
    #[arg(long, requires = "trace")]
    full: bool,
}

/// The command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8> {
    if arguments.draw {
        return files::draw().map(|()| 0);
    }
    setup::qemu()?;
    let images = build::for_bench(&setup::toolchain()?)?;
    if let Some(operation) = &arguments.trace {
        return trace::run(&images, operation, arguments.full);
    }
    if arguments.io {
        return io::run(&images);
    }
    if arguments.cpus {
        return on_cpus(&images, arguments.samples);
    }
    if arguments.scale {
        return with_many(&images);
    }
    let measured = measure(&images, &arguments.operations, arguments.samples)?;
    if arguments.compare {
        tell(&measured)?;
    } else {
        print!("{}", table(&measured));
    }
    let run = files::run(&measured)?;
    if arguments.record {
        run.append(&files::results())?;
    }
    if arguments.baseline {
        run.write(&files::baseline())?;
    }
    if arguments.record || arguments.baseline {
        files::draw()?;
    }
    Ok(0)
}

/// Prints the comparison.
fn tell(measured: &[Row]) -> Result<()> {
    let baseline = files::baseline();
    let baseline = baseline.exists().then(|| Run::read(&baseline)).transpose()?;
    print!("{}", compare(measured, baseline.as_ref(), &Peers::read(&files::peers())?));
    let grown: Vec<String> = baseline.iter().flat_map(|run| growth(run, measured, false)).collect();
    if !grown.is_empty() {
        println!("{}\n{RENEW}", grown.join("\n"));
    }
    Ok(())
}

/// The rows with one of these in their names.
fn measure(images: &Images, operations: &[String], samples: u32) -> Result<Vec<Row>> {
    let step = Step::begin("measuring");
    let words = format!("samples={samples} rows={}", operations.join(","));
    let mut printed = Images::printed(&images.bench("bench", &words)?)?;
    printed.push_str(&images.printed_at_prompt("bench-prompt")?);
    step.end();
    let wanted =
        |row: &Row| operations.is_empty() || operations.iter().any(|part| row.name.contains(part));
    let measured: Vec<Row> = rows(&printed)?.into_iter().filter(wanted).collect();
    ensure!(!measured.is_empty(), "no operation's name contains {}", operations.join(" or "));
    Ok(measured)
}

/// Costs that depend on the host: printed, never judged.
fn on_cpus(images: &Images, samples: u32) -> Result<u8> {
    for cpus in CPUS {
        let words = format!("part=cpus samples={samples}");
        let mut machine = images.bench_by("bench", "bench-cpus", &words)?;
        machine.cpus = cpus;
        println!(
            "{cpus} CPUs, in ns of this host:\n{}",
            table(&rows(&Images::printed(&machine)?)?)
        );
    }
    Ok(0)
}

/// Costs with many objects. Returns 1 when a cost grows without a reason.
fn with_many(images: &Images) -> Result<u8> {
    let step = Step::begin("measuring");
    let mut machine = images.bench("bench-scale", "part=scale")?;
    machine.memory_mib = SCALE_MEMORY;
    let printed = Images::printed(&machine)?;
    step.end();
    let measured = rows(&printed)?;
    let (text, growing) = scale(&measured, &files::scale_reasons()?);
    print!("{text}");
    printed.lines().filter(|line| line.starts_with("scale: ")).for_each(|line| println!("{line}"));
    println!("{} costs grow without a reason: {}", growing.len(), growing.join(", "));
    Ok(u8::from(!growing.is_empty()))
}
