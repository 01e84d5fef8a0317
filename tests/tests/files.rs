//! Files in the whole system: they last, their servers may die, programs are loaded from them.

use anyhow::{Context as _, Result, ensure};
use qemu_harness::{Backend, Controller, Disk, Format, Images, Machine, Session, VOLUME_BYTES};
use std::path::{Path, PathBuf};
use std::process::Command;
use system_tests::{COMMAND, eventually, expect, restarts, with_machine};
use volume_image::Image;

/// The clients of the workload, and how long they work, in seconds.
const CLIENTS: u32 = 4;
const SECONDS: u32 = 8;
/// Deaths of each server meanwhile, at least.
const DEATHS: u32 = 6;

/// A new volume in a folder of the test.
fn volume(folder: &Path) -> Result<PathBuf> {
    let file = folder.join("volume.img");
    Image::format(&file, VOLUME_BYTES)?;
    let mut image = Image::open(&file)?;
    for directory in ["/bin", "/home", "/tmp", "/var/log"] {
        image.make_directories(directory)?;
    }
    image.close()?;
    Ok(file)
}

/// A machine on this volume, which keeps what is written.
fn on(file: &Path) -> impl FnOnce(&mut Machine) -> Result<()> {
    let backend = Backend::File { file: file.into(), format: Format::Raw, kept: true };
    move |machine| {
        machine.disks = vec![Disk { controller: Controller::Virtio, backend }];
        Ok(())
    }
}

/// Judged by another implementation, where the host has one.
fn is_clean(file: &Path) -> Result<()> {
    match Command::new("e2fsck").arg("-fn").arg(file).output() {
        Ok(told) => {
            let text = String::from_utf8_lossy(&told.stdout);
            ensure!(told.status.success(), "e2fsck: {text}");
        }
        Err(_) => println!("e2fsck is not installed: the volume is read instead"),
    }
    let mut image = Image::open(file)?;
    image.check()?;
    image.close()
}

#[test]
fn files_outlast_a_boot_and_the_host_finds_the_volume_clean() {
    let folder = tempfile::tempdir().unwrap();
    let file = volume(folder.path()).unwrap();
    with_machine("files-first", on(&file), |session| {
        expect(session, "echo hello > /home/a; cat /home/a | wc", &["1 ", " 6"])?;
        expect(session, "mkdir /home/d; cp /home/a /home/d/b; ls -l /home", &["a", "d"])?;
        expect(session, "df", &["/tmp", "ext4"])?;
        expect(session, "echo gone > /tmp/a; cat /tmp/a", &["gone"])?;
        session.run("sync", COMMAND)?;
        Ok(())
    });
    is_clean(&file).unwrap();
    let mut image = Image::open(&file).unwrap();
    assert_eq!(image.read("/home/d/b").unwrap(), b"hello\n");
    image.write("/home/from-host", b"across\n").unwrap();
    image.close().unwrap();
    with_machine("files-second", on(&file), |session| {
        expect(session, "cat /home/a /home/from-host", &["hello", "across"])?;
        expect(session, "cat /tmp/a", &["no such file"])?;
        Ok(())
    });
    is_clean(&file).unwrap();
}

#[test]
fn the_log_is_text_and_outlasts_a_boot() {
    let folder = tempfile::tempdir().unwrap();
    let file = volume(folder.path()).unwrap();
    with_machine("log-first", on(&file), |session| {
        session.run("hello before", COMMAND)?;
        session.run("crash store", COMMAND)?;
        // Each statement has its strings, those of the kernel too.
        expect(session, "log -n 4000 | grep -c 'unknown text'", &["0"])?;
        expect(session, "log -n 4000 | grep greeting", &["hello INFO  greeting before"])?;
        let shown = "grep greeting /var/log/system";
        eventually(session, shown, "greeting", |text| {
            text.contains("greeting before").then_some(())
        })?;
        // What it has taken it does not take again after its death.
        session.run("crash syslog", COMMAND)?;
        session.run("hello again", COMMAND)?;
        expect(session, "log | grep greeting", &["hello INFO  greeting again"])?;
        expect(session, "grep -c before /var/log/system", &["1"])?;
        session.run("sync", COMMAND)?;
        Ok(())
    });
    with_machine("log-second", on(&file), |session| {
        expect(session, "log -n 1", &["] "])?;
        expect(session, "grep -c '^== boot' /var/log/system", &["2"])?;
        expect(session, "cat /var/log/system", &["greeting before", "backtrace of store"])?;
        Ok(())
    });
    is_clean(&file).unwrap();
}

