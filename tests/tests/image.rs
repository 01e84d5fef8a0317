//! Properties of the kernel image: its entries, its one exit, and the code on the way.
#![expect(clippy::expect_used, reason = "a test stops at the first thing that is missing")]

use iced_x86::Mnemonic;
use qemu_harness::{Elfs, Images, root};
use std::collections::BTreeSet;
use system_tests::{Function, Image};

/// The kernel as it boots for users, and with its debug checks.
fn kernels() -> [Image; 2] {
    Images::get().expect("images");
    let target = root().join("target");
    let elfs = [Elfs::in_target(&target), Elfs::with_checks(&target)];
    elfs.map(|elfs| Image::read(elfs.kernel()).expect("a kernel"))
}

const RETURNS: [Mnemonic; 6] = [
    Mnemonic::Sysret,
    Mnemonic::Sysretq,
    Mnemonic::Sysexit,
    Mnemonic::Sysexitq,
    Mnemonic::Iret,
    Mnemonic::Iretq,
];

/// The last part of a path.
fn short(name: &str) -> &str {
    name.rsplit("::").next().unwrap_or(name)
}

fn set<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<&'a str> {
    names.into_iter().map(short).collect()
}

const LEAVES: [&str; 2] = ["leave_by_sysret", "leave_by_iret"];
/// The functions that lead into them.
const DOORS: [&str; 2] = ["leave_fast", "leave"];
/// IRET of these returns to what was interrupted: the kernel, and after an NMI also user mode.
const BACK: [&str; 2] = ["interrupt_entry", "paranoid_entry"];

#[test]
fn exit_01_every_return_to_user_mode_is_behind_the_one_door() {
    for image in kernels() {
        let returns = set(image.with(&RETURNS));
        assert_eq!(returns, set(LEAVES.into_iter().chain(BACK)), "functions that return");
        for name in LEAVES {
            let stub = image.function(name).expect("a stub");
            assert_eq!(stub.count(&RETURNS), 1, "{name}");
            assert!(!image.is_named(stub), "{name} could be reached by a pointer");
        }
        // One function each leads into a stub. Both are private to the file of the door, which is
        // inlined where events arrive.
        for (name, door) in LEAVES.into_iter().zip(DOORS) {
            let callers = image.source_callers(name);
            assert_eq!(set(callers.iter().map(String::as_str)), set([door]), "{name}");
            assert!(callers.iter().all(|caller| caller.contains("leave::")), "{callers:?}");
        }
    }
}

#[test]
fn exit_24_a_release_has_nothing_of_the_checks() {
    let [release, checked] = kernels();
    let traces = |image: &Image| {
        let of_checks = |function: &&Function| {
            function.name.contains("::checks::") && !function.name.contains("selftest")
        };
        (image.functions().iter().filter(of_checks).count(), image.has_text("check failed"))
    };
    assert_eq!(traces(&release), (0, false));
    let (functions, text) = traces(&checked);
    assert!(functions > 0 && text, "the kernel with checks has some: {functions}, {text}");
}

/// Returns the assembly functions of the entries.
fn stubs(image: &Image) -> Vec<&Function> {
    let is_stub = |function: &&Function| {
        let name = function.name.as_str();
        let mine = name.contains("entry::stubs::") || name.contains("entry::compat::");
        name == "interrupt_stubs" || mine && name.ends_with("_entry")
    };
    image.functions().iter().filter(is_stub).collect()
}

#[test]
fn exit_28_the_ways_in_call_nothing_but_the_arrivals() {
    for image in kernels() {
        let stubs = stubs(&image);
        let names = set(stubs.iter().map(|stub| stub.name.as_str()));
        assert!(names.len() >= 5 && names.contains("syscall_entry"), "{names:?}");
        for jump in image.jumps().iter().filter(|jump| names.contains(short(&jump.from))) {
            let to = short(&jump.to);
            let arrival = jump.to.contains("entry::arrivals::") && to.ends_with("_arrived")
                || jump.to.contains("entry::in_kernel::");
            assert!(arrival || names.contains(to), "{jump:?}");
        }
        for stub in stubs {
            let through_memory = stub.calls_through_memory();
            assert_eq!(through_memory, 0, "{} calls through a pointer", stub.name);
        }
    }
}

const SWAP: Mnemonic = Mnemonic::Swapgs;
const BASES: [Mnemonic; 2] = [Mnemonic::Rdgsbase, Mnemonic::Wrgsbase];

#[test]
fn exit_37_gs_is_swapped_at_the_border_alone() {
    for image in kernels() {
        let swaps = image.with(&[SWAP]);
        for name in swaps {
            let at_the_border = short(name).ends_with("_entry") || LEAVES.contains(&short(name));
            let function = image.function(name).expect("a function");
            // Elsewhere for one instruction at a time, that reads or writes the user's base.
            let looks = function.count_in_a_row(&[&[SWAP], &BASES, &[SWAP]]);
            let times = if at_the_border { 1 } else { 2 * looks };
            assert_eq!(function.count(&[SWAP]), times, "{name}");
        }
        // What cannot know whose gs it is does not touch it.
        assert_eq!(image.function("paranoid_entry").expect("it").count(&[Mnemonic::Swapgs]), 0);
    }
}

/// The modules that do exit work and schedule. A function of theirs is found by its source file,
/// also where it is inlined.
const WORK: [&str; 2] = ["microkernel/src/exit/", "microkernel/src/sched/"];

/// Returns the modules of `WORK` and the leaving stubs that an entry leads to.
fn work_behind(image: &Image, entry: &str) -> BTreeSet<String> {
    let entry = image.function(entry).expect("an entry");
    let reached = image.reachable(&entry.name);
    let sources = image.sources(&reached);
    assert!(!sources.is_empty(), "no debug information for {}", entry.name);
    let is_used = |module: &&&str| sources.iter().any(|file| file.starts_with(**module));
    let modules = WORK.iter().filter(is_used).map(|module| (*module).to_owned());
    let names = reached.iter().map(|name| short(name));
    let stubs = names.filter(|name| LEAVES.contains(name)).map(str::to_owned);
    modules.chain(stubs).collect()
}

#[test]
fn exit_32_33_35_what_interrupts_the_kernel_never_works_for_it() {
    for image in kernels() {
        for entry in ["interrupt_in_kernel", "paranoid_arrived"] {
            assert_eq!(work_behind(&image, entry), BTreeSet::new(), "{entry}");
        }
        // From user mode the same search finds all of it.
        let all = WORK.into_iter().chain(LEAVES).map(str::to_owned).collect();
        assert_eq!(work_behind(&image, "interrupt_arrived"), all);
    }
}

#[test]
fn exit_40_nothing_is_called_on_the_last_steps() {
    for image in kernels() {
        for name in LEAVES {
            let stub = image.function(name).expect("a stub");
            let from = image.jumps().into_iter().filter(|jump| jump.from == stub.name).count();
            assert_eq!((from, stub.calls_through_memory()), (0, 0), "{name}");
        }
    }
}
