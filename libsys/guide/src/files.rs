//! Files and pipes: what a program reads and writes.
//!
//! # At the prompt
//!
//! The shell reads lines as other shells do. A pipeline joins commands of the shell and programs in
//! any order:
//!
//! ```console
//! postern> cd /tmp; echo hello > a; cat a | wc
//!       1       1       6
//! postern> hello you | upper > b && cat b
//! HELLO, YOU!
//! postern> NAME='a file'; cp b "$NAME"; ls; wc -l *
//! ```
//!
//! | text | meaning |
//! |---|---|
//! | `A; B`, `A && B`, `A \|\| B` | B after A; when the status of A is 0; when it is not |
//! | `A \| B` | what A writes is what B reads |
//! | `> FILE`, `>> FILE`, `< FILE` | output replaces a file, or is added to it; input comes from one |
//! | `'…'`, `"…"`, `\c` | no signs, only `$` and `\`, one character |
//! | `NAME=VALUE`, `$NAME`, `$?` | variables; the last status |
//! | `$(A)`, `"$(A)"` | what A writes, as words; as one word |
//! | `*`, `?`, `[a-z]` | paths that fit |
//! | `PROGRAM &` | without waiting for it |
//!
//! A name that is no command is a program: `/bin/NAME` if it is there, else one of the manifest. A
//! path with a `/` is that file. `NAME=VALUE PROGRAM` gives the program a variable. The status of a
//! pipeline is that of its last command. Ctrl-C ends it. Tab completes commands and paths, Ctrl-R looks
//! for a line that was typed before; `/home/.history` has those lines, and `/etc/rc` runs at boot.
//!
//! A second disk in FAT is `/usb`: `cargo xtask disk format --type fat usb.img` makes an image of one.
//! `log` shows the end of the system log, `log -f` goes on with it; `/var/log/system` has it over
//! boots, with the lines of faults.
//!
//! # A program in a pipeline
//!
//! [`Stdio`](console_api::stdio::Stdio) is the pipe that the program was started with, else the
//! console. A pipe is a queue of chunks, so its memory has an end: a fast writer waits. A test gives
//! the program the other ends.
//!
//! ```
//! use console_api::stdio::{Chunk, STDIN, STDOUT, Stdio, pipe};
//! use sys::{FOREVER, Memory, Rights};
//!
//! /// Numbers its input.
//! fn start(env: rt::Env) -> Result<(), rt::Failure> {
//!     let mut stdio = Stdio::open(&env);
//!     let mut number = 0;
//!     while let Some(line) = stdio.read_line()? {
//!         number += 1;
//!         stdio.print(format!("{number} {line}\n"))?;
//!     }
//!     Ok(())
//! }
//!
//! testkit::run(|system| {
//!     let (input, its_input) = pipe().unwrap().create().unwrap();
//!     let (output, its_output) = pipe().unwrap().create().unwrap();
//!     let mut program = system.program("number");
//!     for (names, offer) in [(STDIN, its_input), (STDOUT, its_output)] {
//!         for (name, handle) in names.into_iter().zip(offer.into_handles()) {
//!             program = program.handle(name, &Memory::from(handle), Rights::ALL);
//!         }
//!     }
//!     let program = program.script(|env| start(env).is_ok());
//!
//!     let (mut input, mut output) = (input.producer(), output.consumer());
//!     input.push(&Chunk::of(b"one\ntwo").collect::<Vec<_>>(), FOREVER).unwrap();
//!     drop(input); // The end of the input.
//!     assert!(program.join());
//!     let (mut chunks, mut text) = ([Chunk::EMPTY; 4], Vec::new());
//!     while let Ok(count) = output.pop(&mut chunks, FOREVER) {
//!         chunks[..count].iter().for_each(|chunk| text.extend_from_slice(chunk.bytes()));
//!     }
//!     assert_eq!(text, b"1 one\n2 two\n");
//! });
//! ```
//!
//! # Files in a program
//!
//! The manifest says which volumes a program sees: `access` of a `[volume.NAME]`. Its
//! [`Namespace`](files::Namespace) is made of that, and of the directory that the shell was in.
//! There is no other way to a file, and `..` does not lead out.
//!
//! ```no_run
//! use files::{How, Namespace};
//!
//! fn start(env: rt::Env) -> Result<(), rt::Failure> {
//!     let files = Namespace::of(&env)?;
//!     let mut log = files.open("log", How::CREATE)?;
//!     log.append(b"started\n")?;
//!     log.sync()?; // From here on it is there after a power cut.
//!     // As a whole, or not at all:
//!     files.replace("settings", b"colour=blue\n")?;
//!     Ok(())
//! }
//! # fn main() {}
//! ```
//!
//! An open file goes on when its volume's server dies; errors name the path.
