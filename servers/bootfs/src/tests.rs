#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::BootFs;
use files::{FilesError, How, VolumeClient};
use service::CallError;
use testkit::run;

/// An archive of these files, and the list of their checksums.
fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let sums: String = files
        .iter()
        .map(|(name, data)| format!("{:08x} {name}\n", crc32fast::hash(data)))
        .collect();
    let mut builder = tar::Builder::new(Vec::new());
    let all = core::iter::once(("checksums", sums.as_bytes())).chain(files.iter().copied());
    for (name, data) in all {
        let mut header = tar::Header::new_ustar();
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, data).unwrap();
    }
    builder.into_inner().unwrap()
}

#[test]
fn files_of_the_archive_are_read_and_damaged_ones_are_not() {
    let mut bytes = archive(&[("shell", b"a program"), ("manifest", b"text"), ("empty", b"")]);
    let place = bytes.windows(4).position(|window| window == b"text").unwrap();
    bytes[place] ^= 1;
    let size = bytes.len();
    bytes.extend_from_slice(&[0xaa; 100]);
    run(move |system| {
        let program = system.program("boot").fact("access", "1 / write");
        let server = program.serve(move |env| {
            volume::run(&env, BootFs::new(bytes.clone(), size).map_err(rt::Failure::new)?)
        });
        let volume = VolumeClient::from_endpoint(server.endpoint(1));
        let names: Vec<String> =
            volume.list("/", 0).unwrap().into_iter().map(|entry| entry.name).collect();
        assert_eq!(names, ["shell", "manifest", "empty"]);
        let (file, opened) = volume.open("shell", How::READ).unwrap();
        let mut read = [0; 20];
        assert_eq!((file.read(2, &mut read), opened.metadata.len), (Ok(7), 9));
        assert_eq!(&read[..7], b"program");
        let (damaged, _) = volume.open("manifest", How::READ).unwrap();
        let refused = |error| Err(CallError::Service(error));
        assert_eq!(damaged.read(0, &mut read), refused(FilesError::Damaged));
        let (empty, _) = volume.open("empty", How::READ).unwrap();
        assert_eq!(empty.read(0, &mut read), Ok(0));
        assert_eq!(volume.remove("shell"), refused(FilesError::ReadOnly).map(|_: u32| ()));
        server.restart();
        assert_eq!(file.read(0, &mut read), Err(CallError::Refused));
    });
}
