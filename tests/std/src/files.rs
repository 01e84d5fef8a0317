//! Files and directories.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;

pub fn all() {
    let folder = std::env::temp_dir().join("std-program");
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(folder.join("a/b")).unwrap();
    content(&folder);
    names(&folder);
    errors(&folder);
    let old = std::env::current_dir().unwrap();
    std::env::set_current_dir("/tmp").unwrap();
    assert!(Path::new("std-program/a/b").is_dir());
    std::env::set_current_dir(&old).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    assert!(!folder.exists());
}

fn content(folder: &Path) {
    let path = folder.join("text");
    let mut file = File::create(&path).unwrap();
    writeln!(file, "one").unwrap();
    drop(file);
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"two\n").unwrap();
    file.sync_all().unwrap();
    let mut file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(4)).unwrap();
    let mut rest = String::new();
    file.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "two\n");
    assert_eq!(file.seek(SeekFrom::End(-1)).unwrap(), 7);
    let mut again = file.try_clone().unwrap();
    again.write_all(b"!").unwrap();
    assert_eq!(file.stream_position().unwrap(), 8);
    file.set_len(6).unwrap();
    let metadata = fs::metadata(&path).unwrap();
    println!(
        "content: {:?} {} {}",
        fs::read_to_string(&path).unwrap(),
        metadata.len(),
        metadata.is_file()
    );
    let big = vec![7; 300_000];
    fs::write(folder.join("big"), &big).unwrap();
    assert_eq!(fs::copy(folder.join("big"), folder.join("a/copy")).unwrap(), 300_000);
    assert_eq!(fs::read(folder.join("a/copy")).unwrap(), big);
}

fn names(folder: &Path) {
    fs::rename(folder.join("a/copy"), folder.join("a/b/moved")).unwrap();
    fs::remove_file(folder.join("big")).unwrap();
    let mut found: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            format!(
                "{}{}",
                entry.file_name().display(),
                if entry.file_type().unwrap().is_dir() { "/" } else { "" }
            )
        })
        .collect();
    found.sort();
    println!("names: {found:?} {}", fs::canonicalize(folder.join("a/../text")).unwrap().display());
}

fn errors(folder: &Path) {
    let kinds = [
        File::open(folder.join("nothing")).unwrap_err().kind(),
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(folder.join("text"))
            .unwrap_err()
            .kind(),
        fs::remove_dir(folder).unwrap_err().kind(),
        File::open(folder.join("text/x")).unwrap_err().kind(),
        fs::write("/boot/new", "x").unwrap_err().kind(),
    ];
    println!("errors: {kinds:?}");
    assert_eq!(kinds[0], ErrorKind::NotFound);
}
