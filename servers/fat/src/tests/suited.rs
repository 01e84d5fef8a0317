//! The suite of volumes on a disk in FAT, as far as FAT goes, judged by a check of the format.

use super::disk::Disk;
use super::suite::{self, get, list, program, put, refusal, volume};
use files::{FilesError, How, Ticket, VolumeClient};
use service::CallError;
use testkit::{Server, System, run};

/// FAT16 and FAT32.
const SMALL: usize = 8 << 20;
const LARGE: usize = 80 << 20;

fn serve<'a>(system: &'a System, disk: &Disk) -> Server<'a> {
    let disk = disk.clone();
    program(system).serve(move |env| ::volume::run_cached(&env, disk.volume(), 32))
}

fn start(system: &System) -> Server<'_> {
    serve(system, &Disk::formatted(SMALL))
}

tests!(start:
    paths::locks_are_of_sessions,
    paths::a_long_directory_is_listed_in_pieces_while_it_changes,
);

fn write(volume: &VolumeClient) {
    volume.make_directory("d").unwrap();
    let long: Vec<u8> = (0_u8..=250).cycle().take(300_000).collect();
    put(volume, "d/long", &long[..256 << 10]);
    let (file, _) = volume.open("d/long", How::WRITE).unwrap();
    assert_eq!(file.append(&long[256 << 10..]), Ok(256 << 10));
    (0..300).for_each(|n| put(volume, &format!("d/file with a longer name {n}"), b"x"));
    (0..300).step_by(3).for_each(|n| {
        volume.rename(format!("d/FILE with a longer name {n}"), format!("d/{n}.txt")).unwrap();
    });
    put(volume, "d/new", b"new");
    volume.rename("d/new", "d/0.txt").unwrap();
    (1..300).step_by(3).for_each(|n| {
        volume.remove(format!("d/file with a longer name {n}")).unwrap();
    });
    volume.sync().unwrap();
}

#[test]
fn what_is_written_is_clean_and_there_after_a_death() {
    for bytes in [SMALL, LARGE] {
        let disk = Disk::formatted(bytes);
        let of = disk.clone();
        run(move |system| {
            let server = serve(system, &of);
            server.client("one", |endpoint| write(&volume(endpoint))).join();
            server.kill();
            server.restart();
            server
                .client("one", |endpoint| {
                    let volume = volume(endpoint);
                    let (file, opened) = volume.open("D/LONG", How::READ).unwrap();
                    let mut bytes = vec![0; 40_000];
                    assert_eq!(
                        (opened.metadata.len, file.read(262_000, &mut bytes)),
                        (300_000, Ok(38_000))
                    );
                    assert!(
                        (262_000_u32..300_000)
                            .zip(&bytes)
                            .all(|(at, byte)| *byte == (at % 251) as u8)
                    );
                    assert_eq!(get(&volume, "d/0.txt").unwrap(), b"new");
                    assert_eq!(list(&volume, "d").len(), 201);
                })
                .join();
        });
        assert_eq!(disk.complaints(), [""; 0], "{bytes} bytes");
    }
}

#[test]
fn what_fat_does_not_have_is_refused() {
    suite::with_client(start, |volume| {
        put(volume, "f", b"x");
        for refused in [volume.make_link("l", "f"), volume.add_name("f", "g")] {
            assert_eq!(refusal(refused.unwrap_err()), FilesError::Unsupported);
        }
        for name in ["a:b", "a?", "end."] {
            assert_eq!(refusal(volume.make_directory(name).unwrap_err()), FilesError::BadName);
        }
        assert_eq!(refusal(volume.make_directory("F").unwrap_err()), FilesError::Exists);
    });
}

#[test]
fn an_open_file_goes_on_after_a_death_and_never_shows_another_one() {
    run(|system| {
        let server = serve(system, &Disk::formatted(SMALL));
        let before = server.client("one", |endpoint| {
            let volume = volume(endpoint);
            put(&volume, "kept", b"kept");
            put(&volume, "gone", b"gone");
            let tickets = ["kept", "gone"].map(|name| {
                let (file, opened) = volume.open(name, How::WRITE).unwrap();
                (std::mem::ManuallyDrop::new(file), opened.ticket)
            });
            volume.remove("gone").unwrap();
            // It has the place of the removed one.
            put(&volume, "gone", b"another");
            let mut bytes = [0; 16];
            let read = tickets[1].0.read(0, &mut bytes).map_err(refusal);
            assert_eq!(read, Err(FilesError::NotFound));
            volume.sync().unwrap();
            tickets.map(|(_, ticket)| ticket)
        });
        let tickets: [Ticket; 2] = before.join();
        server.kill();
        server.restart();
        server
            .client("one", move |endpoint| {
                let volume = volume(endpoint);
                let [kept, gone] = tickets.map(|ticket| volume.reopen(ticket));
                if let Ok((file, _)) = kept {
                    let mut bytes = [0; 4];
                    assert_eq!((file.read(0, &mut bytes), &bytes), (Ok(4), b"kept"));
                }
                assert!(matches!(gone, Err(CallError::Service(FilesError::Stale))), "{gone:?}");
            })
            .join();
    });
}
