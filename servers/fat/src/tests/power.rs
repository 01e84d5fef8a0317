//! Power cuts: what FAT can promise without a journal.
//!
//! A cut may come at any write. Of what was written after the last flush, all is there in order, or a
//! random part. A file that was synced, and not changed since, is whole then; and it stays so when the
//! volume is written again without a check.

use super::disk::{Disk, Event, Image};
use crate::FatVolume;
use fastrand::Rng;
use files::{FilesError, NodeId};
use std::collections::{BTreeMap, BTreeSet};
use volume::FileSystem;

const BYTES: usize = 8 << 20;
/// Operations of one workload.
const STEPS: usize = 60;
/// Names of a workload.
const NAMES: u32 = 10;
/// One write of this number is a cut.
const EVERY: usize = 23;

/// Writes that a disk that lies about flushes has not written yet.
const VOLATILE: usize = 40;

type Files = BTreeMap<String, Vec<u8>>;

/// A volume and the files that it has.
struct Workload {
    random: Rng,
    disk: Disk,
    fs: FatVolume<Disk>,
    root: NodeId,
    files: Files,
    /// Files that were changed after the last answered sync.
    changed: BTreeSet<String>,
    /// For each mark in the log: the files that must be there.
    promised: Vec<Files>,
}

impl Workload {
    fn record(seed: u64) -> Self {
        let disk = Disk::formatted(BYTES);
        let mut fs = disk.volume();
        let root = fs.root().unwrap();
        let random = Rng::with_seed(seed);
        let (files, changed, promised) = Default::default();
        let mut load = Self { random, disk, fs, root, files, changed, promised };
        for _ in 0..STEPS {
            load.operate();
            if load.random.u8(..3) == 0 {
                load.fs.sync().unwrap();
                load.changed.clear();
                load.mark();
            }
        }
        load
    }

    /// Notes what must be there from now on.
    fn mark(&mut self) {
        let mut promised = self.files.clone();
        promised.retain(|name, _| !self.changed.contains(name));
        self.disk.log(Event::Mark(self.promised.len()));
        self.promised.push(promised);
    }

    /// A file is about to be changed.
    fn will_change(&mut self, name: &str) {
        self.changed.insert(name.to_owned());
        self.mark();
    }

    fn operate(&mut self) {
        let name = format!("a file {}", self.random.u32(..NAMES));
        let there = self.files.contains_key(&name);
        self.will_change(&name);
        match (self.random.u8(..6), there) {
            (0, true) => {
                self.files.remove(&name);
                self.fs.unlink(self.root, &name).unwrap();
            }
            (1, true) => self.rename(&name),
            (2, true) => {
                let node = self.fs.look_up(self.root, &name).unwrap().node;
                let bytes = self.files.get_mut(&name).unwrap();
                bytes.truncate(self.random.usize(..=bytes.len()));
                self.fs.set_len(node, bytes.len() as u64).unwrap();
            }
            (_, true) => self.append(&name),
            (_, false) => {
                self.fs.create(self.root, &name).unwrap();
                self.files.insert(name.clone(), Vec::new());
                self.append(&name);
            }
        }
    }

    fn rename(&mut self, from: &str) {
        let to = format!("a file {}", self.random.u32(..NAMES));
        if to != from {
            self.will_change(&to);
            self.fs.rename((self.root, from), (self.root, &to)).unwrap();
            let bytes = self.files.remove(from).unwrap();
            self.files.insert(to, bytes);
        }
    }

    fn append(&mut self, name: &str) {
        let most = [1, 600, 9_000, 60_000][self.random.usize(..4)];
        let mut more = vec![0; self.random.usize(1..=most)];
        self.random.fill(&mut more);
        let node = self.fs.look_up(self.root, name).unwrap().node;
        let bytes = self.files.get_mut(name).unwrap();
        let written = self.fs.write(node, bytes.len() as u64, &more).unwrap();
        bytes.extend_from_slice(&more[..written]);
    }
}

