//! Paths, links, rights, names and errors.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::{Start, get, list, put, refusal, volume, with_client};
use files::{FilesError, How, Kind, LockKind, Time, VolumeClient};
use testkit::run;

pub fn files_and_directories_are_what_was_written(start: Start) {
    with_client(start, |volume| {
        volume.make_directory("/home").unwrap();
        volume.make_directory("home/x").unwrap();
        put(volume, "/home/x/a", b"hello");
        assert_eq!(get(volume, "home/./x//../x/a").unwrap(), b"hello");
        assert_eq!(list(volume, "/"), ["home"]);
        assert_eq!(list(volume, "/home/x"), ["a"]);
        let metadata = volume.metadata("/home/x/a", true).unwrap();
        assert_eq!((metadata.kind, metadata.len, metadata.links), (Kind::File, 5, 1));
        assert_eq!(volume.metadata("/home", true).unwrap().links, 3);
        volume.set_modified("/home/x/a", Time(77_000_000_000)).unwrap();
        volume.set_mode("/home/x/a", 0o750).unwrap();
        let metadata = volume.metadata("/home/x/a", true).unwrap();
        assert_eq!((metadata.modified, metadata.mode), (Time(77_000_000_000), 0o750));
        volume.rename("/home/x/a", "/home/b").unwrap();
        assert_eq!(get(volume, "/home/x/a"), Err(FilesError::NotFound));
        assert_eq!(get(volume, "/home/b").unwrap(), b"hello");
        volume.add_name("/home/b", "/c").unwrap();
        volume.remove("/home/b").unwrap();
        assert_eq!(get(volume, "/c").unwrap(), b"hello");
        assert_eq!(refusal(volume.remove_directory("/home").unwrap_err()), FilesError::NotEmpty);
        volume.remove_directory("/home/x").unwrap();
        volume.remove_directory("/home").unwrap();
        assert_eq!(list(volume, "/"), ["c"]);
    });
}

pub fn a_file_is_read_written_cut_and_appended_to(start: Start) {
    with_client(start, |volume| {
        let (file, _) = volume.open("f", How::CREATE).unwrap();
        let long: Vec<u8> = (0_u8..=255).cycle().take(100_000).collect();
        assert_eq!(file.write(10, &long), Ok(100_000), "lent as pages");
        let mut back = vec![1; 100_020];
        assert_eq!(file.read(0, &mut back), Ok(100_010));
        assert_eq!((&back[..10], &back[10..100_010]), (&[0; 10][..], &long[..]));
        file.set_len(4).unwrap();
        assert_eq!(file.append(b"end"), Ok(4));
        let mut back = [1; 16];
        assert_eq!(file.read(2, &mut back), Ok(5));
        assert_eq!(&back[..5], b"\0\0end");
        assert_eq!(file.read(1 << 60, &mut back), Ok(0));
        assert_eq!(refusal(file.write(u64::MAX, b"xy").unwrap_err()), FilesError::TooBig);
        assert_eq!(refusal(file.set_len(u64::MAX).unwrap_err()), FilesError::TooBig);
        file.set_len(1 << 40).unwrap();
        assert!(file.metadata().unwrap().stored <= 8192, "holes take nothing");
        let (reader, _) = volume.open("f", How::READ).unwrap();
        assert_eq!(refusal(reader.write(0, b"x").unwrap_err()), FilesError::ReadOnly);
        assert_eq!(refusal(volume.open("f", How::NEW).unwrap_err()), FilesError::Exists);
    });
}

pub fn links_lead_to_files_and_loops_end(start: Start) {
    with_client(start, |volume| {
        volume.make_directory("d").unwrap();
        put(volume, "d/f", b"f");
        volume.make_link("l", "d/f").unwrap();
        volume.make_link("d/up", "../l").unwrap();
        volume.make_link("abs", "/d/up").unwrap();
        assert_eq!(get(volume, "abs").unwrap(), b"f");
        assert_eq!(volume.read_link("abs").unwrap(), "/d/up");
        assert_eq!(volume.metadata("abs", false).unwrap().kind, Kind::Link);
        volume.make_link("new", "d/made").unwrap();
        put(volume, "new", b"by a link");
        assert_eq!(get(volume, "d/made").unwrap(), b"by a link");
        volume.make_link("a", "b").unwrap();
        volume.make_link("b", "a").unwrap();
        volume.make_link("self", "self/self").unwrap();
        for path in ["a", "b/x", "self"] {
            assert_eq!(get(volume, path), Err(FilesError::LinkLoop), "{path}");
        }
        volume.remove("a").unwrap();
        assert_eq!(get(volume, "b"), Err(FilesError::NotFound), "a link to nothing");
        assert_eq!(refusal(volume.open("b", How::NEW).unwrap_err()), FilesError::Exists);
    });
}

