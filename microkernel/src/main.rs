//! The kernel image: how it boots, top-down.
//!
//! Both ways of booting come to [`start`] with the same information. From [`run`] on
//! the kernel is on its own page tables and stack; the end of it is the core's first
//! decision, and from then on the kernel only runs when something enters it.
#![no_std]
#![no_main]

mod arch;
mod selftest;

use arch::x86_64::boot::options::Options;
use arch::x86_64::boot::program::Program;
use arch::x86_64::boot::{Boot, Facts, processors};
use arch::x86_64::cpu::block::{running, this_cpu};
use arch::x86_64::cpu::syscall_registers::entries;
use arch::x86_64::cpu::{features, weaknesses};
use arch::x86_64::debug::fail;
use arch::x86_64::hardware::Hardware;
use arch::x86_64::irq::timer;
use arch::x86_64::probe::watch;
use arch::x86_64::{entry, irq, log, serial, time};
use archive::{Archive, ArchiveError};
use bootloader_api::BootInfo;
use core_kernel::{BootProcess, CpuId, Kernel, Sizes};

/// The image is linked again when its linker script changes.
const _: &str = include_str!("../kernel.ld");

/// Pages of the first program's stack.
const STACK_PAGES: u64 = 16;

/// The first program's priority.
const PRIORITY: u8 = 40;

/// From the direct boot or the boot loader, on its page tables and stack.
fn start(info: &'static mut BootInfo) -> ! {
    serial::init();
    let facts = Facts::gather(info);
    features::enable_no_execute();
    entry::fill_interrupt_table();
    Boot::prepare(facts).hand_over(run)
}

/// On the kernel's own page tables and stack.
fn run(mut boot: Boot) -> ! {
    let cpu = entry::init(CpuId(0), &boot.stacks);
    irq::init(&boot.controllers, &boot.platform.overrides, cpu);
    if !timer::calibrate(time::init(boot.hpet)) {
        fail(format_args!("the timer of the local interrupt controller does not count"))
    }

    let archive = boot
        .archive()
        .ok_or(ArchiveError::Absent)
        .and_then(Archive::open)
        .unwrap_or_else(|error| fail(format_args!("{error}")));
    let line = boot.facts.cmdline.or_else(|| archive.text("cmdline")).unwrap_or_default();
    if line.len() > abi::CMDLINE_MAX {
        let (len, most) = (line.len(), abi::CMDLINE_MAX);
        fail(format_args!("command line: it is {len} bytes long; at most {most}"));
    }
    let options = Options::parse(line);
    set_log_level(&options);
    weaknesses::tell();
    start_other_cpus(&mut boot, &options);
    defmt::info!(
        "postern: {=u64} KiB of memory; CPUs: found {=usize}, running {=usize}",
        boot.facts.usable_bytes() / 1024,
        boot.platform.cpus_found,
        running().count(),
    );

    let mut machine = Hardware::new(&boot.facts.ram, &boot.platform, boot.space.root());
    if options.selftest {
        selftest::run(&mut machine, &mut boot, options.inject);
    }
    if let Some(entries) = entries().filter(|_| options.watch == Some("entry")) {
        watch::turn_on(entries);
    }
    let mut kernel = make_kernel(machine, &mut boot);
    start_first_program(&mut kernel, &boot, &archive, &options);
    time::check_again();
    entry::dispatch::publish(kernel);
    processors::admit_parked();
    entry::dispatch::join(this_cpu())
}

fn set_log_level(options: &Options<'_>) {
    let level = options.log.unwrap_or("info");
    if !log::set_level(level) {
        fail(format_args!(
            "command line: log={level}: no such level; use error, warn, info, debug, trace or off"
        ));
    }
}

fn start_other_cpus(boot: &mut Boot, options: &Options<'_>) {
    match options.max_cpus.map(str::parse) {
        None => processors::start_all(boot, usize::MAX),
        Some(Ok(most)) if most > 0 => processors::start_all(boot, most),
        _ => fail(format_args!("command line: maxcpus: use a number from 1 on")),
    }
}

/// The core, with all memory that the boot has left.
fn make_kernel(machine: Hardware, boot: &mut Boot) -> Kernel<Hardware> {
    let frames_end = boot.facts.ram_end().div_ceil(abi::PAGE_SIZE);
    let sizes = Sizes::for_memory(boot.facts.usable_bytes(), frames_end);
    let mut kernel = Kernel::new(machine, &mut boot.frames, &sizes, running().count());
    for (first, frames) in boot.frames.rest() {
        kernel.add_frames(first, frames);
    }
    kernel
}

/// The first program, from the archive.
fn start_first_program(
    kernel: &mut Kernel<Hardware>,
    boot: &Boot,
    archive: &Archive<'_>,
    options: &Options<'_>,
) {
    let name = options.init();
    let file = archive.file(name).unwrap_or_else(|error| fail(format_args!("{error}")));
    let program = Program::parse(file)
        .unwrap_or_else(|error| fail(format_args!("boot archive: {name}: {error}")));
    let process = BootProcess {
        name,
        segments: &program.segments,
        entry: program.entry,
        cmdline: options.line,
        archive: boot.archive_frames(),
        stack_pages: STACK_PAGES,
        priority: PRIORITY,
    };
    if let Err(error) = kernel.boot_process(&process) {
        fail(format_args!("{name}: it cannot be started: {error}"));
    }
}
