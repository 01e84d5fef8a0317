//! A server of the system tests that goes wrong in the way its argument says.
//!
//! Tests put sections for it into the manifest, under names that begin with `sick-`.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

mod flood;
mod ghost;
mod grasp;
mod greedy;
mod observe;
mod smuggle;
mod storm;

use rt::Failure;
use sys::{Endpoint, FOREVER, Notification, Words};

rt::entry!(main);

fn main(env: rt::Env) -> Result<(), Failure> {
    let way = env.args().next().unwrap_or("serves");
    defmt::info!("this one {=str}", way);
    match way {
        "serves" => serves(&env),
        "loops" => loops(),
        "deadlocks" => deadlocks(),
        "panics" => panic!("this server always panics"),
        "listens" => listens(&env),
        "floods" => flood::calls(&env),
        "exhausts" => flood::handles(&env),
        "forges" => flood::forges(&env),
        "observes" => observe::observes(&env),
        "works" => greedy::works(),
        "greedy" => greedy::takes_all(&env),
        "gives" => smuggle::gives(&env),
        "takes" => smuggle::takes(&env),
        "ghost" => ghost::dies(&env),
        "watches" => ghost::watches(),
        "storms" => storm::storms(&env),
        "grasps" => grasp::takes(&env),
        other => Err(Failure::new(alloc::format!("no way to go wrong is called {other}"))),
    }
}

/// Nothing is wrong: it waits for messages and answers none.
fn serves(env: &rt::Env) -> Result<(), Failure> {
    let endpoint: Endpoint = env.handle("endpoint")?;
    loop {
        let _ = endpoint.receive(FOREVER, &mut [])?;
    }
}

/// Works for ever, and never comes back for a message.
#[inline(never)]
fn loops() -> ! {
    let mut number = 1_u64;
    loop {
        number = core::hint::black_box(number.wrapping_mul(6_364_136_223_846_793_005));
    }
}

/// Calls an endpoint without a server.
#[inline(never)]
fn deadlocks() -> Result<(), Failure> {
    Endpoint::create()?.call(1, &Words::default())?;
    Ok(())
}

/// Tells what it hears of those it depends on.
fn listens(env: &rt::Env) -> Result<(), Failure> {
    let peers: Notification = env.handle("peers")?;
    loop {
        defmt::info!("peers {=u64:b}", peers.wait(FOREVER)?);
    }
}
