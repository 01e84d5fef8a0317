//! The whole shell, with a console that keeps what is printed and volumes in memory.

mod commands;
mod lines;
mod pipes;
mod scripts;
mod sessions;

use crate::Shell;
use console_api::{Console, ConsoleError, ControlKey, Input, RawKey, Size};
use executor::Executor;
use files::Time;
use names_api::{Names, NamesError, ServiceEntry};
use service::{Caller, Reply};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use sys::{Endpoint, OwnedHandle, Rights};
use volume::MemoryFs;

/// What the shell is to the volumes.
const SHELL: u64 = 1;
/// The sizes of the volumes: what fits into the second one is soon found.
const BIG: u64 = 1 << 20;
const SMALL: u64 = 64 << 10;

/// A typed line that is Ctrl-C.
const CONTROL_C: &str = "\u{3}";

/// Text at which Ctrl-C is pressed while commands run.
const PRESSES: &str = "presses";

/// What was printed, and what is typed.
#[derive(Clone, Default)]
struct Screen {
    printed: Arc<Mutex<String>>,
    typed: Arc<Mutex<VecDeque<&'static str>>>,
    keys: Arc<Mutex<VecDeque<RawKey>>>,
}

struct FakeConsole {
    screen: Screen,
    waiters: Vec<Reply<Result<ControlKey, ConsoleError>>>,
}

impl Console for FakeConsole {
    fn write(&mut self, _: &Caller, text: String, reply: Reply<Result<(), ConsoleError>>) {
        self.screen.printed.lock().unwrap().push_str(&text);
        if text.contains(PRESSES) {
            let pressed = self.waiters.drain(..);
            pressed.for_each(|reply| reply.send(Ok(ControlKey::Interrupt)));
        }
        reply.send(Ok(()));
    }

    fn read_line(
        &mut self,
        _: &Caller,
        _: String,
        _: u64,
        reply: Reply<Result<String, ConsoleError>>,
    ) {
        let line = self.screen.typed.lock().unwrap().pop_front();
        if line == Some(CONTROL_C) {
            return reply.send(Err(ConsoleError::Interrupted));
        }
        reply.send(line.map(String::from).ok_or(ConsoleError::EndOfInput));
    }

    fn read_or_tab(
        &mut self,
        _: &Caller,
        _: String,
        _: u64,
        reply: Reply<Result<Input, ConsoleError>>,
    ) {
        let next = self.screen.typed.lock().unwrap().pop_front();
        let input = next.map(|line| match line.strip_suffix('\t') {
            Some(before) => Input::Tab(before.into()),
            None => Input::Line(line.into()),
        });
        reply.send(input.ok_or(ConsoleError::EndOfInput));
    }

    fn type_text(&mut self, _: &Caller, text: String) -> Result<(), ConsoleError> {
        self.screen.printed.lock().unwrap().push_str(&format!("typed {text:?}\n"));
        Ok(())
    }

    fn set_history(&mut self, _: &Caller, lines: Vec<String>) -> Result<(), ConsoleError> {
        self.screen.printed.lock().unwrap().push_str(&format!("history {lines:?}\n"));
        Ok(())
    }

    fn read_key(&mut self, _: &Caller, reply: Reply<Result<RawKey, ConsoleError>>) {
        reply.send(Ok(self.screen.keys.lock().unwrap().pop_front().unwrap_or(RawKey::Char('q'))));
    }

    fn size(&mut self, _: &Caller) -> Result<Size, ConsoleError> {
        Ok(Size { columns: 40, rows: 6 })
    }

    fn wait_control(&mut self, _: &Caller, reply: Reply<Result<ControlKey, ConsoleError>>) {
        self.waiters.push(reply);
    }

    fn set_foreground(&mut self, _: &Caller, _: Vec<u64>) -> Result<(), ConsoleError> {
        Ok(())
    }
}

