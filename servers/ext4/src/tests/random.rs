//! Random operations on the real server, compared with a model: in the manner of fsx, with deaths
//! of the server.
//!
//! `FSX_STEPS=N FSX_SEED=S cargo test -p ext4 random -- --ignored --nocapture` makes N steps.

use super::disk::{Disk, complaints};
use super::suite::{list, refusal, volume};
use super::suited::serve;
use fastrand::Rng;
use files::{FilesError, HandleClient, How, Ticket, VolumeClient};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use testkit::{Server, run};

/// The longest file.
const MOST: usize = 100_000;
/// The longest write: what travels in a message.
const PIECE: usize = 8_000;
const NAMES: usize = 6;
const OPEN: usize = 8;

type Content = Rc<RefCell<Vec<u8>>>;

struct Open {
    handle: HandleClient,
    ticket: Ticket,
    content: Content,
}

/// What must be on the volume.
struct Model<'a> {
    server: &'a Server<'a>,
    volume: VolumeClient,
    random: Rng,
    files: BTreeMap<String, Content>,
    open: Vec<Open>,
    /// By name: what it was at the last sync and after each change since then.
    before: BTreeMap<String, Vec<Option<Vec<u8>>>>,
    restarts: u32,
}

impl<'a> Model<'a> {
    fn new(server: &'a Server<'a>, seed: u64) -> Self {
        let (files, before) = Default::default();
        let (volume, random) = (volume(server.endpoint(1)), Rng::with_seed(seed));
        Self { server, volume, random, files, open: Vec::new(), before, restarts: 0 }
    }

    fn name(&mut self) -> String {
        format!("f{}", self.random.usize(..NAMES))
    }

    fn bytes(&mut self) -> Vec<u8> {
        let mut bytes = vec![0; self.random.usize(1..PIECE)];
        self.random.fill(&mut bytes);
        bytes
    }

    fn note(&mut self) {
        for number in 0..NAMES {
            let name = format!("f{number}");
            let is = self.files.get(&name).map(|it| it.borrow().clone());
            let versions = self.before.entry(name).or_default();
            if versions.last() != Some(&is) {
                versions.push(is);
            }
        }
        // A file without a name has it again when the removal is lost.
        for open in &self.open {
            let is_named = self.files.values().any(|file| Rc::ptr_eq(file, &open.content));
            let versions = self.before.entry("open".into()).or_default();
            let is = Some(open.content.borrow().clone());
            if !is_named && !versions.contains(&is) {
                versions.push(is);
            }
        }
    }

    fn step(&mut self) {
        match self.random.u8(..100) {
            0..30 => self.write(),
            30..55 => self.read(),
            55..62 => self.append(),
            62..70 => self.cut(),
            70..80 => self.open(),
            80..86 => self.close(),
            86..90 => self.rename(),
            90..94 => self.remove(),
            94..97 => self.sync(),
            97 => self.compare(),
            _ if self.random.u8(..4) == 0 => self.die(),
            _ => {}
        }
        self.note();
    }

    /// An open file; it is opened when there is none.
    fn any(&mut self) -> usize {
        while self.open.is_empty() {
            self.open();
        }
        self.random.usize(..self.open.len())
    }

    fn write(&mut self) {
        let (place, bytes) = (self.any(), self.bytes());
        let at = self.random.usize(..MOST);
        let Open { handle, content, .. } = &self.open[place];
        assert_eq!(handle.write(at as u64, &bytes), Ok(bytes.len() as u32));
        let mut content = content.borrow_mut();
        let end = content.len().max(at + bytes.len());
        content.resize(end, 0);
        content[at..at + bytes.len()].copy_from_slice(&bytes);
    }

    fn read(&mut self) {
        let (place, len) = (self.any(), self.random.usize(..PIECE));
        let at = self.random.usize(..MOST);
        let Open { handle, content, .. } = &self.open[place];
        let mut bytes = vec![0; len];
        let read = handle.read(at as u64, &mut bytes).unwrap() as usize;
        let content = content.borrow();
        assert_eq!(read, len.min(content.len().saturating_sub(at)));
        assert!(bytes[..read] == content[at.min(content.len())..][..read], "at {at}, {len} bytes");
    }

    fn append(&mut self) {
        let (place, bytes) = (self.any(), self.bytes());
        let Open { handle, content, .. } = &self.open[place];
        let mut content = content.borrow_mut();
        if content.len() < MOST {
            assert_eq!(handle.append(&bytes), Ok(content.len() as u64));
            content.extend_from_slice(&bytes);
        }
    }

    fn cut(&mut self) {
        let (place, len) = (self.any(), self.random.usize(..MOST));
        let Open { handle, content, .. } = &self.open[place];
        handle.set_len(len as u64).unwrap();
        content.borrow_mut().resize(len, 0);
        assert_eq!(handle.metadata().unwrap().len, len as u64);
    }

