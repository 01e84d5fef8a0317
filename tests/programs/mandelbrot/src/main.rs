//! `run mandelbrot [THREADS]`: each thread computes the same picture in floating point and
//! yields after each line, so that their registers meet; all must find the same checksum.
//! `run mandelbrot upcalls`: a thread is diverted again and again while it computes, to a
//! handler that computes too.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

mod upcalls;

use alloc::format;
use alloc::sync::Arc;
use console_api::stdio::Stdio;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use rt::Failure;
use sys::Priority;

rt::entry!(main);

const WIDTH: u32 = 96;
const HEIGHT: u32 = 64;
const DEPTH: u64 = 200;
const THREADS_MAX: usize = 16;

fn main(env: rt::Env) -> Result<(), Failure> {
    let mut stdio = Stdio::open(&env);
    if env.args().next() == Some("upcalls") {
        return upcalls::run(&mut stdio);
    }
    let threads = env.args().next().map_or(Ok(1), str::parse).unwrap_or(0);
    if !(1..=THREADS_MAX).contains(&threads) {
        stdio.print("usage: mandelbrot [THREADS | upcalls]\n")?;
        rt::exit(2)
    }
    let found = in_threads(threads)?;
    let first = found.first().copied().unwrap_or(0);
    let different = found.iter().filter(|sum| **sum != first).count();
    stdio.print(format!(
        "{WIDTH} x {HEIGHT}, {threads} threads, {different} differ, checksum {first:016x}\n"
    ))?;
    Ok(())
}

/// What each of the threads found.
fn in_threads(threads: usize) -> Result<alloc::vec::Vec<u64>, Failure> {
    let done = Arc::new(sys::Notification::create()?);
    let finished = Arc::new(AtomicUsize::new(0));
    let sums = Arc::new([const { AtomicU64::new(0) }; THREADS_MAX]);
    for number in 0..threads {
        let (done, finished, sums) = (done.clone(), finished.clone(), sums.clone());
        let thread = sys::spawn_thread(8, Priority(10), move || {
            sums[number].store(checksum(), Ordering::Relaxed);
            finished.fetch_add(1, Ordering::Release);
            // The waiting thread looks again by itself when this fails.
            let _ = done.signal(1);
        })?;
        drop(thread);
    }
    while finished.load(Ordering::Acquire) < threads {
        done.wait(sys::FOREVER)?;
    }
    Ok(sums.iter().take(threads).map(|sum| sum.load(Ordering::Relaxed)).collect())
}

/// FNV-1a over the depths of all points and the bits of where they ended.
fn checksum() -> u64 {
    let mut sum = 0xcbf2_9ce4_8422_2325;
    let mut add = |value: u64| sum = (sum ^ value).wrapping_mul(0x100_0000_01b3_u64);
    for line in 0..HEIGHT {
        for column in 0..WIDTH {
            let x = f64::from(column) / f64::from(WIDTH) * 3.0 - 2.0;
            let y = f64::from(line) / f64::from(HEIGHT) * 2.0 - 1.0;
            let (depth, radius) = escape(x, y);
            add(depth);
            add(radius.to_bits());
        }
        sys::yield_now();
    }
    sum
}

/// How many steps a point stays near, and how far it is then.
fn escape(x: f64, y: f64) -> (u64, f64) {
    let (mut a, mut b) = (0.0, 0.0);
    for depth in 0..DEPTH {
        let (aa, bb): (f64, f64) = (a * a, b * b);
        if aa + bb > 4.0 {
            return (depth, aa + bb);
        }
        (a, b) = (aa - bb + x, 2.0 * a * b + y);
    }
    (DEPTH, a * a + b * b)
}
