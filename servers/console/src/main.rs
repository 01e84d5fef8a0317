//! The console server: a 16550 UART, one line editor, one reader at a time.
//!
//! **Order.** An interrupt is acknowledged first and the device emptied then: an edge
//! that comes while the line is masked would be lost, and with it the next key.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

mod keeper;
mod server;
mod uart;

use console_api::Console;
use keeper::Keeper;
use server::Server;
use service::Event;
use uart::Uart;

rt::entry!(main);

/// The bit of the notification that the interrupt sets.
const INTERRUPT: u64 = 1;

fn main(env: rt::Env) -> Result<(), rt::Failure> {
    let uart = Uart::open(env.handle("uart")?)?;
    let interrupt: sys::Irq = env.handle("uart-irq")?;
    let arrived: sys::Notification = env.handle("uart-arrived")?;
    arrived.bind()?;
    let mut server = Server::new(uart, Keeper::open(env.handle("keep").ok()));
    let mut receiver = service::Server::<dyn Console>::new(env.handle("endpoint")?);
    // What came before the interrupt was ours will not interrupt again.
    interrupt.ack()?;
    server.input()?;
    loop {
        match receiver.next(&mut server)? {
            Event::Notified(bits) if bits & INTERRUPT != 0 => {
                interrupt.ack()?;
                server.input()?;
            }
            _ => {}
        }
    }
}
