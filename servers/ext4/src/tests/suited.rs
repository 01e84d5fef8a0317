//! The suite of volumes on a disk in ext4, judged by other readers of ext4.

use super::disk::{Disk, complaints};
use super::suite::{self, program, put, volume};
use files::{How, VolumeClient};
use testkit::{Server, System, run};

pub(super) fn serve<'a>(system: &'a System, disk: &Disk) -> Server<'a> {
    let disk = disk.clone();
    program(system).serve(move |env| ::volume::run_cached(&env, disk.volume(), 32))
}

fn start(system: &System) -> Server<'_> {
    serve(system, &Disk::formatted())
}

tests!(start:
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
fn what_is_written_is_clean_and_read_by_another_reader() {
    let disk = Disk::formatted();
    let of = disk.clone();
    run(move |system| {
        let server = serve(system, &of);
        server.client("one", |endpoint| write(&volume(endpoint))).join();
    });
    let image = disk.image();
    assert_eq!(complaints(&image, false), None, "clean after a sync, without a replay");
    let reader = ext4_view::Ext4::load(Box::new(image.bytes())).unwrap();
    let long: Vec<u8> = (0_u8..=250).cycle().take(300_000).collect();
    assert_eq!(reader.read("/l").unwrap(), long);
    assert_eq!(reader.read_dir("/d").unwrap().count(), 303);
}

fn write(volume: &VolumeClient) {
    volume.make_directory("d").unwrap();
    let long: Vec<u8> = (0_u8..=250).cycle().take(300_000).collect();
    put(volume, "d/long", &long[..256 << 10]);
    let (file, _) = volume.open("d/long", How::WRITE).unwrap();
    assert_eq!(file.append(&long[256 << 10..]), Ok(256 << 10));
    volume.make_link("l", "d/long").unwrap();
    (0..300).for_each(|n| put(volume, &format!("d/file with a longer name {n}"), b"x"));
    volume.sync().unwrap();
}