/// Checks the promised files of an image, before and after it is written again.
fn check(image: &Image, promised: &Files) -> Result<(), String> {
    let disk = Disk::of(image.clone());
    compare(&mut disk.volume(), promised)?;
    let mut fs = disk.volume();
    // A damaged directory may refuse a name, and lost clusters take room: then it is not written.
    let _ = write(&mut fs);
    compare(&mut disk.volume(), promised).map_err(|error| format!("after a write, {error}"))
}

fn write(fs: &mut FatVolume<Disk>) -> Result<(), FilesError> {
    let root = fs.root()?;
    let made = fs.create(root, "written after the cut")?;
    fs.write(made.node, 0, &[0xa5; 100_000])?;
    fs.sync()
}

fn compare(fs: &mut FatVolume<Disk>, promised: &Files) -> Result<(), String> {
    let root = fs.root().map_err(|error| format!("mount: {error}"))?;
    for (name, bytes) in promised {
        let found = fs.look_up(root, name).map_err(|error| format!("{name}: {error}"))?;
        let mut read = vec![0; bytes.len()];
        let count =
            fs.read(found.node, 0, &mut read).map_err(|error| format!("{name}: {error}"))?;
        if found.len != bytes.len() as u64 || count != bytes.len() || read != *bytes {
            return Err(format!("{name}: not its {} bytes", bytes.len()));
        }
    }
    Ok(())
}

/// Cuts the power of one workload, on a disk that may lie about flushes: the number of images, and
/// what was wrong with them.
fn cut(seed: u64, lies: bool) -> (usize, Vec<String>) {
    let load = Workload::record(seed);
    let mut random = Rng::with_seed(!seed);
    let mut durable = Disk::formatted(BYTES).image();
    let mut pending: Vec<(usize, &[u8])> = Vec::new();
    let (mut images, mut wrong, mut writes) = (0, Vec::new(), 0);
    let (log, nothing) = (load.disk.take_log(), Files::new());
    let mut promised = &nothing;
    for event in &log {
        match event {
            Event::Mark(number) => promised = &load.promised[*number],
            Event::Flush if lies => {
                let keep = pending.len().saturating_sub(VOLATILE);
                pending.drain(..keep).for_each(|(at, bytes)| durable.write(at, bytes));
            }
            Event::Flush => pending.drain(..).for_each(|(at, bytes)| durable.write(at, bytes)),
            Event::Write(at, bytes) => {
                pending.push((*at, bytes));
                writes += 1;
                if writes % EVERY == 0 {
                    for whole in [true, false, false] {
                        let mut image = durable.clone();
                        let parts = pending.iter().filter(|_| whole || random.bool());
                        parts.for_each(|(at, bytes)| image.write(*at, bytes));
                        images += 1;
                        wrong.extend(check(&image, promised).err());
                    }
                }
            }
        }
    }
    (images, wrong)
}

#[test]
fn files_that_were_synced_survive_power_cuts() {
    let mut images = 0;
    for seed in 1..=3 {
        let (cuts, wrong) = cut(seed, false);
        assert!(wrong.is_empty(), "seed {seed}: {wrong:#?}");
        images += cuts;
    }
    assert!(images > 100, "{images}");
}

#[test]
fn lying_flushes_are_noticed() {
    let (images, wrong) = cut(1, true);
    assert!(!wrong.is_empty(), "of {images} images");
}

#[test]
#[ignore = "by hand: cargo xtask campaign --power-cuts"]
fn files_survive_many_power_cuts() {
    let number = |name, other: usize| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(other)
    };
    let (wanted, first) = (number("POWER_CUTS", 10_000), number("POWER_SEED", 1) as u64);
    let (mut images, mut failures, mut seed) = (0, Vec::new(), first);
    while images < wanted && failures.len() < 20 {
        let (cuts, wrong) = cut(seed, false);
        images += cuts;
        failures.extend(wrong.into_iter().map(|text| format!("seed {seed}: {text}")));
        seed += 1;
    }
    println!("{images} images, {} failures", failures.len());
    assert!(failures.is_empty(), "{failures:#?}");
}
