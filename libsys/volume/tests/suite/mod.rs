//! What every volume must do, through the real interface: the same tests for each file system.
//!
//! A test file has a function that starts such a volume ([`program`]), and names the tests that it
//! runs by [`tests!`].

#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use files::{FilesError, How, Time, VolumeClient};
use service::CallError;
use sys::{Endpoint, Memory, Rights};
use testkit::{Program, Server, System};

pub mod paths;

/// Starts a volume.
pub type Start = for<'a> fn(&'a System) -> Server<'a>;

/// A program that is a volume whose clients 1 and 2 write everywhere, 3 writes below `/home/x`, 4
/// reads below `/home`, 5 reads all and writes below `/home/x`, and others are given nothing.
pub fn program(system: &System) -> Program<'_> {
    let keep = Memory::create(4).unwrap();
    let program = system.program("volume").handle("keep", &keep, Rights::ALL);
    let program = program.fact("access", "1 / write").fact("access", "2 / write");
    program
        .fact("access", "3 /home/x write")
        .fact("access", "4 /home read")
        .fact("access", "5 / write=/home/x")
}

/// The time of the tests.
pub fn clock() -> volume::Clock {
    std::sync::Arc::new(|| Time(sys::clock()))
}

/// Makes tests of functions of the suite.
macro_rules! tests {
    ($start:path: $($module:ident::$name:ident),+ $(,)?) => { $(
        #[test]
        fn $name() {
            suite::$module::$name($start);
        }
    )+ };
}

/// Runs a script as client 1 of a new volume.
pub fn with_client(start: Start, script: impl FnOnce(&VolumeClient) + Send + 'static) {
    testkit::run(|system: &System| {
        let server = start(system);
        server.client("one", move |endpoint| script(&volume(endpoint))).join();
    });
}

pub fn volume(endpoint: Endpoint) -> VolumeClient {
    VolumeClient::from_endpoint(endpoint)
}

/// Writes a whole file.
pub fn put(volume: &VolumeClient, path: &str, bytes: &[u8]) {
    let (file, _) = volume.open(path, How::REPLACE).unwrap();
    assert_eq!(file.write(0, bytes), Ok(u32::try_from(bytes.len()).unwrap()));
}

/// Reads a whole file.
pub fn get(volume: &VolumeClient, path: &str) -> Result<Vec<u8>, FilesError> {
    let (file, opened) = volume.open(path, How::READ).map_err(refusal)?;
    let mut bytes = vec![0; usize::try_from(opened.metadata.len).unwrap()];
    let read = file.read(0, &mut bytes).map_err(refusal)?;
    assert_eq!(u64::from(read), opened.metadata.len);
    Ok(bytes)
}

/// What the volume said.
pub fn refusal(error: CallError<FilesError>) -> FilesError {
    match error {
        CallError::Service(error) => error,
        other => panic!("{other:?}"),
    }
}

/// Names in a directory, sorted, without the one that a check of ext4 wants to be there.
pub fn list(volume: &VolumeClient, path: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut from = 0;
    loop {
        let entries = volume.list(path, from).unwrap();
        let Some(last) = entries.last() else { break };
        from = last.next;
        names.extend(entries.into_iter().map(|entry| entry.name));
    }
    names.retain(|name| name != "lost+found");
    names.sort();
    names
}
