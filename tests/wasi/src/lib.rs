//! WASI, preview 1, over Rust's standard library: files below given folders, arguments, environment,
//! clocks, random bytes, the console.
//!
//! **Shape.** [`run`] interprets one program. Each function of WASI is a plain function over the
//! program's [`State`] and its memory; [`link`](calls::link) lists them by their names.
//!
//! **Untrusted.** Every number that the program passes is checked by [`Memory`], and every path stays
//! below its folder. Where the system lets a link lead out of a folder, it leads there for the
//! program, too. What is not here, such as sockets, is the error `nosys`.

mod calls;
mod error;
mod files;
mod memory;

pub use files::Files;

use std::time::Instant;
use wasmi::{Engine, Error, Linker, Module, Store, StoreLimits, StoreLimitsBuilder};

/// What a program is started with.
#[derive(Debug, Default)]
pub struct Settings {
    /// Its name and its arguments.
    pub args: Vec<String>,
    /// `NAME=VALUE` each.
    pub env: Vec<String>,
    /// The folders that it may use: where each is, and its name for the program.
    pub folders: Vec<(String, String)>,
    /// The most bytes of its memory.
    pub memory: usize,
}

/// What the functions of WASI use.
struct State {
    args: Vec<String>,
    env: Vec<String>,
    files: Files,
    begun: Instant,
    limits: StoreLimits,
}

/// Runs a program, WebAssembly as bytes or as text. Returns its status.
///
/// # Errors
/// When it is not WebAssembly, wants what is not there, or did what ends it, such as a division by 0.
pub fn run(program: &[u8], settings: Settings) -> Result<i32, Error> {
    let engine = Engine::default();
    let module = Module::new(&engine, program)?;
    let limits = StoreLimitsBuilder::new().memory_size(settings.memory).build();
    let state = State {
        args: settings.args,
        env: settings.env,
        files: Files::new(&settings.folders),
        begun: Instant::now(),
        limits,
    };
    let mut store = Store::new(&engine, state);
    store.limiter(|state| &mut state.limits);
    let mut linker = Linker::new(&engine);
    calls::link(&mut linker)?;
    let instance = linker.instantiate_and_start(&mut store, &module)?;
    let start = instance.get_typed_func::<(), ()>(&store, "_start")?;
    match start.call(&mut store, ()) {
        Ok(()) => Ok(0),
        Err(error) => error.i32_exit_status().ok_or(error),
    }
}
