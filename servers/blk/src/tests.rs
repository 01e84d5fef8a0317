//! Tables that lie, and the whole server over disks in memory.

#![expect(clippy::cast_possible_truncation, reason = "small numbers")]

use crate::gpt::{self, Blocks, Partition};
use blk_api::{BlkClient, BlkDoor};
use block::{BlockClient, BlockDriverClient, BlockError, RamDisk};
use gpt_disk_types::{Crc32, GptHeader, GptPartitionEntry, GptPartitionType, Guid, LbaLe, U32Le};
use sys::{Endpoint, Rights};

const BLOCK: usize = 512;
const BLOCKS: u64 = 256;

/// A disk in memory.
struct Image(Vec<u8>);

impl Blocks for Image {
    fn block_bytes(&self) -> usize {
        BLOCK
    }
    fn blocks(&self) -> u64 {
        (self.0.len() / BLOCK) as u64
    }
    fn read(&mut self, first: u64, into: &mut [u8]) -> Result<(), BlockError> {
        let at = first as usize * BLOCK;
        let bytes = self.0.get(at..at + into.len()).ok_or(BlockError::OutOfRange)?;
        into.copy_from_slice(bytes);
        Ok(())
    }
}

fn lba(number: u64) -> LbaLe {
    LbaLe::from_u64(number)
}

fn entry(first: u64, last: u64, label: &str) -> GptPartitionEntry {
    let mut entry = GptPartitionEntry {
        partition_type_guid: GptPartitionType(
            Guid::try_parse("0fc63daf-8483-4772-8e79-3d69d8477de4").unwrap(),
        ),
        starting_lba: lba(first),
        ending_lba: lba(last),
        ..GptPartitionEntry::default()
    };
    for (place, unit) in label.encode_utf16().enumerate() {
        entry.name.0[2 * place..2 * place + 2].copy_from_slice(&unit.to_le_bytes());
    }
    entry
}

/// An image with both copies of a table of these entries.
fn image(entries: &[GptPartitionEntry], change: impl Fn(&mut GptHeader)) -> Image {
    let mut bytes = vec![0; BLOCK * BLOCKS as usize];
    let mut array = [0; 8 * 128];
    for (place, entry) in array.chunks_exact_mut(128).zip(entries) {
        place.copy_from_slice(bytemuck::bytes_of(entry));
    }
    for (at, array_at) in [(1, 2), (BLOCKS - 1, BLOCKS - 3)] {
        let mut header = GptHeader {
            my_lba: lba(at),
            first_usable_lba: lba(34),
            last_usable_lba: lba(BLOCKS - 34),
            partition_entry_lba: lba(array_at),
            number_of_partition_entries: U32Le::from_u32(8),
            size_of_partition_entry: U32Le::from_u32(128),
            partition_entry_array_crc32: Crc32(U32Le::from_u32(crc32fast::hash(&array))),
            ..GptHeader::default()
        };
        change(&mut header);
        header.update_header_crc32();
        let (at, array_at) = (at as usize * BLOCK, array_at as usize * BLOCK);
        bytes[at..at + size_of::<GptHeader>()].copy_from_slice(bytemuck::bytes_of(&header));
        bytes[array_at..array_at + array.len()].copy_from_slice(&array);
    }
    Image(bytes)
}

fn two() -> [GptPartitionEntry; 2] {
    [entry(40, 49, "first"), entry(50, 149, "second")]
}

fn expected() -> Vec<Partition> {
    let partition = |number, label: &str, first, blocks| Partition {
        number,
        label: label.into(),
        first,
        blocks,
    };
    vec![partition(1, "first", 40, 10), partition(2, "second", 50, 100)]
}

#[test]
fn partitions_are_read() {
    assert_eq!(gpt::read(&mut image(&two(), |_| ())), Ok(Some(expected())));
    assert_eq!(gpt::read(&mut Image(vec![0; BLOCK * 256])), Ok(None));
    assert_eq!(gpt::read(&mut Image(vec![0; BLOCK])), Ok(None), "a disk of one block");
    assert_eq!(gpt::read(&mut Image(Vec::new())), Ok(None));
}

#[test]
fn the_copy_at_the_end_stands_in_for_a_damaged_table() {
    for at in [BLOCK + 3, BLOCK + 60, 2 * BLOCK + 40] {
        let mut image = image(&two(), |_| ());
        image.0[at] ^= 4;
        assert_eq!(gpt::read(&mut image), Ok(Some(expected())), "byte {at}");
        image.0[(BLOCKS as usize - 1) * BLOCK] ^= 1;
        assert_eq!(gpt::read(&mut image), Ok(None));
    }
}

#[test]
fn partitions_outside_of_the_disk_or_over_others_do_not_count() {
    for wrong in [
        entry(50, 40, "backwards"),
        entry(45, 60, "over"),
        entry(30, 33, "over the table"),
        entry(200, BLOCKS + 5, "beyond"),
        entry(0, u64::MAX, "all"),
        entry(u64::MAX, u64::MAX, "far"),
        GptPartitionEntry::default(),
    ] {
        let entries = [two()[0], wrong, two()[1]];
        let found = gpt::read(&mut image(&entries, |_| ())).unwrap().unwrap();
        let labels: Vec<_> = found.iter().map(|it| (it.number, it.label.as_str())).collect();
        assert_eq!(labels, [(1, "first"), (3, "second")], "{wrong}");
    }
}