#[test]
fn a_program_that_the_host_copies_in_runs() {
    let folder = tempfile::tempdir().unwrap();
    let file = volume(folder.path()).unwrap();
    let mut image = Image::open(&file).unwrap();
    let hello = Images::get().unwrap().program("hello").unwrap();
    image.write("/bin/greet", &hello).unwrap();
    image.write("/bin/half", &hello[..hello.len() / 2]).unwrap();
    image.write("/bin/text", b"echo this is no program\n").unwrap();
    image.close().unwrap();
    with_machine("files-program", on(&file), |session| {
        expect(session, "greet you", &["Hello, you!"])?;
        expect(session, "run greet", &["Hello, world!"])?;
        expect(session, "cd /bin; ./greet here; cd /", &["Hello, here!"])?;
        expect(session, "half", &["half"])?;
        expect(session, "text", &["text"])?;
        expect(session, "greet", &["Hello, world!"])?;
        Ok(())
    });
}

#[test]
fn a_stick_in_fat_goes_between_host_and_machine() {
    let folder = tempfile::tempdir().unwrap();
    let (root, stick) = (volume(folder.path()).unwrap(), folder.path().join("stick.img"));
    Image::format_as(&stick, 8 << 20, volume_image::Format::Fat).unwrap();
    let mut image = Image::open(&stick).unwrap();
    image.write("/From the host.txt", b"across\n").unwrap();
    image.close().unwrap();
    let both = |machine: &mut Machine| {
        let disk = |controller, file: &Path| {
            let backend = Backend::File { file: file.into(), format: Format::Raw, kept: true };
            Disk { controller, backend }
        };
        machine.disks = vec![disk(Controller::Virtio, &root), disk(Controller::Nvme, &stick)];
        Ok(())
    };
    with_machine("files-fat", both, |session| {
        expect(session, "cat '/usb/From the host.txt'", &["across"])?;
        expect(session, "echo hello > /usb/a.txt; cat /usb/A.TXT; df /usb", &["hello", "fat"])?;
        expect(
            session,
            "mkdir /usb/d; cp /boot/hello '/usb/d/a long name'; ls /usb/d",
            &["a long"],
        )?;
        session.run("crash usb", COMMAND)?;
        expect(session, "mv /usb/a.txt /usb/d/b.txt; cat /usb/d/b.txt", &["hello"])?;
        expect(session, "ln -s a /usb/l", &["the volume cannot do it"])?;
        session.run("sync", COMMAND)?;
        Ok(())
    });
    if let Ok(told) = Command::new("fsck.fat").arg("-n").arg(&stick).output() {
        let text = String::from_utf8_lossy(&told.stdout);
        assert!(told.status.success(), "fsck.fat: {text}");
    }
    let mut image = Image::open(&stick).unwrap();
    assert_eq!(image.read("/d/b.txt").unwrap(), b"hello\n");
    let hello = Images::get().unwrap().program("hello").unwrap();
    assert_eq!(image.read("/d/a long name").unwrap(), hello);
    assert_eq!(image.check().unwrap(), 4);
    image.close().unwrap();
}

#[test]
fn without_a_disk_there_are_files_in_memory() {
    let none = |machine: &mut Machine| {
        machine.disks.clear();
        Ok(())
    };
    with_machine("files-none", none, |session| {
        expect(session, "echo here > /tmp/a; cat /tmp/a", &["here"])?;
        expect(session, "cat /home/a", &["/home/a", "blk0"])?;
        expect(session, "run hello", &["Hello, world!"])?;
        Ok(())
    });
}

#[test]
fn no_byte_is_wrong_while_volume_and_driver_die() {
    let folder = tempfile::tempdir().unwrap();
    let file = volume(folder.path()).unwrap();
    with_machine("files-deaths", on(&file), |session| under_load(session, &["root", "virtio-blk"]));
    is_clean(&file).unwrap();
}

fn under_load(session: &mut Session, servers: &[&str]) -> Result<()> {
    for seed in 1..=CLIENTS {
        session.run(&format!("run fsload /home {SECONDS} {seed} &"), COMMAND)?;
    }
    for _ in 0..DEATHS {
        for server in servers {
            session.run(&format!("crash {server}"), COMMAND)?;
        }
    }
    eventually(session, "jobs", "no job", |table| (!table.contains("fsload")).then_some(()))?;
    for server in servers {
        let deaths = restarts(session, server)?;
        ensure!(deaths >= DEATHS, "{server}: {deaths} deaths");
    }
    let transcript = session.transcript();
    let good = transcript.lines().filter(|line| line.ends_with("fsload: good")).count();
    ensure!(good == usize::try_from(CLIENTS)?, "{good} of {CLIENTS} clients end well");
    let lines = transcript.lines().filter(|line| line.contains(" bytes checked"));
    lines.for_each(|line| println!("{line}"));
    expect(session, "ls /home", &[]).map(drop).context("the volume still answers")
}
