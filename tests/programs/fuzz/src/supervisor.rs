//! The first program: one keeper after another, and all that must be the same in between.

mod fill;

use crate::FUNCTIONS;
use crate::machine::{Machine, after};
use alloc::format;
use loader::Program;
use rt::Failure;
use sys::{
    Error, IoSpace, IoSpaceFlags, Memory, Notification, Pages, Priority, Process, ProcessInfo,
    Quota, Rights, SystemInfo,
};

/// Calls of one keeper's life, about.
const ROUND: u64 = 200_000;
/// How long no call at all may be made.
const STILL_NS: u64 = 20_000_000_000;
/// Calls that are no sign of life: those of looking.
const QUIET: u64 = 100;
/// How often to look.
const LOOK_NS: u64 = 50_000_000;
/// What a keeper and all its children may use.
pub(crate) const QUOTA: Quota = Quota {
    pages: 14_000,
    handles: 900,
    threads: 100,
    objects: 900,
    max_priority: 50,
    reserved: 0,
};

/// What must be the same before and after: frames, processes, threads, handles, objects; of
/// the own quota all but the pages, which the heap takes and keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counts {
    machine: [u64; 5],
    own: [u32; 3],
}

impl Counts {
    fn now() -> Result<Self, Failure> {
        let SystemInfo { frames_free, processes, threads, handles, objects, .. } =
            sys::system_info()?;
        let used = Process::own_info()?.used;
        Ok(Self {
            machine: [frames_free + rt::heap_pages(), processes, threads, handles, objects],
            own: [used.handles, used.threads, used.objects],
        })
    }

    /// As soon as they are as before, or after a while.
    fn settled(before: Self) -> Result<Self, Failure> {
        let end = after(5_000_000_000);
        loop {
            let now = Self::now()?;
            if now == before || sys::clock() > end {
                return Ok(now);
            }
            sys::sleep_for(2_000_000);
        }
    }
}

/// The whole run.
pub(crate) fn run(env: &rt::Env) -> Result<(), Failure> {
    let number =
        |key, otherwise| env.option(key).and_then(|text| text.parse().ok()).unwrap_or(otherwise);
    let machine = Machine::new(env)?;
    let outcome = rounds(&machine, number("calls", 300_000), number("seed", 1));
    if let Err(failure) = &outcome {
        machine.say(format_args!("failed: fuzz: {failure}"));
    }
    machine.end(outcome.is_ok())
}

fn rounds(machine: &Machine, calls: u64, seed: u64) -> Result<(), Failure> {
    machine.say(format_args!("fuzz: {calls} calls from seed {seed}"));
    fill::all_kinds(machine)?;
    // The first one makes page tables and the heap grow.
    keeper(machine, ROUND / 20, seed ^ 1 << 40, false)?;
    clear_spaces(machine)?;
    let before = Counts::settled(Counts::now()?)?;
    let start = sys::system_info()?.syscalls;
    let mut round = 0_u64;
    loop {
        let done = sys::system_info()?.syscalls - start;
        if done >= calls {
            break;
        }
        let seed = seed.wrapping_add(round);
        machine.say(format_args!("fuzz: {done} calls, a round from seed {seed}"));
        // Every other keeper leaves its children behind: they end with it.
        keeper(machine, ROUND.min(calls - done), seed, round % 2 == 1)?;
        clear_spaces(machine)?;
        judge(before)?;
        round += 1;
    }
    let info = sys::system_info()?;
    machine.say(format_args!(
        "fuzz: {} calls in {round} rounds, {} switches, {} exits, {} turns at most",
        info.syscalls - start,
        info.switches,
        info.exits,
        info.most_turns
    ));
    machine.say(format_args!("fuzz: the longest turn was {} ns", info.longest_turn_ns));
    machine.say("fuzz: all is as before");
    Ok(())
}

/// Does what a bus server does at its start: dead children have left mappings for devices.
fn clear_spaces(machine: &Machine) -> Result<(), Failure> {
    for function in (0..FUNCTIONS).filter_map(|number| u16::try_from(number).ok()) {
        let flags = IoSpaceFlags::TRUSTED;
        let (space, mut left) = IoSpace::create(machine.resource(), function, 1, flags)?;
        while left > 0 {
            left = space.clear()?;
        }
    }
    Ok(())
}

fn judge(before: Counts) -> Result<(), Failure> {
    let now = Counts::settled(before)?;
    if now != before {
        return Err(Failure::new(format_args!(
            "frames, processes, threads, handles, objects or quota are not back: \
             before {before:?}, after {now:?}"
        )));
    }
    match sys::system_info()?.violations {
        0 => Ok(()),
        count => Err(Failure::new(format_args!("{count} violations found by debug checks"))),
    }
}

/// The life of a keeper.
fn keeper(machine: &Machine, calls: u64, seed: u64, leave: bool) -> Result<(), Failure> {
    let (wide, narrow) = (machine.image("fuzz")?, machine.image("fuzz32")?);
    let (image, image32) = (copy(wide)?, copy(narrow)?);
    let until = sys::system_info()?.syscalls + calls;
    let lengths = [wide, narrow].map(|file| file.len() as u64);
    let numbers = [until, seed, leave.into(), lengths[0], lengths[1]];
    let numbers = numbers.map(|number| format!("{number}"));
    let [until, seed, leave, wide_len, narrow_len] = &numbers;
    let death = Notification::create()?;
    let process = Program {
        name: "keeper",
        image: wide,
        args: &["keeper", until, seed, leave, wide_len, narrow_len],
        quota: QUOTA,
        priority: Priority(40),
        handles: &[
            ("resource", machine.resource().as_handle(), Rights::ALL, 0),
            ("serial", machine.serial.as_handle(), Rights::ALL, 0),
            ("image", image.as_handle(), Rights::READ, 0),
            ("image32", image32.as_handle(), Rights::READ, 0),
        ],
        death: Some((&death, 1)),
        ..Program::default()
    }
    .start()
    .map_err(|error| Failure::new(format_args!("a keeper: {error}")))?;
    match wait_for_end(&process, &death)?.status {
        0 => Ok(()),
        status => Err(Failure::new(format_args!("a keeper ended with status {status}"))),
    }
}

/// A copy of a file that can be given to another process.
fn copy(file: &[u8]) -> Result<Memory, Failure> {
    let mut pages = Pages::create((file.len() as u64).div_ceil(sys::PAGE_SIZE))?;
    let place = pages.get_mut(..file.len()).ok_or("a file is too long")?;
    place.copy_from_slice(file);
    Ok(pages.into_memory())
}

/// Waits as long as something happens.
fn wait_for_end(process: &Process, death: &Notification) -> Result<ProcessInfo, Failure> {
    let (mut seen, mut quiet_since) = (0, sys::clock());
    loop {
        match death.wait(after(LOOK_NS)) {
            Ok(_) => return Ok(process.info()?),
            Err(Error::TimedOut) => {}
            Err(error) => return Err(error.into()),
        }
        let calls = sys::system_info()?.syscalls;
        if calls > seen + QUIET {
            (seen, quiet_since) = (calls, sys::clock());
        } else if sys::clock() > quiet_since + STILL_NS {
            return Err(Failure::from("no progress: everything waits"));
        }
    }
}
