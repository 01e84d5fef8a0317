//! `init=bench`: a first program that measures what operations cost.
//!
//! On a machine whose nanosecond is an instruction (`-icount shift=0`) the time-stamp counter
//! counts instructions, so each figure is the same on every machine. `cargo xtask bench` boots
//! it and makes a table of its lines ([`figures`]). Words of the command line:
//!
//! | word | what |
//! |---|---|
//! | `samples=N` | how often each operation is measured, at most; 10,000 |
//! | `rows=A,B` | only operations whose name contains one of these |
//! | `trace=A` | this operation, again and again between two markers |
//! | `slower=N` | in the program `bench-slow`: each operation takes this number of instructions more |
//! | `part=cpus` | instead of all others, those of machines with several CPUs |
//! | `part=sizes` | instead, what things take of memory |
//! | `part=scale` | instead, a few operations with many things in the machine |
//!
//! Children are this program once more, with a role as its argument.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

mod calls;
#[path = "../../load/src/children.rs"]
mod children;
mod cpus;
mod faults;
mod figures;
mod lives;
#[path = "../../load/src/machine.rs"]
mod machine;
mod memory;
mod meter;
mod narrow;
mod records;
mod scale;
mod settings;
mod shared;
mod signals;
mod sizes;
mod time;
mod volumes;

use machine::Machine;
use meter::Meter;
use rt::Failure;
use settings::PRIORITY;

rt::entry!(main);

/// Measures some operations, after what they need has been prepared.
type Group = fn(&Meter<'_>) -> Result<(), Failure>;

/// The operations by name, with what measures them.
const GROUPS: &[(&[&str], Group)] = &[
    (calls::NULL, calls::null),
    (calls::ONE_SPACE, calls::one_space),
    (calls::TWO_SPACES, calls::two_spaces),
    (calls::MORE, calls::more),
    (calls::TYPED, calls::typed),
    (signals::QUEUES, signals::queues),
    (records::RECORDS, records::records),
    (records::BLOCKS, records::blocks),
    (volumes::READS, volumes::reads),
    (signals::SIGNALS, signals::signals),
    (signals::PING_PONG, signals::ping_pong),
    (signals::YIELDS, signals::yields),
    (signals::UPCALLS, signals::upcalls),
    (faults::FAULTS, faults::faults),
    (time::WAKES, time::wakes),
    (lives::THREADS, lives::threads),
    (lives::PROCESSES, lives::processes),
    (memory::MAPS, memory::maps),
    (narrow::NARROW, narrow::narrow),
];

/// Those of a machine whose time is not counted in instructions.
const CPUS: &[(&[&str], Group)] = &[(cpus::ALL, cpus::all)];

fn main(env: rt::Env) -> Result<(), Failure> {
    let mut arguments = env.args();
    if let Some(role) = arguments.next() {
        if let Some(cpus) = arguments.next().and_then(|mask| mask.parse().ok()) {
            sys::trace::set_affinity(cpus)?;
        }
        return play(&env, role);
    }
    let machine = Machine::new(&env)?;
    sys::set_own_priority(PRIORITY)?;
    let measured = match env.option("part") {
        Some("scale") => scale::all(&Meter::new(&machine, &env)),
        Some("sizes") => sizes::all(&machine),
        Some("cpus") => measure(&Meter::new(&machine, &env), CPUS),
        _ => measure(&Meter::new(&machine, &env), GROUPS),
    };
    if let Err(failure) = &measured {
        machine.say(format_args!("failed: {failure}"));
    }
    machine.end(measured.is_ok())
}

/// Measures what is wanted of these.
fn measure(meter: &Meter<'_>, groups: &[(&[&str], Group)]) -> Result<(), Failure> {
    let wanted = groups.iter().filter(|(rows, _)| rows.iter().any(|row| meter.wants(row)));
    wanted
        .into_iter()
        .try_for_each(|(rows, group)| group(meter).map_err(|failure| failure.while_doing(rows[0])))
}

fn play(env: &rt::Env, role: &str) -> Result<(), Failure> {
    match role {
        "serve-words" => calls::serve_words(&env.handle("endpoint")?),
        "serve-bytes" => calls::serve_bytes(&env.handle("endpoint")?),
        "serve" => calls::serve(&env.handle("endpoint")?),
        "serve-typed" => calls::serve_typed(env),
        "consume" => signals::consume(env),
        "consume-records" => records::consume(env),
        "drive-null" => records::drive(env),
        "serve-volume" => volumes::serve(env),
        "wait" => signals::wait(env),
        "pong" => signals::pong(env),
        "yield" => signals::yield_for_ever(),
        "spin" => shared::spin(env),
        "sleep" => lives::sleep(),
        "fault-undefined" | "fault-page" => faults::fault(role),
        other => Err(Failure::new(format_args!("no role `{other}`"))),
    }
}
