//! Rust's standard library: `tests/std`, an ordinary program, run out of `/bin`.

use anyhow::{Result, ensure};
use qemu_harness::{Backend, Controller, Disk, Format, Images, Machine, Session, VOLUME_BYTES};
use std::path::{Path, PathBuf};
use system_tests::{COMMAND, with_machine};
use volume_image::Image;

/// What the program prints of all its parts.
const ALL: [&str; 11] = [
    r#"args: ["std-program"]"#,
    "environment: /bin/std-program",
    r#"memory: [("a", 3), ("b", 2), ("c", 1)] 4999950000 70710.325"#,
    "time: after 2020: true",
    "threads: 6000 [7, 8, 9, 10] 7 4",
    "channel: 4950",
    "waiting: 2 true",
    r#"content: "one\ntw" 6 true"#,
    r#"names: ["a/", "text"] /tmp/std-program/text"#,
    "errors: [NotFound, AlreadyExists, AlreadyExists, NotADirectory, PermissionDenied]",
    "all is well",
];

/// A volume with the program.
fn volume(folder: &Path) -> Result<PathBuf> {
    let file = folder.join("volume.img");
    Image::format(&file, VOLUME_BYTES)?;
    let mut image = Image::open(&file)?;
    for directory in ["/bin", "/home", "/tmp"] {
        image.make_directories(directory)?;
    }
    image.write("/bin/std-program", &Images::get()?.program("std-program")?)?;
    image.close()?;
    Ok(file)
}

fn with_program(name: &str, script: impl FnOnce(&mut Session) -> Result<()>) {
    let folder = tempfile::tempdir().unwrap();
    let file = volume(folder.path()).unwrap();
    let disk = |machine: &mut Machine| {
        let backend = Backend::File { file: file.clone(), format: Format::Raw, kept: true };
        machine.disks = vec![Disk { controller: Controller::Virtio, backend }];
        Ok(())
    };
    with_machine(name, disk, script);
}

#[test]
fn an_ordinary_program_finds_what_the_standard_library_promises() {
    with_program("std", |session| {
        let printed = session.run("std-program", COMMAND)?.replace('\r', "");
        for line in ALL {
            ensure!(printed.lines().any(|it| it == line), "no line `{line}` in\n{printed}");
        }
        Ok(())
    });
}
