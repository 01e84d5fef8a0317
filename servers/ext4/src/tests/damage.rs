//! Damaged images: each ends in a mounted volume or a refusal with a line, and in typed errors;
//! never in a panic, and never in a loop.
//!
//! `MOUNTS=N MOUNT_SEED=S cargo test -p ext4 damage -- --ignored --nocapture` mounts N images.

use super::disk::{Disk, Image, SECTOR};
use fastrand::Rng;
use files::{FilesError, Kind, NodeId, State};
use volume::FileSystem;

/// The most nodes that are looked at in one image: a damaged one may have circles.
const NODES: usize = 100;

/// An image with some of everything, and the sectors that were written: those are worth to change.
fn whole() -> (Image, Vec<usize>) {
    let disk = Disk::formatted();
    disk.platter().records = true;
    let mut fs = disk.volume();
    let root = fs.root().unwrap();
    fs.make_directory(root, "d").unwrap();
    let d = fs.look_up(root, "d").unwrap().node;
    for n in 0..120 {
        let node = fs.create(d, &format!("file with a long name, number {n}")).unwrap().node;
        fs.write(node, n * 9_000, &vec![7; 3_000]).unwrap();
    }
    fs.make_link(root, "short", "d/file").unwrap();
    fs.make_link(root, "long", &"x/".repeat(400)).unwrap();
    fs.sync().unwrap();
    let late = fs.create(root, "late").unwrap().node;
    fs.write(late, 0, &[1; 100_000]).unwrap();
    fs.sync().unwrap();
    let image = disk.image();
    let written = |at: usize, len: usize| (at / SECTOR)..(at + len).div_ceil(SECTOR);
    let mut sectors: Vec<usize> = Vec::new();
    for event in &disk.platter().log {
        if let super::disk::Event::Write(at, bytes) = event {
            sectors.extend(written(*at, bytes.len()));
        }
    }
    // The superblock and the descriptors.
    sectors.extend(written(1024, 8 * 1024));
    sectors.sort_unstable();
    sectors.dedup();
    // What is all one byte is data of files.
    let bytes = image.bytes();
    sectors.retain(|sector| {
        let sector = &bytes[sector * SECTOR..][..SECTOR];
        sector.iter().any(|byte| *byte != sector[0])
    });
    (image, sectors)
}

fn mutated(whole: &(Image, Vec<usize>), random: &mut Rng) -> Image {
    let mut image = whole.0.clone();
    for _ in 0..random.usize(1..4) {
        let at = whole.1[random.usize(..whole.1.len())] * SECTOR;
        let mut sector = [0; SECTOR];
        image.read(at, &mut sector);
        match random.u8(..5) {
            0 => random.fill(&mut sector),
            1 => sector.fill(random.choice([0, 0xff]).unwrap_or(0)),
            2 => {
                let place = random.usize(..SECTOR / 4) * 4;
                let word = [0_u32, 1, u32::MAX, 0x7fff_ffff, 0xf30a, random.u32(..)];
                let word = word[random.usize(..word.len())].to_le_bytes();
                sector[place..place + 4].copy_from_slice(&word);
            }
            3 => {
                let from = whole.1[random.usize(..whole.1.len())] * SECTOR;
                image.read(from, &mut sector);
            }
            _ => sector[random.usize(..SECTOR)] ^= 1 << random.u8(..8),
        }
        image.write(at, &sector);
    }
    image
}

/// Looks at everything and changes something: what it came to.
fn use_it(image: Image) -> Result<(), FilesError> {
    let mut fs = Disk::of(image).volume();
    let root = fs.root()?;
    let mut nodes = vec![root];
    let mut place = 0;
    while let Some(node) = nodes.get(place).copied() {
        place += 1;
        if nodes.len() < NODES {
            nodes.extend(below(&mut fs, node).unwrap_or_default());
        }
    }
    let _ = fs.space();
    if fs.info().state == State::Writable {
        let made = fs.create(root, "made").and_then(|made| fs.write(made.node, 5, &[1; 9_000]));
        let _ = made.and_then(|_| fs.unlink(root, "late")).map(|late| late.map(|it| fs.forget(it)));
        let _ = fs.rename((root, "short"), (root, "made too"));
        let _ = fs.rest();
    }
    Ok(())
}

fn below(fs: &mut impl FileSystem, node: NodeId) -> Result<Vec<NodeId>, FilesError> {
    match fs.metadata(node)?.kind {
        Kind::Directory => {
            let (mut all, mut from) = (Vec::new(), 0);
            while let Ok(entries) = fs.list(node, from, 64)
                && let Some(last) = entries.last()
                && all.len() < NODES
            {
                from = last.next;
                for entry in entries {
                    all.push(fs.look_up(node, &entry.name).map_or(entry.node, |it| it.node));
                }
            }
            return Ok(all);
        }
        Kind::File => drop(fs.read(node, 0, &mut [0; 5_000])),
        Kind::Link => drop(fs.read_link(node)),
        Kind::Other => {}
    }
    Ok(Vec::new())
}

fn mount(images: u32, seed: u64) {
    let whole = whole();
    let (mut refused, mut panics) = (0, Vec::new());
    for number in 0..images {
        let image = mutated(&whole, &mut Rng::with_seed(seed + u64::from(number)));
        match std::panic::catch_unwind(|| use_it(image)) {
            Ok(Ok(())) => {}
            Ok(Err(FilesError::Unusable { why })) => {
                assert!(!why.is_empty() && !why.contains('\n'), "one line: {why:?}");
                refused += 1;
            }
            Ok(Err(error)) => assert_ne!(error, FilesError::NotFound),
            Err(_) => panics.push(seed + u64::from(number)),
        }
    }
    println!("{images} images: {refused} refused, {} panics", panics.len());
    assert!(panics.is_empty(), "seeds: {panics:?}");
    assert!(refused > 0 && refused < images, "some are refused, some are not");
}

#[test]
fn damaged_images_are_refused_or_read() {
    mount(300, 1);
}

#[test]
#[ignore = "by hand: cargo xtask campaign --damaged-images"]
fn many_damaged_images_are_refused_or_read() {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    mount(number("MOUNTS").unwrap_or(10_000), number("MOUNT_SEED").unwrap_or(1).into());
}
