//! Deaths of the server, and disks that are not there, not ext4, damaged, or fail.

use super::disk::{Disk, clock};
use super::suite::{get, list, program, put, refusal, volume};
use super::suited::serve;
use crate::Ext4Volume;
use files::{FilesError, How, LockKind, State};
use service::CallError;
use std::sync::{Arc, Mutex};
use testkit::run;
use volume::Opener;

#[test]
fn open_files_go_on_after_a_death() {
    run(|system| {
        let server = serve(system, &Disk::formatted());
        let (one, two) = (volume(server.endpoint(1)), volume(server.endpoint(2)));
        put(&one, "f", b"synced");
        put(&one, "gone", b"x");
        one.sync().unwrap();
        let (file, opened) = one.open("f", How::WRITE).unwrap();
        file.lock(LockKind::Exclusive).unwrap();
        let (_gone, removed) = one.open("gone", How::READ).unwrap();
        one.remove("gone").unwrap();
        one.sync().unwrap();
        let (_new, fresh) = one.open("new", How::CREATE).unwrap();
        let (_moved, moved) = one.open("from", How::CREATE).unwrap();
        one.rename("from", "to").unwrap();
        let (_dropped, dropped) = one.open("dropped", How::CREATE).unwrap();
        one.remove("dropped").unwrap();
        server.restart();
        assert_eq!(file.metadata(), Err(CallError::Refused), "the session is of the earlier life");
        assert_eq!(refusal(two.reopen(opened.ticket).unwrap_err()), FilesError::Stale);
        let (file, again) = one.reopen(opened.ticket).unwrap();
        assert_eq!(again.metadata.node, opened.metadata.node);
        assert_eq!(file.write(0, b"Synced"), Ok(6), "it is still open for writing");
        file.lock(LockKind::Exclusive).unwrap();
        assert_eq!(get(&two, "f").unwrap(), b"Synced");
        assert_eq!(refusal(one.reopen(fresh.ticket).unwrap_err()), FilesError::NotSynced);
        for gone in [removed, fresh, moved, dropped, opened] {
            assert_eq!(refusal(one.reopen(gone.ticket).unwrap_err()), FilesError::Stale);
        }
        file.sync().unwrap();
        server.restart();
        sys::sleep_for(3_600_000_000_000);
        let (_file, again) = one.reopen(opened.ticket).unwrap();
        assert_eq!(again.metadata.len, 6, "as often and as late as it must be");
        server.restart();
        one.remove("f").unwrap();
        put(&one, "other", b"o");
        assert_eq!(refusal(one.reopen(opened.ticket).unwrap_err()), FilesError::Stale);
    });
}

#[test]
fn changes_are_committed_after_a_while() {
    run(|system| {
        let server = serve(system, &Disk::formatted());
        let volume = volume(server.endpoint(1));
        put(&volume, "f", b"not synced");
        server.restart();
        assert_eq!(get(&volume, "f"), Err(FilesError::NotFound));
        put(&volume, "f", b"old enough");
        sys::sleep_for(6_000_000_000);
        server.restart();
        assert_eq!(get(&volume, "f").unwrap(), b"old enough");
    });
}

#[test]
fn a_disk_that_comes_later_is_found() {
    run(|system| {
        let place: Arc<Mutex<Option<Disk>>> = Arc::default();
        let known = place.clone();
        let server = program(system).serve(move |env| {
            let known = known.clone();
            let open: Opener<Disk> = Box::new(move || {
                let disk = known.lock().map_err(|error| error.to_string())?;
                disk.clone().ok_or_else(|| "blk0: no such disk or partition".into())
            });
            ::volume::run(&env, Ext4Volume::new("blk0", open, clock()))
        });
        let volume = volume(server.endpoint(1));
        let why = "blk0: no such disk or partition".to_string();
        assert_eq!(get(&volume, "f"), Err(FilesError::Unusable { why: why.clone() }));
        assert_eq!(volume.info().unwrap().state, State::Unusable { why });
        *place.lock().unwrap() = Some(Disk::blank());
        sys::sleep_for(2_000_000_000);
        let State::Unusable { why } = volume.info().unwrap().state else { panic!("no ext4") };
        assert_eq!(why, "superblock magic is invalid");
        *place.lock().unwrap() = Some(Disk::formatted());
        sys::sleep_for(2_000_000_000);
        put(&volume, "f", b"x");
        assert_eq!(list(&volume, "/"), ["f"]);
    });
}

#[test]
fn a_disk_that_fails_says_so_and_comes_back() {
    run(|system| {
        let disk = Disk::formatted();
        let server = serve(system, &disk);
        let volume = volume(server.endpoint(1));
        put(&volume, "f", b"kept");
        volume.sync().unwrap();
        let (file, _) = volume.open("f", How::WRITE).unwrap();
        disk.platter().broken = true;
        assert_eq!(
            file.write(0, b"lost").and_then(|_| file.sync().map(|()| 0)).map_err(refusal),
            Err(FilesError::Device)
        );
        assert!(matches!(volume.info().unwrap().state, State::ReadOnly { .. } | State::Writable));
        disk.platter().broken = false;
        server.restart();
        let kept = get(&volume, "f").unwrap();
        assert!(kept == b"kept" || kept == b"lost");
        put(&volume, "g", b"works again");
        volume.sync().unwrap();
    });
}