    fn open(&mut self) {
        let name = self.name();
        if self.open.len() >= OPEN {
            return self.close();
        }
        let how = if self.random.u8(..6) == 0 { How::REPLACE } else { How::CREATE };
        let (handle, opened) = self.volume.open(name.as_str(), how).unwrap();
        let content = self.files.entry(name).or_default().clone();
        if how.truncate {
            content.borrow_mut().clear();
        }
        assert_eq!(opened.metadata.len, content.borrow().len() as u64);
        self.open.push(Open { handle, ticket: opened.ticket, content });
    }

    fn close(&mut self) {
        if !self.open.is_empty() {
            let place = self.random.usize(..self.open.len());
            self.open.swap_remove(place);
        }
    }

    fn rename(&mut self) {
        let (from, to) = (self.name(), self.name());
        let renamed = self.volume.rename(from.as_str(), to.as_str());
        match self.files.get(&from).cloned() {
            Some(content) => {
                renamed.unwrap();
                self.files.remove(&from);
                self.files.insert(to, content);
            }
            None => assert_eq!(refusal(renamed.unwrap_err()), FilesError::NotFound),
        }
    }

    fn remove(&mut self) {
        let name = self.name();
        let removed = self.volume.remove(name.as_str());
        match self.files.remove(&name) {
            Some(_) => removed.unwrap(),
            None => assert_eq!(refusal(removed.unwrap_err()), FilesError::NotFound),
        }
    }

    fn sync(&mut self) {
        self.volume.sync().unwrap();
        self.before.clear();
    }

    fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        let names = list(&self.volume, "/");
        let whole = |name: String| {
            let (file, opened) = self.volume.open(name.as_str(), How::READ).unwrap();
            let mut bytes = vec![0; usize::try_from(opened.metadata.len).unwrap()];
            for (at, piece) in (0..).step_by(PIECE).zip(bytes.chunks_mut(PIECE)) {
                assert_eq!(file.read(at, piece), Ok(piece.len() as u32));
            }
            (name, bytes)
        };
        names.into_iter().map(whole).collect()
    }

    fn compare(&mut self) {
        let found = self.contents();
        assert!(found.keys().eq(self.files.keys()), "{:?} {:?}", found.keys(), self.files.keys());
        for (name, content) in &self.files {
            assert!(found[name] == *content.borrow(), "{name}");
        }
    }

    fn die(&mut self) {
        self.restarts += 1;
        if self.random.bool() {
            self.sync();
            self.server.restart();
            self.go_on();
            self.compare();
        } else {
            self.server.restart();
            self.open.clear();
            self.accept();
        }
    }

    /// After a sync and a death: open files that have names go on, others are stale.
    fn go_on(&mut self) {
        let open = std::mem::take(&mut self.open);
        for Open { ticket, content, .. } in open {
            let is_named = self.files.values().any(|file| Rc::ptr_eq(file, &content));
            match self.volume.reopen(ticket) {
                Ok((handle, opened)) => {
                    assert!(is_named);
                    self.open.push(Open { handle, ticket: opened.ticket, content });
                }
                Err(error) => {
                    assert_eq!(refusal(error), FilesError::Stale);
                    assert!(!is_named, "a file that was synced goes on");
                }
            }
        }
    }

    /// After a death without a sync: each byte of a file is one that the file had since then.
    /// Names may have moved meanwhile, so the versions of all names count.
    fn accept(&mut self) {
        self.note();
        let versions: Vec<&Vec<u8>> = self.before.values().flatten().flatten().collect();
        let found = self.contents();
        for (name, bytes) in &found {
            for (at, byte) in bytes.iter().enumerate() {
                let was = |version: &&Vec<u8>| version.get(at).unwrap_or(&0) == byte;
                assert!(versions.iter().any(was), "{name}: byte {at}");
            }
        }
        self.files =
            found.into_iter().map(|(name, bytes)| (name, Rc::new(RefCell::new(bytes)))).collect();
        self.sync();
    }
}

fn walk(steps: u32, seed: u64) {
    let disk = Disk::formatted();
    let of = disk.clone();
    run(move |system| {
        let server = serve(system, &of);
        let mut model = Model::new(&server, seed);
        (0..steps).for_each(|_| model.step());
        model.compare();
        model.open.clear();
        model.sync();
        println!("seed {seed}: {steps} steps, {} deaths", model.restarts);
    });
    assert_eq!(complaints(&disk.image(), false), None);
}

#[test]
fn random_operations_do_what_the_model_does() {
    (1..=2).for_each(|seed| walk(2_000, seed));
}

#[test]
#[ignore = "by hand: cargo xtask campaign --file-steps"]
fn many_random_operations_do_what_the_model_does() {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u32>().ok());
    let (steps, seed) = (number("FSX_STEPS").unwrap_or(10_000_000), number("FSX_SEED"));
    let seed = u64::from(seed.unwrap_or(1));
    // A system of the test kit for each piece: it counts what is left behind.
    let pieces = (0..steps).step_by(20_000).map(|done| (steps - done).min(20_000));
    pieces.zip(seed..).for_each(|(steps, seed)| walk(steps, seed));
}
