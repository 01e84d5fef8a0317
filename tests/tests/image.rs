//! What can be read off the kernel image: the ways in, the one way out, and who gets there.
#![expect(clippy::expect_used, reason = "a test stops at the first thing that is missing")]

use iced_x86::Mnemonic;
use qemu_harness::{Elfs, Images, root};
use std::collections::BTreeSet;
use system_tests::{Function, Image, Jump};

/// The kernel as it boots for users, and with its debug checks.
fn kernels() -> Vec<Image> {
    Images::get().expect("images");
    let target = root().join("target");
    let elfs = [Elfs::in_target(&target), Elfs::with_checks(&target)];
    elfs.iter().map(|elfs| Image::read(elfs.kernel()).expect("a kernel")).collect()
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

/// Those functions from which there is a way into this one.
fn callers(image: &Image, name: &str) -> BTreeSet<String> {
    let into = |jump: &Jump| short(&jump.to) == name;
    image.jumps().into_iter().filter(into).map(|jump| jump.from).collect()
}

const LEAVES: [&str; 2] = ["leave_by_sysret", "leave_by_iret"];
/// IRET of these goes back to what was interrupted: the kernel, and for what may come at any
/// moment (NMI) user mode, which it left only for a note.
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
        // Both stubs are behind one function: the one that follows the core's decision. What only
        // that function calls is a part of it.
        let behind = |name: &str| -> BTreeSet<String> { callers(&image, name) };
        let all: BTreeSet<String> = LEAVES.iter().flat_map(|name| behind(name)).collect();
        let is_part = |name: &String| behind(short(name)).is_subset(&all);
        let doors: Vec<&String> = all.iter().filter(|name| !is_part(name)).collect();
        let [door] = doors[..] else { panic!("not one door: {all:?}") };
        assert!(door.contains("entry::dispatch::") || door.contains("entry::leave::"), "{door}");
    }
}

#[test]
fn exit_24_a_release_has_nothing_of_the_checks() {
    let [release, checked] = kernels().try_into().expect("two kernels");
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

/// The functions of assembly that the ways in are made of.
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

/// Functions through which all exit work goes: a pass of the exit loop, and what follows one.
const WORKS: [&str; 2] = ["pass", "slow_exit"];

/// Functions that do exit work or leave.
fn works(name: &str) -> bool {
    LEAVES.contains(&short(name)) || WORKS.contains(&short(name))
}

#[test]
fn exit_32_33_35_what_interrupts_the_kernel_never_works_for_it() {
    for image in kernels() {
        for name in WORKS {
            assert!(image.functions().iter().any(|it| short(&it.name) == name), "{name} is there");
        }
        for arrival in ["interrupt_in_kernel", "paranoid_arrived"] {
            let arrival = image.function(arrival).expect("an arrival");
            let reached = image.reachable(&arrival.name);
            let wrong: Vec<&String> = reached.iter().filter(|name| works(name)).collect();
            assert!(wrong.is_empty(), "{} leads to {wrong:?}", arrival.name);
        }
        // The same question has an answer where there is work.
        let arrival = image.function("syscall_arrived").expect("an arrival");
        assert!(image.reachable(&arrival.name).iter().any(|name| works(name)));
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