pub fn bad_paths_get_typed_errors(start: Start) {
    with_client(start, |volume| {
        put(volume, "f", b"");
        let long = "n".repeat(256);
        let deep = "d/".repeat(600);
        let cases = [
            ("nul\0", FilesError::BadName),
            (long.as_str(), FilesError::TooLong),
            (deep.as_str(), FilesError::TooLong),
            ("f/x", FilesError::NotDirectory),
            ("none/x", FilesError::NotFound),
            ("/", FilesError::IsDirectory),
            ("..", FilesError::IsDirectory),
        ];
        for (path, error) in cases {
            assert_eq!(refusal(volume.open(path, How::CREATE).unwrap_err()), error, "{path}");
        }
        assert_eq!(refusal(volume.make_directory("/").unwrap_err()), FilesError::Exists);
        assert_eq!(refusal(volume.remove_directory("/").unwrap_err()), FilesError::Busy);
        assert_eq!(refusal(volume.rename("/", "x").unwrap_err()), FilesError::Busy);
        assert_eq!(refusal(volume.make_link("l", "").unwrap_err()), FilesError::BadName);
        volume.make_directory("d").unwrap();
        volume.make_directory("d/e").unwrap();
        assert_eq!(refusal(volume.rename("d", "d/e/d").unwrap_err()), FilesError::Busy);
        assert_eq!(refusal(volume.rename("f", "d").unwrap_err()), FilesError::IsDirectory);
        assert_eq!(refusal(volume.rename("d", "f").unwrap_err()), FilesError::NotDirectory);
        volume.make_directory("g").unwrap();
        assert_eq!(refusal(volume.rename("g", "d").unwrap_err()), FilesError::NotEmpty);
        volume.rename("g", "d/e").unwrap();
        assert_eq!(list(volume, "/"), ["d", "f"]);
        assert_eq!(refusal(volume.remove("d").unwrap_err()), FilesError::IsDirectory);
        assert_eq!(refusal(volume.remove_directory("f").unwrap_err()), FilesError::NotDirectory);
        volume.add_name("f", "f2").unwrap();
        volume.rename("f", "f2").unwrap();
        assert_eq!(list(volume, "/"), ["d", "f", "f2"], "two names of one file: nothing to do");
    });
}

pub fn a_client_sees_its_subtree_and_no_more(start: Start) {
    run(|system| {
        let server = start(system);
        let all = |name, script: fn(&VolumeClient)| {
            server.client(name, move |endpoint| script(&volume(endpoint))).join();
        };
        all("one", |volume| {
            volume.make_directory("home").unwrap();
            volume.make_directory("home/x").unwrap();
            put(volume, "secret", b"s");
            put(volume, "home/near", b"n");
            put(volume, "home/x/mine", b"m");
            volume.make_link("home/x/out", "../../secret").unwrap();
            volume.make_link("home/x/abs", "/secret").unwrap();
        });
        all("two", |_| ());
        all("three", |volume| {
            assert_eq!(list(volume, "/"), ["abs", "mine", "out"]);
            for path in ["../near", "../../secret", "out", "abs", "/../../secret"] {
                assert_eq!(get(volume, path), Err(FilesError::NotFound), "{path}");
            }
            volume.make_link("far", "../../../../home/near").unwrap();
            assert_eq!(get(volume, "far"), Err(FilesError::NotFound));
            put(volume, "../mine", b"its own root");
            assert_eq!(get(volume, "mine").unwrap(), b"its own root");
            assert_eq!(refusal(volume.rename("mine", "..").unwrap_err()), FilesError::Busy);
        });
        all("four", |volume| {
            assert_eq!(get(volume, "x/mine").unwrap(), b"its own root");
            for how in [How::WRITE, How::CREATE, How { truncate: true, ..How::READ }] {
                let refused = volume.open("x/mine", how).unwrap_err();
                assert_eq!(refusal(refused), FilesError::NotAllowed);
            }
            assert_eq!(refusal(volume.remove("near").unwrap_err()), FilesError::NotAllowed);
            assert_eq!(refusal(volume.make_directory("d").unwrap_err()), FilesError::NotAllowed);
        });
        all("five", |volume| {
            assert_eq!(get(volume, "home/near").unwrap(), b"n");
            put(volume, "home/x/mine", b"five's");
            put(volume, "home/x/new", b"n");
            volume.make_directory("home/x/d").unwrap();
            volume.rename("home/x/new", "home/x/d/new").unwrap();
            let refused = [
                volume.open("home/near", How::WRITE).map(drop),
                volume.open("home/x/out", How::WRITE).map(drop),
                volume.open("home/x/../new", How::NEW).map(drop),
                volume.add_name("home/near", "home/x/near"),
                volume.rename("home/near", "home/x/near"),
                volume.rename("home/x/mine", "home/mine"),
                volume.remove("secret"),
                volume.set_mode("home/near", 0o600),
                volume.make_directory("home/d"),
            ];
            for refused in refused {
                assert_eq!(refusal(refused.unwrap_err()), FilesError::NotAllowed);
            }
            assert_eq!(get(volume, "home/near").unwrap(), b"n");
        });
        all("six", |volume| {
            assert_eq!(get(volume, "/"), Err(FilesError::NotAllowed));
            assert_eq!(refusal(volume.list("/", 0).unwrap_err()), FilesError::NotAllowed);
            assert_eq!(refusal(volume.sync().unwrap_err()), FilesError::NotAllowed);
        });
    });
}

