//! `wasi [--dir FOLDER[::NAME]]… [--env NAME=VALUE]… [--memory MIB] FILE [ARGUMENT]…`

use std::process::ExitCode;
use wasi::Settings;

const USAGE: &str =
    "usage: wasi [--dir FOLDER[::NAME]] [--env NAME=VALUE] [--memory MIB] FILE [ARGUMENT]...";
/// Memory of a program unless it is told otherwise, in MiB.
const MEMORY_MIB: usize = 4;
/// The status when the program could not run or go on.
const FAILED: u8 = 134;

fn main() -> ExitCode {
    let Some((file, settings)) = read(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let ran = std::fs::read(&file).map_err(|error| error.to_string());
    let ran =
        ran.and_then(|program| wasi::run(&program, settings).map_err(|error| error.to_string()));
    match ran {
        Ok(status) => ExitCode::from(u8::try_from(status & 0xff).unwrap_or(u8::MAX)),
        Err(why) => {
            eprintln!("wasi: {file}: {why}");
            ExitCode::from(FAILED)
        }
    }
}

/// The file of the program, and what it is started with.
fn read(mut words: impl Iterator<Item = String>) -> Option<(String, Settings)> {
    let mut settings = Settings { memory: MEMORY_MIB << 20, ..Settings::default() };
    loop {
        let word = words.next()?;
        match word.as_str() {
            "--dir" => {
                let folder = words.next()?;
                let (place, name) = folder.split_once("::").unwrap_or((&folder, &folder));
                settings.folders.push((place.to_owned(), name.to_owned()));
            }
            "--env" => settings.env.push(words.next().filter(|line| line.contains('='))?),
            "--memory" => {
                let bytes = words.next()?.parse::<usize>().ok()?.checked_mul(1 << 20)?;
                settings.memory = bytes;
            }
            option if option.starts_with("--") => return None,
            _ => {
                settings.args = [word.clone()].into_iter().chain(words).collect();
                return Some((word, settings));
            }
        }
    }
}
