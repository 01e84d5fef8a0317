//! Threads, locks, channels, values of threads.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier, Condvar, Mutex, RwLock};
use std::thread;
use std::time::Duration;

thread_local! {
    static OWN: Cell<u32> = const { Cell::new(7) };
    static ENDS: Ends = const { Ends };
}

static ENDED: AtomicU32 = AtomicU32::new(0);

struct Ends;

impl Drop for Ends {
    fn drop(&mut self) {
        ENDED.fetch_add(1, Ordering::Relaxed);
    }
}

pub fn all() {
    let sum = Arc::new(Mutex::new(0_u64));
    let workers: Vec<_> = (0..4)
        .map(|number| {
            let sum = sum.clone();
            let body = move || {
                for _ in 0..1000 {
                    *sum.lock().unwrap() += number;
                }
                ENDS.with(|_| ());
                OWN.with(|own| own.set(own.get() + number as u32));
                OWN.with(Cell::get)
            };
            thread::Builder::new().name(format!("worker {number}")).spawn(body).unwrap()
        })
        .collect();
    let own: Vec<u32> = workers.into_iter().map(|worker| worker.join().unwrap()).collect();
    println!(
        "threads: {} {own:?} {} {}",
        sum.lock().unwrap(),
        OWN.with(Cell::get),
        ENDED.load(Ordering::Relaxed)
    );
    channels();
    waiting();
    assert!(thread::available_parallelism().unwrap().get() >= 1);
}

fn channels() {
    let (sender, receiver) = channel();
    let worker = thread::spawn(move || (0..100).for_each(|number| sender.send(number).unwrap()));
    let sum: u32 = receiver.iter().sum();
    worker.join().unwrap();
    println!("channel: {sum}");
}

fn waiting() {
    let pair = (Mutex::new(false), Condvar::new());
    let barrier = Barrier::new(3);
    let table = RwLock::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                barrier.wait();
                *table.write().unwrap() += 1;
                barrier.wait();
            });
        }
        scope.spawn(|| {
            *pair.0.lock().unwrap() = true;
            pair.1.notify_all();
        });
        let mut set = pair.0.lock().unwrap();
        while !*set {
            set = pair.1.wait(set).unwrap();
        }
        drop(set);
        barrier.wait();
        barrier.wait();
    });
    let (lock, signal) = &pair;
    let waited = signal.wait_timeout(lock.lock().unwrap(), Duration::from_millis(2)).unwrap();
    println!("waiting: {} {}", table.read().unwrap(), waited.1.timed_out());
}
