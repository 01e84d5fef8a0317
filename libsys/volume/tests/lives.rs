//! Deaths of the server and of clients.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::{list, put, refusal, start, volume};
use files::{FilesError, How, Ticket};
use service::CallError;
use testkit::run;

#[test]
fn a_client_that_dies_closes_its_files() {
    run(|system| {
        let server = start(system);
        let holder = server.client("one", |endpoint| {
            let volume = volume(endpoint);
            put(&volume, "f", &[1; 8192]);
            let file = volume.open("f", How::WRITE).unwrap();
            volume.remove("f").unwrap();
            sys::sleep_for(1_000_000_000_000);
            drop(file);
        });
        sys::sleep_for(1_000_000);
        let free = |endpoint| volume(endpoint).space().unwrap().free;
        let before = server.client("two", free).join();
        holder.kill();
        assert_eq!(volume(server.endpoint(2)).space().unwrap().free, before + 3 * 4096);
    });
}

#[test]
fn a_volume_in_memory_is_empty_after_a_death_and_its_files_are_stale() {
    run(|system| {
        let server = start(system);
        let volume = volume(server.endpoint(1));
        put(&volume, "f", b"lost");
        let (file, opened) = volume.open("f", How::READ).unwrap();
        server.restart();
        assert_eq!(file.metadata(), Err(CallError::Refused));
        assert_eq!(refusal(volume.reopen(opened.ticket).unwrap_err()), FilesError::Stale);
        assert_eq!(refusal(volume.reopen(Ticket(0)).unwrap_err()), FilesError::Stale);
        assert_eq!(list(&volume, "/"), [""; 0]);
    });
}
