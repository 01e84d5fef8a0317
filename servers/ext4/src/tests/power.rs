//! Power cuts: images from the recorded writes of a workload, mounted and compared.
//!
//! A cut may come at any write. What was written before the last flush is there; of what was
//! written after it, all in order, a random part, or all with the last write torn. A disk writes
//! blocks of 4 KiB whole: half a superblock is no superblock, here as in Linux. Then
//! all files together must be as they were after one of the operations from the last answered sync
//! on; a write behind the end may be there in part.
//!
//! `POWER_CUTS=N POWER_SEED=S cargo test -p ext4 --release power -- --ignored --nocapture` makes
//! N images; `cargo xtask campaign --power-cuts N --seed S` does that.

use super::disk::{BLOCK, Disk, Event, Image, complaints};
use fastrand::Rng;
use files::{FilesError, NodeId};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use volume::FileSystem;

/// Images of one workload.
const PER_SEED: usize = 600;
/// Operations of one workload.
const STEPS: usize = 90;
/// One image of this number is judged by e2fsck.
const JUDGED: usize = 8;
/// Writes that a disk that lies about flushes has not written yet.
const VOLATILE: usize = 40;
/// Names of a workload.
const NAMES: u32 = 12;

/// All files.
type Files = BTreeMap<String, Rc<Vec<u8>>>;

/// The workload, with all files after each operation.
struct Workload {
    random: Rng,
    disk: Disk,
    fs: crate::Ext4Volume<Disk>,
    root: NodeId,
    /// The files after each operation.
    states: Vec<Files>,
    /// The file that an operation lengthens: it may be there in part.
    lengthened: BTreeMap<usize, String>,
    /// The operation that was the last before each answered sync, by its mark.
    synced: Vec<usize>,
}

impl Workload {
    fn record(seed: u64) -> Self {
        let disk = Disk::formatted();
        let mut fs = disk.volume();
        let root = fs.root().unwrap();
        fs.rest().unwrap();
        disk.platter().image = Image::of(disk.image().bytes());
        disk.platter().records = true;
        let (random, states) = (Rng::with_seed(seed), vec![Files::new()]);
        let (lengthened, synced) = (BTreeMap::new(), vec![0]);
        let mut load = Self { random, disk, fs, root, states, lengthened, synced };
        while load.states.len() < STEPS {
            load.operate();
            if load.random.u8(..3) == 0 {
                load.sync();
            }
        }
        load.sync();
        load
    }

    fn files(&self) -> &Files {
        self.states.last().unwrap()
    }

    /// An operation begins.
    fn will(&mut self, change: impl FnOnce(&mut Files)) {
        let mut files = self.files().clone();
        change(&mut files);
        let mark = self.states.len() as u32;
        self.states.push(files);
        self.disk.platter().log.push(Event::Mark(mark));
    }

    /// An operation begins that lengthens a file.
    fn will_lengthen(&mut self, name: &str, bytes: Vec<u8>) {
        self.lengthened.insert(self.states.len(), name.to_owned());
        self.will(|files| drop(files.insert(name.to_owned(), Rc::new(bytes))));
    }

    fn sync(&mut self) {
        if self.random.bool() {
            self.fs.sync().unwrap()
        } else {
            self.fs.rest().unwrap()
        }
        let mark = 1 << 31 | self.synced.len() as u32;
        self.synced.push(self.states.len() - 1);
        self.disk.platter().log.push(Event::Mark(mark));
    }

    fn bytes(&mut self) -> Vec<u8> {
        let most = [1, 600, 9_000, 60_000, 250_000][self.random.usize(..5)];
        let len = self.random.usize(..=most);
        let mut bytes = vec![0; len];
        self.random.fill(&mut bytes);
        bytes
    }

    fn operate(&mut self) {
        let name = format!("file{}", self.random.u32(..NAMES));
        match (self.random.u8(..8), self.files().contains_key(&name)) {
            (0, true) => self.remove(&name),
            (1, true) => {
                let to = format!("file{}", self.random.u32(..NAMES));
                if to != name {
                    self.rename(&name, &to);
                }
            }
            (2 | 3, true) => self.append(&name),
            (4 | 5, _) => self.replace(&name),
            (_, false) => drop(self.create(&name)),
            (_, true) => self.rewrite(&name),
        }
    }

    fn create(&mut self, name: &str) -> NodeId {
        self.will(|files| drop(files.insert(name.to_owned(), Rc::default())));
        let node = self.fs.create(self.root, name).unwrap().node;
        let bytes = self.bytes();
        self.will_lengthen(name, bytes.clone());
        self.write(node, 0, &bytes);
        node
    }

