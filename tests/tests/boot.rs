//! Every way to boot, and every way it can be prevented.
#![expect(clippy::expect_used, reason = "a test stops at the first thing that is missing")]

use anyhow::{Result, ensure};
use qemu_harness::{Archive, Boot, Images, Machine, Outcome};
use system_tests::{COMMAND, expect, to_its_end, with_machine};

fn boots(name: &str, change: impl FnOnce(&mut Machine) -> Result<()>) {
    with_machine(name, change, |session| {
        expect(session, "run hello", &["Hello, world!"])?;
        expect(session, "mem", &["total"])?;
        // What is promised is enough for each server of the manifest.
        let servers = session.run("servers", COMMAND)?;
        ensure!(!servers.contains("quota"), "{servers}");
        Ok(())
    });
}

#[test]
fn direct_boot_in_128_mib_with_one_cpu() {
    boots("boot-1", |machine| {
        machine.cpus = 1;
        machine.memory_mib = 128;
        Ok(())
    });
}

#[test]
fn direct_boot_in_128_mib_with_two_cpus() {
    boots("boot-2", |machine| {
        machine.cpus = 2;
        Ok(())
    });
}

#[test]
fn a_bios_disk_image_boots() {
    boots("boot-bios", |machine| {
        *machine = Images::get()?.machine_with(Boot::Bios(Images::get()?.bios()?), "boot-bios");
        Ok(())
    });
}

#[test]
fn a_uefi_disk_image_boots() {
    boots("boot-uefi", |machine| {
        *machine = Images::get()?.machine_with(Boot::Uefi(Images::get()?.uefi()?), "boot-uefi");
        Ok(())
    });
}

/// What is special to QEMU, to shells and to patterns.
const HARD_NAME: &str = "a,b=c d,,\"e\"'f' 100%d%s \u{e9}:\\";

#[test]
fn a_clone_in_a_folder_of_any_name_boots() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().join(HARD_NAME);
    std::fs::create_dir(&folder).expect("a folder of this name");
    let images = Images::get().expect("images");
    let copy = |from: &std::path::Path| {
        let to = folder.join(from.file_name().expect("a file"));
        std::fs::copy(from, &to).expect("a copy");
        to
    };
    let (kernel, archive) = (copy(&images.kernel), copy(&images.archive));
    let disk = copy(&images.bios().expect("a disk image"));
    let direct = Boot::Direct { kernel, archive, command_line: String::new() };
    for (name, boot) in [("boot-hard", direct), ("boot-hard-bios", Boot::Bios(disk))] {
        boots(name, |machine| {
            *machine = Machine::new(boot, folder.join(format!("{name}.log")), images.elfs());
            Ok(())
        });
        assert!(folder.join(format!("{name}.log")).is_file(), "the log is elsewhere");
    }
}

/// Boots with other bytes in the place of the boot archive.
fn with_archive(name: &str, bytes: &[u8], words: &str) -> Result<Outcome> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("boot.tar");
    std::fs::write(&file, bytes)?;
    let mut machine = Images::get()?.machine(name).with_archive(&file);
    machine.append(words)?;
    to_its_end(&machine)
}

fn refused(outcome: Result<Outcome>, wanted: &[&str]) {
    let outcome = outcome.expect("a run");
    let verdict = outcome.verdict.to_string();
    assert!(verdict.contains("the boot archive or the command line"), "{outcome}");
    for text in wanted {
        assert!(outcome.transcript.contains(text), "`{text}` is missing:\n{outcome}");
    }
}

fn archive() -> Archive {
    Archive::read(&Images::get().expect("images").archive).expect("the boot archive")
}

#[test]
fn no_archive_is_named() {
    refused(with_archive("boot-none", &[0; 1024], ""), &["boot archive"]);
}

#[test]
fn an_archive_that_is_cut_off_is_named() {
    let bytes = archive().to_bytes().unwrap();
    refused(with_archive("boot-cut", &bytes[..bytes.len() / 8], ""), &["boot archive"]);
}

#[test]
fn a_damaged_init_is_named() {
    let mut bytes = archive().to_bytes().unwrap();
    let init = archive().get("init").unwrap().to_vec();
    let at = bytes.windows(init.len()).position(|window| window == init).unwrap();
    bytes[at + init.len() / 2] ^= 1;
    refused(with_archive("boot-damaged", &bytes, ""), &["init", "checksum"]);
}

#[test]
fn an_init_that_is_no_program_is_named() {
    let bytes = archive().set("init", b"#!/bin/sh".to_vec()).to_bytes().unwrap();
    refused(with_archive("boot-noelf", &bytes, ""), &["init"]);
}

#[test]
fn an_init_that_is_missing_is_named() {
    let bytes = archive().remove("init").to_bytes().unwrap();
    refused(with_archive("boot-noinit", &bytes, ""), &["init"]);
    let bytes = archive().to_bytes().unwrap();
    refused(with_archive("boot-other", &bytes, "init=nobody"), &["nobody"]);
}

#[test]
fn an_unknown_kernel_word_is_named() {
    let bytes = archive().to_bytes().unwrap();
    refused(with_archive("boot-word", &bytes, "log=loud"), &["loud"]);
}

#[test]
fn a_command_line_that_is_too_long_is_named_with_its_limit() {
    let words = "x".repeat(abi::CMDLINE_MAX + 1);
    let bytes = archive().set("cmdline", words.into_bytes()).to_bytes().unwrap();
    refused(with_archive("boot-words", &bytes, ""), &["2049 bytes long; at most 2048"]);
    boots("boot-long", |machine| machine.append(&"x".repeat(abi::CMDLINE_MAX)).map(|_| ()));
}

#[test]
fn a_damaged_server_is_named() {
    let mut bytes = archive().to_bytes().unwrap();
    let template = archive().get("template").unwrap().to_vec();
    let at = bytes.windows(template.len()).position(|window| window == template).unwrap();
    bytes[at + template.len() / 2] ^= 1;
    refused(with_archive("boot-server", &bytes, ""), &["template", "checksum"]);
}
