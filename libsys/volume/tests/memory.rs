//! The volume in memory: the suite, its quota, and its deaths.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[macro_use]
mod suite;

use files::{FilesError, How, Ticket};
use service::CallError;
use suite::{list, program, put, refusal, volume, with_client};
use testkit::{Server, System, run};
use volume::MemoryFs;

/// Bytes of the volume.
const BYTES: u64 = 256 << 10;
/// Its nodes.
const NODES: u64 = 40;

fn start(system: &System) -> Server<'_> {
    program(system).serve(|env| volume::run(&env, MemoryFs::new(BYTES, NODES, suite::clock())))
}

fn start_large(system: &System) -> Server<'_> {
    program(system).serve(|env| volume::run(&env, MemoryFs::new(4 << 20, 1000, suite::clock())))
}

tests!(start_large:
    paths::files_and_directories_are_what_was_written,
    paths::a_file_is_read_written_cut_and_appended_to,
    paths::links_lead_to_files_and_loops_end,
    paths::bad_paths_get_typed_errors,
    paths::a_client_sees_its_subtree_and_no_more,
    paths::a_removed_file_lives_until_it_is_closed,
    paths::locks_are_of_sessions,
    paths::a_long_directory_is_listed_in_pieces_while_it_changes,
);

#[test]
fn a_full_volume_and_too_many_files_are_refused() {
    with_client(start, |volume| {
        let (file, _) = volume.open("big", How::CREATE).unwrap();
        let block = vec![9; 64 << 10];
        let mut at = 0;
        let full = loop {
            match file.write(at, &block) {
                Ok(written) => at += u64::from(written),
                Err(error) => break refusal(error),
            }
        };
        assert_eq!(full, FilesError::Full);
        assert_eq!(refusal(file.append(b"xx").unwrap_err()), FilesError::Full);
        assert_eq!(refusal(volume.make_directory("d").unwrap_err()), FilesError::Full);
        assert_eq!(volume.space().unwrap().free, 0);
        drop(file);
        volume.remove("big").unwrap();
        let space = volume.space().unwrap();
        assert_eq!((space.free, space.free_nodes), (space.total, NODES - 1), "all came back");
        let names: Vec<String> = (0..).map(|n| format!("n{n}")).take(39).collect();
        names.iter().for_each(|name| put(volume, name, b""));
        assert_eq!(refusal(volume.open("one more", How::CREATE).unwrap_err()), FilesError::Full);
        let open: Vec<_> = (0..60).map(|_| volume.open("n0", How::READ).unwrap()).collect();
        assert_eq!(refusal(volume.open("n0", How::READ).unwrap_err()), FilesError::TooMany);
        drop(open);
        assert!(volume.open("n0", How::READ).is_ok());
    });
}

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
        volume.sync().unwrap();
        let (_file, fresh) = volume.open("g", How::NEW).unwrap();
        server.restart();
        assert_eq!(file.metadata(), Err(CallError::Refused));
        assert_eq!(refusal(volume.reopen(opened.ticket).unwrap_err()), FilesError::Stale);
        assert_eq!(refusal(volume.reopen(fresh.ticket).unwrap_err()), FilesError::NotSynced);
        assert_eq!(refusal(volume.reopen(Ticket(0)).unwrap_err()), FilesError::Stale);
        assert_eq!(list(&volume, "/"), [""; 0]);
    });
}
