//! The campaign: fault after fault, and the verdict.

use crate::books::{BOOKS, Book, FIRST_DISK, TARGETS};
use crate::faults::{Kind, inject};
use crate::rest::take_stock;
use crate::table::{Table, say};
use crate::watch::{before, renew, watch};
use crate::{clients, disk};
use alloc::format;
use alloc::vec::Vec;
use core::sync::atomic::Ordering;
use fastrand::Rng;
use init_api::{SystemClient, SystemError};
use rt::Failure;
use service::CallError;
use sys::Process;

/// Faults before stock is taken for the first time: what grows once has grown then.
const WARM_UP: u64 = 40;
/// How long a server may be between two lives, and how often that is looked at.
const PATIENCE_NS: u64 = 20_000_000_000;
const PAUSE_NS: u64 = 1_000_000;
/// How long a server is without memory.
const STARVED_NS: u64 = 10_000_000;
/// Faults between two lines that say how far it is.
const STEP: u64 = 250;

/// What to do.
pub(crate) struct Plan {
    faults: u64,
    seed: u64,
    targets: Vec<usize>,
    kinds: Vec<Kind>,
}

impl Plan {
    /// Of the words on the command line.
    pub(crate) fn of(env: &rt::Env) -> Result<Self, Failure> {
        let number = |key, otherwise| match env.option(key) {
            None => Ok(otherwise),
            Some(text) => {
                text.parse().map_err(|_| Failure::new(format_args!("{key}={text} is no number")))
            }
        };
        let chosen = |key| env.option(key).unwrap_or("").split(',').filter(|word| !word.is_empty());
        let targets = chosen("targets").map(|word| {
            let found = TARGETS.iter().position(|name| *name == word);
            found.ok_or_else(|| {
                Failure::new(format_args!("no target {word}: there are {TARGETS:?}"))
            })
        });
        let kinds = chosen("kinds").map(|word| {
            let found = Kind::ALL.into_iter().find(|kind| kind.name() == word);
            let names = Kind::ALL.map(Kind::name);
            found.ok_or_else(|| Failure::new(format_args!("no kind {word}: there are {names:?}")))
        });
        let mut plan = Self {
            faults: number("faults", 100)?,
            seed: number("seed", 1)?,
            targets: targets.collect::<Result<_, _>>()?,
            kinds: kinds.collect::<Result<_, _>>()?,
        };
        if plan.targets.is_empty() {
            plan.targets = (0..TARGETS.len()).collect();
        }
        if plan.kinds.is_empty() {
            plan.kinds = Kind::ALL.to_vec();
        }
        Ok(plan)
    }
}

/// Runs it: whether all is well.
pub(crate) fn run(env: &rt::Env, init: &SystemClient, plan: &Plan) -> Result<bool, Failure> {
    if let Some(mib) = env.option("disk-mib") {
        let no_number = |_| Failure::new(format_args!("disk-mib={mib} is no number"));
        disk::use_mib(mib.parse().map_err(no_number)?);
    }
    clients::start(env.names(), plan.seed)?;
    let mut rng = Rng::with_seed(plan.seed);
    let mut table = Table::default();
    for _ in 0..WARM_UP {
        one(init, plan, &mut rng, &mut Table::default())?;
    }
    let stock = take_stock(init)?;
    for number in 1..=plan.faults {
        one(init, plan, &mut rng, &mut table)?;
        if number % STEP == 0 {
            say(&format!("{number} of {} faults", plan.faults));
        }
    }
    let after = take_stock(init)?;
    table.print();
    verdict(&table, plan, (stock, after))
}

/// One fault, and a server that works again.
fn one(init: &SystemClient, plan: &Plan, rng: &mut Rng, table: &mut Table) -> Result<(), Failure> {
    let target = plan.targets.get(rng.usize(0..plan.targets.len())).copied().unwrap_or(0);
    let kinds: Vec<Kind> = plan.kinds.iter().copied().filter(|it| it.is_for(target)).collect();
    let kind = rng.choice(kinds).unwrap_or(Kind::Kill);
    let process = running(init, target)?;
    let before = before(target);
    let held = match inject(kind, target, &process, rng) {
        Ok(held) => held,
        // It died under the injector's hands: that shows, too.
        Err(error) => {
            defmt::debug!("{=str}: {=str}", kind.name(), error.text());
            return renewed(target, &process);
        }
    };
    if held.ends() {
        // Long enough for some operations to meet it.
        sys::sleep_for(STARVED_NS);
    }
    drop(held);
    let seen = watch(init, target, &process, kind, before)?;
    table.add(target, kind, &seen);
    if kind.lasts() && seen.recovery_ns == 0 {
        renewed(target, &process)?;
    }
    Ok(())
}

/// The present life of a server. Between two lives there is none for a moment.
fn running(init: &SystemClient, target: usize) -> Result<Process, Failure> {
    let end = sys::clock() + PATIENCE_NS;
    loop {
        match init.process(TARGETS[target]) {
            Ok(process) => return Ok(process),
            Err(CallError::Service(SystemError::NotRunning { .. })) if sys::clock() < end => {
                sys::sleep_for(PAUSE_NS);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn renewed(target: usize, process: &Process) -> Result<(), Failure> {
    if renew(target, process) {
        return Ok(());
    }
    Err(Failure::new(format_args!("{} does not come back", TARGETS[target])))
}

fn verdict(
    table: &Table,
    plan: &Plan,
    (before, after): (crate::rest::Stock, crate::rest::Stock),
) -> Result<bool, Failure> {
    let wrong: u64 = BOOKS.iter().map(|book| book.wrong.load(Ordering::Relaxed)).sum();
    let failed: u64 = BOOKS.iter().skip(FIRST_DISK).map(Book::told).sum();
    let violations = sys::system_info()?.violations;
    let lost = table.lost();
    say("");
    say(&format!("{} faults from seed {}", plan.faults, plan.seed));
    say(&format!("kernel failures {violations}"));
    say(&format!("client operations lost or wrong without an error {wrong}"));
    say(&format!("operations on disks that failed {failed}"));
    say(&format!("servers neither back nor given up {lost}"));
    let same = before == after;
    say(&format!("memory, handles, objects back to start: {}", if same { "yes" } else { "no" }));
    if !same {
        say(&format!("before {before:?}"));
        say(&format!("after  {after:?}"));
    }
    Ok(wrong == 0 && failed == 0 && violations == 0 && lost == 0 && same)
}
