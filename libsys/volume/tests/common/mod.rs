//! A volume in memory, and clients of it.

#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use files::{FilesError, How, Time, VolumeClient};
use service::CallError;
use sys::{Endpoint, Memory, Rights};
use testkit::{Server, System};
use volume::MemoryFs;

/// Bytes of the volume.
pub const BYTES: u64 = 256 << 10;
/// Its nodes.
pub const NODES: u64 = 40;

/// A volume whose clients 1 and 2 write everywhere, 3 writes below `/home/x`, 4 reads below
/// `/home`, and others are given nothing.
pub fn start(system: &System) -> Server<'_> {
    start_with(system, |env| {
        let clock = Box::new(|| Time(sys::clock()));
        volume::run(&env, MemoryFs::new(BYTES, NODES, clock))
    })
}

pub fn start_with(
    system: &System,
    main: impl Fn(rt::Env) -> Result<(), rt::Failure> + Send + Sync + 'static,
) -> Server<'_> {
    let keep = Memory::create(4).unwrap();
    let program = system.program("volume").handle("keep", &keep, Rights::ALL);
    let program = program.fact("access", "1 / write").fact("access", "2 / write");
    program.fact("access", "3 /home/x write").fact("access", "4 /home read").serve(main)
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

/// Names in a directory, sorted.
pub fn list(volume: &VolumeClient, path: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut from = 0;
    loop {
        let entries = volume.list(path, from).unwrap();
        let Some(last) = entries.last() else { break };
        from = last.next;
        names.extend(entries.into_iter().map(|entry| entry.name));
    }
    names.sort();
    names
}
