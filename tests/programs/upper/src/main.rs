//! Writes the lines of its input in capital letters: `cat FILE | upper`.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

use console_api::stdio::Stdio;

rt::entry!(start);

fn start(env: rt::Env) -> Result<(), rt::Failure> {
    let mut stdio = Stdio::open(&env);
    while let Some(line) = stdio.read_line()? {
        stdio.print(alloc::format!("{}\n", line.to_uppercase()))?;
    }
    Ok(())
}
