//! `run client SECONDS [SERVER]`: calls `template`, or another server with its interface,
//! without a pause and checks every answer.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::format;
use console_api::stdio::Stdio;
use template_api::TemplateClient;

rt::entry!(main);

const NS_PER_SECOND: u64 = 1_000_000_000;

/// What became of the calls.
#[derive(Default)]
struct Count {
    right: u64,
    wrong: u64,
    errors: u64,
}

fn main(env: rt::Env) -> Result<(), rt::Failure> {
    let mut stdio = Stdio::open(&env);
    let seconds: u64 = env.args().next().and_then(|text| text.parse().ok()).unwrap_or(1);
    let server = env.args().nth(1).unwrap_or("template");
    let template = TemplateClient::connect_as(env.names(), server)?;
    let end = sys::clock() + seconds * NS_PER_SECOND;
    let mut count = Count::default();
    let mut number = 0_u64;
    while sys::clock() < end {
        match template.add(number, 1) {
            Ok(sum) if sum == number + 1 => count.right += 1,
            Ok(_) => count.wrong += 1,
            Err(error) => {
                defmt::info!("a typed error: {=str}", format!("{error:?}").as_str());
                count.errors += 1;
            }
        }
        number += 1;
    }
    let Count { right, wrong, errors } = count;
    stdio.print(format!("client: {right} right, {wrong} wrong, {errors} errors\n"))?;
    Ok(())
}
