//! An ordinary program with Rust's standard library, as system tests run it: `std-program [PART]`.
//! Each part prints one line; a part that fails panics.

mod files;
mod outside;
mod polls;
mod threads;
mod wild;

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        None => all(),
        Some("exit") => std::process::exit(42),
        Some("count") => println!("{}", std::io::stdin().lines().count()),
        Some("sleep") => std::thread::sleep(Duration::from_secs(3600)),
        Some("outside") => {
            outside::children();
            outside::sockets();
        }
        Some("polls") => polls::all(),
        Some("wild") => wild::call(arguments[1].parse().unwrap(), arguments[2].parse().unwrap()),
        Some("panic") => panic!("as asked"),
        Some("hold") => hold(arguments[1].parse().unwrap(), arguments.len() > 2),
        Some("echo") => println!("{}", arguments[1..].join(" ")),
        Some("cat") => println!(
            "{} bytes",
            std::io::copy(&mut std::io::stdin(), &mut std::io::stdout()).unwrap()
        ),
        Some("env") => println!("{}", std::env::var(&arguments[1]).unwrap_or("none".into())),
        Some(other) => panic!("no part {other}"),
    }
}

fn all() {
    println!("args: {:?}", std::env::args().collect::<Vec<_>>());
    environment();
    memory();
    times();
    threads::all();
    files::all();
    println!("all is well");
}

/// Allocates this much memory, in MiB, and writes to each page. When there is not enough it prints the
/// error, or aborts as most programs do.
fn hold(mib: usize, abort: bool) {
    let bytes = mib << 20;
    let mut held: Vec<u8> = Vec::new();
    match held.try_reserve_exact(bytes) {
        Ok(()) => {}
        Err(error) if abort => {
            drop(error);
            held.reserve_exact(bytes);
        }
        Err(error) => return println!("no {mib} MiB: {error}"),
    }
    held.resize(bytes, 1);
    let pages = held.chunks(4096).map(|page| usize::from(page[4095])).sum::<usize>();
    println!("{mib} MiB in {pages} pages");
}

fn environment() {
    assert_eq!(std::env::var("HOME").as_deref(), Ok("/home"));
    std::env::set_var("COLOUR", "blue");
    assert_eq!(std::env::var("COLOUR").as_deref(), Ok("blue"));
    std::env::remove_var("COLOUR");
    assert!(std::env::var("COLOUR").is_err());
    assert!(std::env::vars().any(|(name, _)| name == "PATH"));
    println!("environment: {}", std::env::current_exe().unwrap().display());
}

fn memory() {
    let mut words = HashMap::new();
    for word in "a b a c b a".split(' ') {
        *words.entry(word).or_insert(0) += 1;
    }
    let big: Vec<u64> = (0..100_000).collect();
    let sum: u64 = big.iter().sum();
    let mut counts: Vec<_> = words.into_iter().collect();
    counts.sort();
    println!("memory: {counts:?} {sum} {:.3}", (sum as f64).sqrt());
}

fn times() {
    let begun = Instant::now();
    std::thread::sleep(Duration::from_millis(5));
    assert!(begun.elapsed() >= Duration::from_millis(5));
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    println!("time: after 2020: {}", since.as_secs() > 1_577_836_800);
}