    fn write(&mut self, node: NodeId, at: usize, bytes: &[u8]) {
        if !bytes.is_empty() {
            assert_eq!(self.fs.write(node, at as u64, bytes), Ok(bytes.len()));
        }
    }

    fn node(&mut self, name: &str) -> NodeId {
        self.fs.look_up(self.root, name).unwrap().node
    }

    fn rewrite(&mut self, name: &str) {
        let node = self.node(name);
        self.will(|files| drop(files.insert(name.to_owned(), Rc::default())));
        self.fs.set_len(node, 0).unwrap();
        let bytes = self.bytes();
        self.will_lengthen(name, bytes.clone());
        self.write(node, 0, &bytes);
    }

    fn append(&mut self, name: &str) {
        let node = self.node(name);
        let (more, mut bytes) = (self.bytes(), self.files()[name].to_vec());
        let at = bytes.len();
        bytes.extend_from_slice(&more);
        self.will_lengthen(name, bytes);
        self.write(node, at, &more);
    }

    fn remove(&mut self, name: &str) {
        self.will(|files| drop(files.remove(name)));
        let node = self.fs.unlink(self.root, name).unwrap();
        node.into_iter().for_each(|node| self.fs.forget(node).unwrap());
    }

    fn rename(&mut self, from: &str, to: &str) {
        self.will(|files| {
            let bytes = files.remove(from).unwrap();
            files.insert(to.to_owned(), bytes);
        });
        let node = self.fs.rename((self.root, from), (self.root, to)).unwrap();
        node.into_iter().for_each(|node| self.fs.forget(node).unwrap());
    }

    /// As `Namespace::replace` does it.
    fn replace(&mut self, name: &str) {
        if self.files().contains_key("new") {
            self.remove("new");
        }
        self.create("new");
        self.sync();
        self.rename("new", name);
    }

    /// Whether files can be these after a cut: one of the states from the last answered sync to
    /// the operation that was begun last.
    fn may_be(&self, is: &BTreeMap<String, Vec<u8>>, synced: usize, begun: usize) -> bool {
        (synced..=begun).any(|step| {
            let (state, next) = (&self.states[step], self.lengthened.get(&(step + 1)));
            let differing = |name: &String| is.get(name) != state.get(name).map(|it| &**it);
            let mut wrong = is.keys().chain(state.keys()).filter(|name| differing(name));
            wrong.all(|name| {
                let longer = self.states.get(step + 1).and_then(|files| files.get(name));
                step < begun && next == Some(name) && is_between(is, state, longer, name)
            })
        })
    }

    /// What is wrong, for a person: files that are as after no operation.
    fn wrong(&self, is: &BTreeMap<String, Vec<u8>>, synced: usize, begun: usize) -> String {
        let names: BTreeSet<&String> =
            is.keys().chain(self.states[synced..=begun].iter().flat_map(BTreeMap::keys)).collect();
        let was = |name: &&&String| {
            let found = is.get(**name);
            !self.states[synced..=begun].iter().any(|it| it.get(**name).map(|it| &**it) == found)
        };
        let of = |name: &&String| format!("{name}: {:?} bytes", is.get(*name).map(Vec::len));
        let found: Vec<String> = names.iter().filter(was).map(of).collect();
        format!("as after no operation: {found:?}")
    }
}

/// Whether a file is between what it was and what an operation makes of it: nothing is lost, and
/// what is new is right.
fn is_between(
    is: &BTreeMap<String, Vec<u8>>,
    state: &Files,
    longer: Option<&Rc<Vec<u8>>>,
    name: &String,
) -> bool {
    let least = state.get(name).map_or(0, |it| it.len());
    match (is.get(name), longer) {
        (Some(is), Some(longer)) => is.len() >= least && longer.starts_with(is),
        _ => false,
    }
}

/// What images came to.
#[derive(Debug, Default)]
struct Verdict {
    images: usize,
    judged: usize,
    failures: Vec<String>,
}

impl Verdict {
    fn check(&mut self, load: &Workload, image: &Image, (synced, begun): (usize, usize)) {
        self.images += 1;
        let place = format!("image {}, operation {begun}, {synced} synced", self.images);
        if self.images.is_multiple_of(JUDGED) {
            self.judged += 1;
            if let Some(text) = complaints(image, true) {
                self.failures.push(format!("{place}: e2fsck: {text}"));
            }
        }
        match std::panic::catch_unwind(|| read_all(image)) {
            Err(_) => self.failures.push(format!("{place}: a panic")),
            Ok(Err(error)) => self.failures.push(format!("{place}: {error}")),
            Ok(Ok(found)) => {
                if !load.may_be(&found, synced, begun) {
                    let wrong = load.wrong(&found, synced, begun);
                    self.failures.push(format!("{place}: {wrong}"));
                }
            }
        }
    }
}

