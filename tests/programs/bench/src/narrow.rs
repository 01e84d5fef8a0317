//! What a 32-bit program pays: the program `bench32` measures, and tells its lines.

use crate::calls::server;
use crate::meter::Meter;
use crate::settings::QUOTA;
use alloc::format;
use rt::Failure;
use sys::{Endpoint, FOREVER, Received, Rights};

/// Operations of [`narrow`].
pub(crate) const NARROW: &[&str] = &["null-call-32-bit", "call-0-words-32-bit"];

const TIMES: usize = 10_000;

/// A null call, and a round trip to a 64-bit server.
pub(crate) fn narrow(meter: &Meter<'_>) -> Result<(), Failure> {
    let (endpoint, told) = (Endpoint::create()?, Endpoint::create()?);
    let server = server(meter, "serve-words", &endpoint)?;
    let handles = [
        ("server", endpoint.as_handle(), Rights::SEND, 0),
        ("parent", told.as_handle(), Rights::SEND, 0),
    ];
    let samples = format!("{}", meter.samples(TIMES));
    let image = meter.machine.image("bench32")?;
    let child = meter.machine.program("bench32", image, &[&samples], QUOTA, &handles, None)?;
    for _ in NARROW {
        let mut line = [0; 128];
        let Received::Message(told) = told.receive(FOREVER, &mut line)? else {
            return Err("no line".into());
        };
        meter.machine.say(core::str::from_utf8(&line[..told.len]).map_err(Failure::new)?);
    }
    child.end()?;
    server.stop()
}
