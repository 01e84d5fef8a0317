//! The log over a volume in memory.

use crate::{KeptLog, Log, LogFiles, Shared, Source};
use abi::{LogHeader, LogKind};
use executor::Executor;
use files::{Namespace, Time};
use keep::Kept;
use logtext::{Decoder, Strings};
use names_api::{Names, NamesError, ServiceEntry};
use service::Caller;
use std::sync::{Arc, Mutex};
use sys::{Endpoint, Memory, OwnedHandle, Rights};
use syslog_api::{Range, Syslog};
use volume::MemoryFs;

/// The kernel's log: the number of the first byte that is left, and the bytes.
#[derive(Clone, Default)]
struct Kernel(Arc<Mutex<(u64, Vec<u8>)>>);

impl Kernel {
    fn logs(&self, text: &str) {
        let len = u16::try_from(text.len()).unwrap();
        let header = LogHeader { kind: LogKind::Text, source: 7, time_ns: 0, len };
        let bytes = &mut self.0.lock().unwrap().1;
        bytes.extend(header.encode());
        bytes.extend(text.as_bytes());
    }

    fn names(&self, name: &str) {
        let len = u16::try_from(name.len()).unwrap();
        let header = LogHeader { kind: LogKind::Source, source: 7, time_ns: 0, len };
        let bytes = &mut self.0.lock().unwrap().1;
        bytes.extend(header.encode());
        bytes.extend(name.as_bytes());
    }

    /// All that was logged is overwritten.
    fn forgets(&self) {
        let (first, bytes) = &mut *self.0.lock().unwrap();
        *first += bytes.len() as u64;
        bytes.clear();
    }
}

impl Source for Kernel {
    fn read(&mut self, first: u64, into: &mut [u8]) -> Result<(usize, u64), sys::Error> {
        let (oldest, bytes) = &*self.0.lock().unwrap();
        let first = first.max(*oldest);
        let rest = &bytes[usize::try_from(first - oldest).unwrap()..];
        let len = rest.len().min(into.len());
        into[..len].copy_from_slice(&rest[..len]);
        Ok((len, first + len as u64))
    }
}

struct FakeNames(Endpoint);

impl Names for FakeNames {
    fn open(&mut self, _: &Caller, service: String) -> Result<OwnedHandle, NamesError> {
        if service != "root" {
            return Err(NamesError::NotFound { service });
        }
        let badged = self.0.badged(Rights::SEND | Rights::TRANSFER, 1);
        badged.map(OwnedHandle::from).map_err(|_| NamesError::Exhausted)
    }

    fn list(&mut self, _: &Caller) -> Result<Vec<ServiceEntry>, NamesError> {
        Ok(Vec::new())
    }
}

/// Runs work with a namespace that has a volume of this size at `/var/log`.
fn with_volume(bytes: u64, work: impl FnOnce(&rt::Env) + Send + 'static) {
    testkit::run(|system| {
        let served = Endpoint::create().unwrap();
        let volume = system.program("root").fact("access", "1 / write");
        let _volume = volume.handle("endpoint", &served, Rights::ALL).serve(move |env| {
            volume::run(&env, MemoryFs::new(bytes, 64, Arc::new(|| Time(sys::clock()))))
        });
        let names = system.program("names").handle("root", &served, Rights::ALL);
        let names = names.serve(|env| {
            let mut names = FakeNames(env.handle("root")?);
            Executor::new()?.serve::<dyn Names>(env.handle("endpoint")?, &mut names)?;
            Ok(())
        });
        let client = system.program("syslog").fact("volume", "root /var/log");
        let client = client.handle("names", &names.endpoint(1), Rights::ALL);
        client.script(move |env| work(&env)).join();
    });
}