struct FakeNames(Vec<(&'static str, Endpoint)>);

impl Names for FakeNames {
    fn open(&mut self, caller: &Caller, service: String) -> Result<OwnedHandle, NamesError> {
        let found = self.0.iter().find(|(name, _)| *name == service);
        let (_, endpoint) = found.ok_or(NamesError::NotFound { service })?;
        let badged = endpoint.badged(Rights::SEND | Rights::TRANSFER, caller.badge());
        badged.map(OwnedHandle::from).map_err(|_| NamesError::Exhausted)
    }

    fn list(&mut self, _: &Caller) -> Result<Vec<ServiceEntry>, NamesError> {
        Ok(Vec::new())
    }
}

fn volume_of(bytes: u64) -> impl Fn(rt::Env) -> Result<(), rt::Failure> + Send + Sync {
    move |env| {
        volume::run(&env, MemoryFs::new(bytes, 64, std::sync::Arc::new(|| Time(sys::clock()))))
    }
}

/// Runs work with a shell that has a volume at `/` and a small one at `/tmp`. Returns its result
/// and what was printed.
fn with_shell<T: Send + 'static>(
    typed: &[&'static str],
    work: impl FnOnce(&mut Shell) -> T + Send + 'static,
) -> (T, String) {
    with_screen(typed, &[], work)
}

/// The same with keys for what draws the screen itself.
fn with_screen<T: Send + 'static>(
    typed: &[&'static str],
    keys: &[RawKey],
    work: impl FnOnce(&mut Shell) -> T + Send + 'static,
) -> (T, String) {
    on_terminal("names-only", typed, keys, work)
}

/// The same on a terminal that is given by the handle of this name.
fn on_terminal<T: Send + 'static>(
    handle: &'static str,
    typed: &[&'static str],
    keys: &[RawKey],
    work: impl FnOnce(&mut Shell) -> T + Send + 'static,
) -> (T, String) {
    let screen = Screen::default();
    screen.keys.lock().unwrap().extend(keys);
    screen.typed.lock().unwrap().extend(typed);
    let of = screen.clone();
    let result = testkit::run(|system| {
        let console = Endpoint::create().unwrap();
        let (root, tmp) = (Endpoint::create().unwrap(), Endpoint::create().unwrap());
        let nowhere = Endpoint::create().unwrap();
        let all = Rights::ALL;
        let screen = of.clone();
        let _console =
            system.program("console").handle("served", &console, all).serve(move |env| {
                let mut console = FakeConsole { screen: screen.clone(), waiters: Vec::new() };
                Executor::new()?.serve::<dyn Console>(env.handle("served")?, &mut console)?;
                Ok(())
            });
        let _volumes = [("root", &root, BIG), ("tmp", &tmp, SMALL)].map(|(name, served, bytes)| {
            let program = system.program(name).fact("access", "1 / write");
            program.handle("endpoint", served, all).serve(volume_of(bytes))
        });
        let names = system
            .program("names")
            .handle("console", &console, all)
            .handle("root", &root, all)
            .handle("tmp", &tmp, all)
            .serve(|env| {
                let services = ["console", "root", "tmp"];
                let given = services.map(|name| (name, env.handle(name).unwrap()));
                Executor::new()?.serve::<dyn Names>(
                    env.handle("endpoint")?,
                    &mut FakeNames(Vec::from(given)),
                )?;
                Ok(())
            });
        let shell = system
            .program("shell")
            .fact("volume", "root /")
            .fact("volume", "tmp /tmp")
            .handle("names", &names.endpoint(SHELL), all)
            .handle("supervisor", &nowhere, all)
            .handle(handle, &console, all);
        shell.script(|env| work(&mut Shell::new(env).unwrap())).join()
    });
    let printed = screen.printed.lock().unwrap().clone();
    (result, printed)
}

/// What lines print, with the last status.
fn printed(lines: &'static [&'static str]) -> (String, u64) {
    let (status, printed) = with_shell(&[], |shell| {
        lines.iter().for_each(|line| shell.run_line(line));
        shell.status()
    });
    (printed, status)
}

/// Checks what lines print, and that the last one succeeds.
fn check(lines: &'static [&'static str], wanted: &str) {
    assert_eq!(printed(lines), (wanted.into(), 0), "{lines:?}");
}
