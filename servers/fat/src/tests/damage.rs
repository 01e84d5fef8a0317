//! Damaged images: each ends in a mounted volume or a refusal with a line, and in typed errors;
//! never in a panic, and never in a loop.

use super::disk::{Disk, Image, SECTOR};
use fastrand::Rng;
use files::{FilesError, Kind, NodeId};
use volume::FileSystem;

/// The most nodes that are looked at in one image: a damaged one may have circles.
const NODES: usize = 100;
/// The sectors with tables and directories, about.
const FIRST_SECTORS: usize = 300;

/// An image with some of everything, and the sectors that are worth to change.
fn whole(bytes: usize) -> (Image, Vec<usize>) {
    let disk = Disk::formatted(bytes);
    let mut fs = disk.volume();
    let root = fs.root().unwrap();
    fs.make_directory(root, "directory").unwrap();
    let directory = fs.look_up(root, "directory").unwrap().node;
    for n in 0..40 {
        let node =
            fs.create(directory, &format!("file with a long name, number {n}")).unwrap().node;
        fs.write(node, 0, &vec![7; n * 300]).unwrap();
    }
    let late = fs.create(root, "late").unwrap().node;
    fs.write(late, 0, &[1; 100_000]).unwrap();
    fs.sync().unwrap();
    let image = disk.image();
    // What is all one byte is free, or data of files.
    let is_mixed = |sector: &&[u8]| sector.iter().any(|byte| *byte != sector[0]);
    let sectors = (0..FIRST_SECTORS).filter(|number| is_mixed(&image.sector(*number))).collect();
    (image, sectors)
}

fn mutated((whole, sectors): &(Image, Vec<usize>), random: &mut Rng) -> Image {
    let mut image = whole.clone();
    for _ in 0..random.usize(1..4) {
        let number = sectors[random.usize(..sectors.len())];
        let mut sector: [u8; SECTOR] = image.sector(number).try_into().unwrap();
        match random.u8(..5) {
            0 => random.fill(&mut sector),
            1 => sector.fill(random.choice([0, 0xff]).unwrap()),
            2 => {
                let place = random.usize(..SECTOR / 2) * 2;
                let word = [0_u16, 1, u16::MAX, 0x7fff, 0xe5e5, random.u16(..)];
                let word = word[random.usize(..word.len())].to_le_bytes();
                sector[place..place + 2].copy_from_slice(&word);
            }
            3 => {
                let from = sectors[random.usize(..sectors.len())];
                sector.copy_from_slice(whole.sector(from));
            }
            _ => sector[random.usize(..SECTOR)] ^= 1 << random.u8(..8),
        }
        image.write(number, &sector);
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
    let made = fs.create(root, "made").and_then(|made| fs.write(made.node, 5, &[1; 9_000]));
    let _ = made.and_then(|_| fs.unlink(root, "late"));
    let _ = fs.rename((root, "directory"), (root, "made too"));
    let _ = fs.sync();
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
            Ok(all)
        }
        _ => fs.read(node, 0, &mut [0; 5_000]).map(|_| Vec::new()),
    }
}

/// Uses this number of images, in FAT16 and FAT32.
fn mount(images: u32, seed: u64) {
    let (mut refused, mut panics) = (0, Vec::new());
    for bytes in [5 << 20, 40 << 20] {
        let whole = whole(bytes);
        for number in 0..images {
            let image = mutated(&whole, &mut Rng::with_seed(seed + u64::from(number)));
            match std::panic::catch_unwind(|| use_it(image)) {
                Ok(Ok(())) => {}
                Ok(Err(FilesError::Unusable { why })) => {
                    assert!(!why.is_empty() && !why.contains('\n'), "one line: {why:?}");
                    refused += 1;
                }
                Ok(Err(error)) => assert_ne!(error, FilesError::NotFound),
                Err(_) => panics.push((bytes, seed + u64::from(number))),
            }
        }
    }
    println!("{images} images of each kind: {refused} refused, {} panics", panics.len());
    assert!(panics.is_empty(), "seeds: {panics:?}");
    assert!(refused > 0 && refused < 2 * images, "some are refused, some are not");
}

#[test]
fn damaged_images_are_refused_or_read() {
    mount(1_000, 1);
}

#[test]
#[ignore = "by hand: cargo xtask campaign --damaged-images"]
fn many_damaged_images_are_refused_or_read() {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    mount(number("MOUNTS").unwrap_or(10_000), number("MOUNT_SEED").unwrap_or(1).into());
}
