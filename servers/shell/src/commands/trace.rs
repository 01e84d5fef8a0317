//! `strace`: a server's system calls while a command runs.

use crate::shell::Shell;
use crate::strace::{call_text, result_text};
use crate::trouble::{Outcome, Trouble};
use crate::types::Type;
use crate::value::decode;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};
use service::Description;
use sys::trace::{Stop, TraceFlags, TraceStage, Tracer};
use sys::{Endpoint, Message, Priority, Received, Rights};

/// How long a server is watched when no command is given.
const WATCH_NS: u64 = 2_000_000_000;
/// How long a stop is waited for before looking whether the command has ended.
const LOOK_NS: u64 = 20_000_000;
const STACK_PAGES: u64 = 24;
/// The most text that is kept.
const TEXT_MAX: usize = 32 << 10;

pub(crate) fn strace(shell: &mut Shell, words: &[&str]) -> Outcome {
    let [server, command @ ..] = words else { return Err(Trouble::Usage) };
    if *server == "shell" {
        return Err(Trouble::new("the shell cannot watch itself"));
    }
    let process = shell.system().process(server)?;
    let told = shell.endpoint(server).and_then(|line| Ok(service::describe(&line)?)).ok();
    let tracer = Tracer::watch(process, TraceFlags::ENTER.union(TraceFlags::EXIT))?;
    let watch = Watch::start(tracer, told)?;
    let status = match command.split_first() {
        Some((name, arguments)) => Ok(shell.run_words(name, arguments)),
        None => {
            let slept = shell.interrupts.sleep(WATCH_NS);
            slept.map(|()| 0)
        }
    };
    let text = watch.end()?;
    shell.print(&text);
    status
}

/// A thread that answers the stops, so that the shell can run the command meanwhile, even
/// one that calls the watched server.
struct Watch {
    over: Arc<AtomicBool>,
    report: Endpoint,
}

impl Watch {
    fn start(tracer: Tracer, told: Option<Description>) -> Result<Self, sys::Error> {
        let report = Endpoint::create()?;
        let sender = report.copy(Rights::SEND)?;
        let over = Arc::new(AtomicBool::new(false));
        let is_over = over.clone();
        let thread = sys::spawn_thread(STACK_PAGES, Priority(20), move || {
            let text = collect(&tracer, told.as_ref(), &is_over);
            drop(tracer);
            let mut message = Message::default().with_bytes(text.as_bytes());
            // When it fails the shell has given up waiting.
            let _ = sender.send_with(&mut message, sys::FOREVER);
        })?;
        drop(thread);
        Ok(Self { over, report })
    }

    /// The text of what was seen.
    fn end(self) -> Result<String, Trouble> {
        self.over.store(true, Ordering::Release);
        let mut buffer = alloc::vec![0; TEXT_MAX];
        match self.report.receive(sys::FOREVER, &mut buffer)? {
            Received::Message(message) => {
                buffer.truncate(message.len);
                Ok(String::from_utf8_lossy(&buffer).into_owned())
            }
            Received::Notified(_) => Ok(String::new()),
        }
    }
}

fn collect(tracer: &Tracer, told: Option<&Description>, over: &AtomicBool) -> String {
    let mut lines = Lines { told, begun: BTreeMap::new(), text: String::new() };
    loop {
        match tracer.next(sys::clock().saturating_add(LOOK_NS)) {
            Ok(stop) => {
                lines.add(&stop);
                let _ = stop.resume();
            }
            Err(sys::Error::TimedOut | sys::Error::Interrupted) => {
                if over.load(Ordering::Acquire) {
                    return lines.text;
                }
            }
            Err(error) => return lines.text + &format!("no more stops: {error}\n"),
        }
    }
}

struct Lines<'a> {
    told: Option<&'a Description>,
    /// What each thread has begun.
    begun: BTreeMap<u32, String>,
    text: String,
}

impl Lines<'_> {
    fn add(&mut self, stop: &Stop) {
        let told = self.told;
        let method = |label: u64, words: &[u64]| method_text(told?, label, words);
        let [number, rest @ ..] = stop.words;
        if stop.stage == TraceStage::Enter {
            self.begun.insert(stop.thread, call_text(number, &rest, &method));
            return;
        }
        let [status, values @ ..] = rest;
        let result = result_text(number, status, &values, &method);
        // The first call was begun before anybody watched.
        let begun = self.begun.remove(&stop.thread).unwrap_or_else(|| "…".into());
        let line = format!("[{}] {begun} = {result}\n", stop.thread);
        if self.text.len() + line.len() <= TEXT_MAX {
            self.text.push_str(&line);
        }
    }
}

/// `method(arguments)`, as far as the words go.
fn method_text(told: &Description, label: u64, words: &[u64]) -> Option<String> {
    let method = told.method_of(u32::try_from(label).ok()?)?;
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let mut rest = bytes.as_slice();
    let mut shown = Vec::new();
    for argument in &method.arguments {
        let kind = Type::parse(&argument.type_name);
        match kind.and_then(|kind| decode(&kind, &mut rest)) {
            Some(value) => shown.push(value),
            None => {
                shown.push("…".into());
                break;
            }
        }
    }
    Some(format!("{}.{}({})", told.name, method.name, shown.join(", ")))
}