#[test]
fn tables_of_impossible_sizes_are_none() {
    let changes: [fn(&mut GptHeader); 6] = [
        |header| header.number_of_partition_entries = U32Le::from_u32(u32::MAX),
        |header| header.size_of_partition_entry = U32Le::from_u32(0),
        |header| header.size_of_partition_entry = U32Le::from_u32(u32::MAX),
        |header| header.size_of_partition_entry = U32Le::from_u32(129),
        |header| header.partition_entry_lba = lba(u64::MAX),
        |header| header.header_size = U32Le::from_u32(u32::MAX),
    ];
    for change in changes {
        assert_eq!(gpt::read(&mut image(&two(), change)), Ok(None));
    }
}

/// Any bytes at all: no panic, and no partition that is not on the disk.
#[test]
fn random_damage_makes_no_wrong_partitions() {
    let mut random = fastrand::Rng::with_seed(1);
    for _ in 0..if cfg!(miri) { 5 } else { 3000 } {
        let mut image = image(&two(), |header| {
            header.last_usable_lba = lba(u64::MAX);
        });
        for _ in 0..random.usize(..6) {
            let at = random.usize(BLOCK..4 * BLOCK);
            image.0[at] = random.u8(..);
        }
        for partition in gpt::read(&mut image).unwrap().unwrap_or_default() {
            assert!(partition.first + partition.blocks <= BLOCKS);
        }
    }
}

/// A driver of a disk with this table.
fn driver(env: rt::Env) -> Result<(), rt::Failure> {
    let mut disk = RamDisk::new(256);
    disk.bytes_mut().copy_from_slice(&image(&two(), |_| ()).0);
    let executor = executor::Executor::new()?;
    block::serve(&executor, env.handle("endpoint")?, disk)?;
    Ok(())
}

fn blk(env: rt::Env) -> Result<(), rt::Failure> {
    let known: Vec<(String, Endpoint)> = ["one", "two"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), env.handle(name).ok()?)))
        .collect();
    let connect: crate::Connect = Box::new(move |name| {
        let found = known.iter().find(|(known, _)| known == name);
        let (_, endpoint) = found.ok_or(service::CallError::Refused)?;
        let endpoint = endpoint.copy(Rights::SEND | Rights::TRANSFER).unwrap();
        Ok(BlockDriverClient::from_endpoint(endpoint))
    });
    crate::run(&env, &["none", "one", "two"], connect)
}

/// Runs a client (badge 1 writes `blk0p2`, reads all; badge 2 has nothing) over two drivers.
fn served<T: Send + 'static>(
    badge: u64,
    script: impl FnOnce(BlkClient) -> T + Send + 'static,
) -> T {
    testkit::run(|system| {
        let [one, two] = ["one", "two"].map(|name| system.serve(name, driver));
        let server = system.program("blk").arg("alice=blk0p2").arg("alice=*:read");
        let server = server.fact("client", "1 alice").fact("client", "2 bob");
        let server = server
            .badged("one", &one.endpoint(9), Rights::SEND | Rights::TRANSFER, 0)
            .badged("two", &two.endpoint(9), Rights::SEND | Rights::TRANSFER, 0)
            .serve(blk);
        let blk = server;
        let script = |env: rt::Env| script(BlkClient::from_endpoint(env.handle("blk").unwrap()));
        let client = system.program("client");
        let rights = Rights::SEND | Rights::TRANSFER;
        client.handle("blk", &blk.endpoint(badge), rights).script(script).join()
    })
}

#[test]
fn disks_and_partitions_are_listed_with_rights() {
    let listed = |badge| {
        served(badge, |blk| {
            let disks = blk.disks().unwrap();
            let text = blk.identity().unwrap();
            assert_eq!(text.lines().count(), disks.len(), "{text}");
            let row = |disk: &blk_api::Disk| {
                format!("{} {} {} {}", disk.name, disk.driver, disk.sectors, disk.access)
            };
            disks.iter().map(row).collect::<Vec<_>>()
        })
    };
    assert_eq!(
        listed(1),
        [
            "blk0 one 256 read",
            "blk0p1 one 10 read",
            "blk0p2 one 100 read, write",
            "blk1 two 256 read",
            "blk1p1 two 10 read",
            "blk1p2 two 100 read",
        ]
    );
    assert!(listed(2).iter().all(|row| row.ends_with("nothing")));
}

#[test]
fn a_client_gets_its_part_with_its_rights() {
    let results = served(1, |blk| {
        let attach = |name: &str| {
            let blk = BlkClient::from_endpoint(blk.endpoint().copy(Rights::ALL).unwrap());
            BlockClient::attach(BlkDoor::new(blk, name), 2, 4)
        };
        let mut part = attach("blk0p2").unwrap();
        assert_eq!((part.identity().sectors, part.identity().read_only), (100, false));
        part.write(99, &[7; 512]).unwrap();
        let beyond = part.read(99, &mut [0; 1024]);
        // The same sector, seen from the whole disk.
        let mut whole = attach("blk0").unwrap();
        let mut sector = [0; 512];
        whole.read(149, &mut sector).unwrap();
        assert_eq!(sector, [7; 512]);
        let names = ["", "blk", "blk7", "blk0p3", "blk0p", "blk00p2", "sda"];
        let missing = names.map(|name| attach(name).err());
        assert_eq!(missing, [Some(BlockError::NoDisk); 7]);
        (beyond, whole.write(0, &[0; 512]))
    });
    assert_eq!(results, (Err(BlockError::OutOfRange), Err(BlockError::ReadOnly)));
}

#[test]
fn a_client_without_a_grant_gets_nothing() {
    let refused = served(2, |blk| BlockClient::attach(BlkDoor::new(blk, "blk0"), 2, 4).err());
    assert_eq!(refused, Some(BlockError::NotAllowed));
}
