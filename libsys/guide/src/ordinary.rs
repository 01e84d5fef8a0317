//! Ordinary Rust programs: the standard library, crates of the registry, unmodified.
//!
//! # A program of your own
//!
//! ```console
//! $ cargo xtask new-program greeter
//! $ cargo xtask install --path greeter
//! $ cargo xtask run -c "greeter you; shutdown"
//! Hello, you!
//! ```
//!
//! It is a program as `cargo new` makes it, and builds for the host, too. `install` builds it with
//! the standard library and puts it into `/bin` of the system's volume, and of a disk image that
//! `--disk FILE` names; volumes that are made later have it as well. `target/image/installed` has what
//! is installed: what is removed there is in no new volume.
//!
//! # A program of others
//!
//! ```console
//! $ cargo xtask install ripgrep@14.1.1
//! $ cargo xtask run -c "rg -n postern /doc; shutdown"
//! ```
//!
//! The sources are the registry's, built with their own Cargo.lock. `--features`,
//! `--no-default-features`, `--bin` and `--example` mean what they mean to cargo.
//!
//! # What a program finds
//!
//! | part | here |
//! |---|---|
//! | arguments, `std::env` | the shell's; `NAME=VALUE PROGRAM` and `export` set variables, `HOME` and `PATH` are set |
//! | standard input and output | pipes and files of the shell's line, else the console; errors always go to the console |
//! | `std::fs` | `/` to read, `/home` and `/tmp` to write; temporary files are in `/tmp` |
//! | `std::thread`, locks, channels | all; a thread has 256 KiB of stack unless it asks for more, up to 15 MiB |
//! | `std::time` | `clock` has the time of day |
//! | `std::net` | TCP and UDP over `net`; sockets are bound to `0.0.0.0` only |
//! | `std::process` | programs of `/bin` and of the boot archive; pipes for input and output |
//! | readiness of many sockets | `moto_rt::poll`, for sockets alone: other descriptors are `Unsupported` |
//! | random bytes | of `random`; the crate `getrandom` (0.3 and later) asks it, too |
//! | a panic | its message, and the status 101 |
//!
//! A program may use a quarter of the memory that no server has reserved: about 40 MiB, and more with
//! `cargo xtask run --mem MIB`. Threads and other kernel objects come out of the block `[program.user]` of
//! the manifest. When they are used up, std's ordinary errors say so. The manifest also says which ports such a program
//! may connect to and listen on.
//!
//! # WebAssembly
//!
//! `tests/wasi` runs programs that call WASI (preview 1): files below the folders that it is given,
//! arguments, environment, clocks, random bytes. Sockets and links are missing (`nosys`).
//!
//! ```console
//! $ cargo xtask install --path tests/wasi
//! $ cargo xtask disk format my.img
//! $ cargo xtask disk put my.img program.wasm /home/program.wasm
//! $ cargo xtask run --disk my.img -c "wasi --dir /home /home/program.wasm argument; shutdown"
//! ```
//!
//! # Crates that were tried
//!
//! Unmodified, from the registry; those of the first two rows run in `cargo xtask test --programs`.
//!
//! | crates | here |
//! |---|---|
//! | ripgrep, regex, walkdir, tempfile, serde_json | run |
//! | rayon, redb, rhai, wasmi | run |
//! | tiny_http, ureq, chrono, boa, rand, rustls | pass `cargo check` for this target; no test runs them |
//! | mio, tokio's sockets, what calls C | do not build |
//!
//! # What it does not find
//!
//! Code for `cfg(unix)` or `cfg(windows)` is left out, since the target is neither, and code in C is not
//! built. Crates over `mio` (tokio's sockets) do not build. Symbolic links look like what they lead to,
//! and std has no call to make one; neither has it one for locks of files and for their times.
//! `Command::output` has the output alone. A function of the system that is missing altogether prints
//! its name and ends the program with status 120.