pub fn a_removed_file_lives_until_it_is_closed(start: Start) {
    with_client(start, |volume| {
        put(volume, "f", b"still there");
        put(volume, "g", b"new");
        let before = volume.space().unwrap().free;
        let (file, _) = volume.open("f", How::WRITE).unwrap();
        let (other, _) = volume.open("f", How::READ).unwrap();
        volume.rename("g", "f").unwrap();
        let mut bytes = [0; 11];
        assert_eq!(file.read(0, &mut bytes), Ok(11));
        assert_eq!(&bytes, b"still there");
        drop(file);
        assert_eq!(other.metadata().unwrap().links, 0);
        assert_eq!(get(volume, "f").unwrap(), b"new");
        assert_eq!(volume.space().unwrap().free, before);
        drop(other);
        volume.sync().unwrap();
        assert!(volume.space().unwrap().free > before, "its blocks came back");
    });
}

pub fn locks_are_of_sessions(start: Start) {
    with_client(start, |volume| {
        put(volume, "f", b"");
        let open = || volume.open("f", How::READ).unwrap().0;
        let (one, two) = (open(), open());
        one.lock(LockKind::Shared).unwrap();
        two.lock(LockKind::Shared).unwrap();
        assert_eq!(refusal(one.lock(LockKind::Exclusive).unwrap_err()), FilesError::Locked);
        two.lock(LockKind::None).unwrap();
        one.lock(LockKind::Exclusive).unwrap();
        assert_eq!(refusal(two.lock(LockKind::Shared).unwrap_err()), FilesError::Locked);
        drop(one);
        two.lock(LockKind::Exclusive).unwrap();
    });
}

pub fn a_long_directory_is_listed_in_pieces_while_it_changes(start: Start) {
    with_client(start, |volume| {
        let names: Vec<String> = (0..200).map(|n| format!("n{n:03}")).collect();
        names.iter().for_each(|name| put(volume, name, b""));
        assert_eq!(list(volume, "/"), names);
        let first = volume.list("/", 0).unwrap();
        assert!(first.len() <= 64, "at most a page of them");
        let mut seen: Vec<String> = first.iter().map(|entry| entry.name.clone()).collect();
        volume.remove(seen[30].as_str()).unwrap();
        let removed = names.iter().rev().find(|name| !seen.contains(name)).unwrap();
        volume.remove(removed.as_str()).unwrap();
        let mut from = first.last().unwrap().next;
        loop {
            let entries = volume.list("/", from).unwrap();
            let Some(last) = entries.last() else { break };
            from = last.next;
            seen.extend(entries.into_iter().map(|entry| entry.name));
        }
        seen.sort();
        let mut expected = names.clone();
        expected.retain(|name| name != removed);
        seen.retain(|name| name != "lost+found");
        assert_eq!(seen, expected, "each that was there all the time, once");
    });
}
