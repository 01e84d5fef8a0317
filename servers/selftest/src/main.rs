//! The user-space self-tests: started in place of init by the kernel's word `selftest`.
//!
//! **Shape.** [`checks`] is a table of named checks. A check uses threads of this process
//! as peers, and for what a process must not survive, this program once more as a child
//! ([`child`]) with a role as its argument. Output is TAP 14 on COM1 ([`report`]); a guard
//! thread ends the machine when a check hangs.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

mod bench;
mod checks;
mod child;
mod peer;
mod report;
mod roles;
mod watched;

use bench::Bench;
use report::Report;

rt::entry!(main);

fn main(env: rt::Env) -> Result<(), rt::Failure> {
    let mut arguments = env.args();
    if let Some(role) = arguments.next() {
        return roles::play(&env, role, arguments.next().unwrap_or(""));
    }
    let bench = Bench::new(&env)?;
    let report = Report::start(&bench)?;
    for (name, check) in checks::SUITES.iter().flat_map(|suite| suite.iter()) {
        bench.falsify(env.option("inject") == Some(name));
        report.begin(name);
        let outcome = check(&bench);
        report.end(name, &outcome, &bench.take_notes());
    }
    report.finish(&bench)
}