/// Mounts an image and reads all of its files; it must also be writable.
fn read_all(image: &Image) -> Result<BTreeMap<String, Vec<u8>>, FilesError> {
    let mut fs = Disk::of(image.clone()).volume();
    let root = fs.root()?;
    let mut all = BTreeMap::new();
    let mut from = 0;
    loop {
        let entries = fs.list(root, from, 64)?;
        let Some(last) = entries.last() else { break };
        from = last.next;
        for entry in entries.iter().filter(|entry| entry.name != "lost+found") {
            let len = usize::try_from(fs.metadata(entry.node)?.len).unwrap();
            let mut bytes = vec![0; len];
            assert_eq!(fs.read(entry.node, 0, &mut bytes)?, len);
            all.insert(entry.name.clone(), bytes);
        }
    }
    let made = fs.create(root, "after")?;
    fs.write(made.node, 0, &[1; 5_000])?;
    fs.rest()?;
    Ok(all)
}

/// Cuts the power of one workload at a number of writes.
fn cut(seed: u64, images: usize, lies: bool, verdict: &mut Verdict) {
    let load = Workload::record(seed);
    let log = std::mem::take(&mut load.disk.platter().log);
    let mut random = Rng::with_seed(!seed);
    let writes = log.iter().filter(|event| matches!(event, Event::Write(..))).count();
    let every = (writes * 4 / images.max(1)).max(1);
    // What is on the disk for good, and what may be.
    let mut durable = Disk::formatted_at_rest();
    let mut pending: Vec<(usize, &[u8])> = Vec::new();
    let (mut synced, mut begun, mut number) = (0, 0, 0);
    for event in &log {
        match event {
            Event::Mark(mark) if mark >> 31 == 0 => begun = *mark as usize,
            Event::Mark(mark) => synced = load.synced[(mark & !(1 << 31)) as usize],
            Event::Flush if lies => {
                let keep = pending.len().saturating_sub(VOLATILE);
                pending.drain(..keep).for_each(|(at, bytes)| durable.write(at, bytes));
            }
            Event::Flush => pending.drain(..).for_each(|(at, bytes)| durable.write(at, bytes)),
            Event::Write(at, bytes) => {
                pending.push((*at, bytes));
                number += 1;
                if number % every == 0 {
                    for image in variants(&durable, &pending, &mut random) {
                        verdict.check(&load, &image, (synced, begun));
                    }
                }
            }
        }
    }
}

fn variants(durable: &Image, pending: &[(usize, &[u8])], random: &mut Rng) -> [Image; 4] {
    let mut images = [durable.clone(), durable.clone(), durable.clone(), durable.clone()];
    let [ordered, torn, some, others] = &mut images;
    let last = pending.len() - 1;
    for (place, (at, bytes)) in pending.iter().enumerate() {
        ordered.write(*at, bytes);
        let blocks = bytes.len().div_ceil(BLOCK);
        let whole = if place == last { random.usize(..blocks) } else { blocks };
        torn.write(*at, &bytes[..(whole * BLOCK).min(bytes.len())]);
        for part in [&mut *some, &mut *others] {
            if random.bool() {
                part.write(*at, bytes);
            }
        }
    }
    images
}

impl Disk {
    /// The disk on which each workload begins.
    fn formatted_at_rest() -> Image {
        let disk = Self::formatted();
        let mut fs = disk.volume();
        fs.root().unwrap();
        fs.rest().unwrap();
        disk.image()
    }
}

fn campaign(images: usize, seed: u64) -> Verdict {
    let mut verdict = Verdict::default();
    let mut seed = seed;
    while verdict.images < images && verdict.failures.len() < 20 {
        cut(seed, PER_SEED.min(images - verdict.images), false, &mut verdict);
        seed += 1;
    }
    verdict
}

#[test]
fn files_survive_power_cuts() {
    let verdict = campaign(400, 1);
    assert!(verdict.images >= 300, "{}", verdict.images);
    assert!(verdict.failures.is_empty(), "{:#?}", verdict.failures);
}

#[test]
fn lying_flushes_are_noticed() {
    let mut verdict = Verdict::default();
    cut(1, 200, true, &mut verdict);
    assert!(!verdict.failures.is_empty(), "of {} images", verdict.images);
}

#[test]
#[ignore = "by hand: cargo xtask campaign --power-cuts"]
fn files_survive_many_power_cuts() {
    let number =
        |name, other| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(other);
    let verdict = campaign(number("POWER_CUTS", 10_000), number("POWER_SEED", 1) as u64);
    let Verdict { images, judged, failures } = verdict;
    println!("{images} images, {judged} judged by e2fsck, {} failures", failures.len());
    assert!(failures.is_empty(), "{failures:#?}");
}
