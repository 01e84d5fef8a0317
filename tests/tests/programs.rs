//! Programs and crates of the registry, unmodified: `cargo xtask test --programs` builds them.

use anyhow::Result;
use qemu_harness::{Backend, Controller, Disk, Format, Images, Machine, Session, VOLUME_BYTES};
use std::path::{Path, PathBuf};
use system_tests::{expect, with_machine};
use volume_image::Image;

/// A volume with the programs, and something to search.
fn volume(folder: &Path) -> Result<PathBuf> {
    let file = folder.join("volume.img");
    Image::format(&file, VOLUME_BYTES)?;
    let mut image = Image::open(&file)?;
    for directory in ["/bin", "/home", "/tmp", "/doc/more"] {
        image.make_directories(directory)?;
    }
    for name in ["rg", "crates"] {
        image.write(&format!("/bin/{name}"), &Images::get()?.program(name)?)?;
    }
    image.write("/doc/a", b"one\na postern\nthree\n")?;
    image.write("/doc/more/b", b"no gate\nposterns\n")?;
    image.close()?;
    Ok(file)
}

fn with_programs(name: &str, script: impl FnOnce(&mut Session) -> Result<()>) {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error:#}"));
    let file = volume(folder.path()).unwrap_or_else(|error| panic!("{error:#}"));
    let disk = |machine: &mut Machine| {
        let backend = Backend::File { file: file.clone(), format: Format::Raw, kept: true };
        machine.disks = vec![Disk { controller: Controller::Virtio, backend }];
        Ok(())
    };
    with_machine(name, disk, script);
}

#[test]
#[ignore = "run by `cargo xtask test --programs`, which builds them"]
fn ripgrep_searches_a_tree() {
    with_programs("programs-rg", |session| {
        let found = ["/doc/a:2:a postern", "/doc/more/b:2:posterns"];
        expect(session, "rg -n --no-heading --sort path postern /doc", &found)?;
        expect(session, "rg -c postern /doc/a", &["1"])?;
        expect(session, "cat /doc/a | rg -v postern -", &["one", "three"])?;
        expect(session, "rg nothing-like-it /doc; echo $?", &["1"])?;
        Ok(())
    });
}

#[test]
#[ignore = "run by `cargo xtask test --programs`, which builds them"]
fn crates_of_the_registry_work() {
    with_programs("programs-crates", |session| {
        expect(session, "crates rayon", &["1999998 with "])?;
        expect(session, "crates redb /home/runs; crates redb /home/runs", &["run 1", "run 2"])?;
        expect(session, "crates regex 'a.c' xabcx", &["true"])?;
        expect(session, "crates rhai 'let x = 40; x + 2'", &["42"])?;
        expect(session, "crates json '[1, null]'", &["null"])?;
        expect(session, "crates tempfile", &["for a while"])?;
        expect(session, "crates walk /doc", &["/doc/a", "/doc/more", "/doc/more/b"])?;
        expect(session, "crates wasm", &["42"])?;
        Ok(())
    });
}
