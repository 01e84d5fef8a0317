//! The console server: a 16550 UART, one line editor, one reader at a time.
//!
//! The word `columns=N` of the kernel's command line is the width of the terminal (default 80);
//! a report of the terminal changes it.
//!
//! **Order.** An interrupt is acknowledged first, then the device is emptied: an edge that
//! arrives while the line is masked would be lost, and with it the next key.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

mod uart;

use console_api::Console;
use executor::Executor;
use service::Event;
use terminal::keeper::Keeper;
use terminal::server::Server;
use uart::Uart;

rt::entry!(main);

/// The notification bit of the interrupt.
const INTERRUPT: u64 = 1;

fn main(env: rt::Env) -> Result<(), rt::Failure> {
    let uart = Uart::open(env.handle("uart")?)?;
    let interrupt: sys::Irq = env.handle("uart-irq")?;
    let arrived: sys::Notification = env.handle("uart-arrived")?;
    let executor = Executor::on(arrived)?;
    let keeper = Keeper::open(env.handle("keep").ok());
    let fact = |key| env.startup().values(key).next().and_then(|number| number.parse().ok());
    let columns = env.option("columns").and_then(|number| number.parse().ok());
    let mut server = Server::new(uart, keeper, (fact("leader"), fact("spawner")), columns);
    // Bytes that arrived before the interrupt was set up do not interrupt again.
    interrupt.ack()?;
    server.input()?;
    executor.serve_with(env.handle("endpoint")?, &mut server, service, |server, event| {
        if let Event::Notified(bits) = event
            && bits & INTERRUPT != 0
            && let Err(error) = interrupt.ack().and_then(|()| server.input())
        {
            defmt::error!("the uart does not answer: {}", error.text());
        }
    })?;
    Ok(())
}

fn service(server: &mut Server<Uart>) -> &mut (dyn Console + 'static) {
    server
}