fn log(kernel: &Kernel, env: &rt::Env, most: u64, memory: &Memory) -> Log<Kernel> {
    let (kept, found) = Kept::<KeptLog>::open(memory, 1).unwrap();
    let files = LogFiles::new("/var/log").with_most(most);
    let kept = Some((kept, found.value()));
    let decoder = Decoder::new(Strings::default());
    let space = Namespace::of(env).unwrap();
    Log::new(kernel.clone(), decoder, (space, files), kept, "== boot")
}

fn file(env: &rt::Env, name: &str) -> Option<String> {
    let space = Namespace::of(env).unwrap();
    let bytes = space.read(&format!("/var/log/{name}")).ok()?;
    Some(String::from_utf8(bytes).unwrap())
}

/// The lines that a client reads.
fn read(log: &mut Shared<Kernel>) -> Vec<String> {
    let caller = Caller::with_badge(1);
    let Range { first: mut next, end } = log.range(&caller).unwrap();
    let mut text = String::new();
    while next < end {
        let lines = log.read(&caller, next).unwrap();
        assert!(lines.next > next, "each answer has a line");
        text += &lines.text;
        next = lines.next;
    }
    text.lines().map(String::from).collect()
}

#[test]
fn what_is_logged_is_in_memory_and_in_a_file() {
    with_volume(1 << 20, |env| {
        let (kernel, memory) = (Kernel::default(), Memory::create(4).unwrap());
        kernel.names("proc");
        kernel.logs("one");
        let mut log = Shared::new(log(&kernel, env, 1 << 10, &memory));
        assert_eq!(read(&mut log), ["[   0.000000] proc       one"]);
        kernel.logs("two");
        log.take().unwrap();
        let text = "== boot\n[   0.000000] proc       one\n[   0.000000] proc       two\n";
        assert_eq!(file(env, "system").unwrap(), text);
        assert_eq!(log.read(&Caller::with_badge(1), u64::MAX).unwrap().text, "");
    });
}

#[test]
fn no_line_stands_twice_after_a_death_and_names_are_known() {
    with_volume(1 << 20, |env| {
        let (kernel, memory) = (Kernel::default(), Memory::create(4).unwrap());
        kernel.names("proc");
        kernel.logs("one");
        log(&kernel, env, 1 << 10, &memory).take().unwrap();
        kernel.forgets();
        kernel.logs("two");
        kernel.forgets();
        kernel.logs("three");
        let mut log = Shared::new(log(&kernel, env, 1 << 10, &memory));
        let lines = read(&mut log);
        assert!(lines[0].contains("WARN  <21 bytes were overwritten"), "{lines:?}");
        assert_eq!(lines[1], "[   0.000000] proc       three");
        let text = file(env, "system").unwrap();
        assert_eq!(text.lines().count(), 4, "{text}");
    });
}

#[test]
fn files_are_renamed_when_they_are_full_and_there_are_four() {
    with_volume(1 << 20, |env| {
        let (kernel, memory) = (Kernel::default(), Memory::create(4).unwrap());
        let mut log = log(&kernel, env, 100, &memory);
        for number in 0..40 {
            kernel.logs(&format!("line {number}"));
            log.take().unwrap();
        }
        assert!(file(env, "system").unwrap().ends_with("line 39\n"));
        let older: Vec<usize> =
            (1..=3).map(|number| file(env, &format!("system.{number}")).unwrap().len()).collect();
        assert!(older.iter().all(|len| (100..200).contains(len)), "{older:?}");
        assert_eq!(file(env, "system.4"), None);
    });
}

#[test]
fn a_full_volume_leaves_the_lines_in_memory() {
    with_volume(8 << 10, |env| {
        let (kernel, memory) = (Kernel::default(), Memory::create(4).unwrap());
        let mut log = Shared::new(log(&kernel, env, 1 << 20, &memory));
        for number in 0..2000 {
            kernel.logs(&format!("{number} {}", "x".repeat(80)));
        }
        log.take().unwrap();
        let lines = read(&mut log);
        assert!(lines.last().unwrap().contains(" 1999 x"), "{:?}", lines.last());
        assert!((200..1000).contains(&lines.len()), "{}", lines.len());
    });
}
