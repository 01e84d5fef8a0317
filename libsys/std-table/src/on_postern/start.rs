//! The start of a program.

use super::{descriptors, entries, process, startup, table};

rt::entry!(start);

/// Fills and shows the table, then lets the standard library start the program.
fn start(env: rt::Env) -> core::result::Result<(), rt::Failure> {
    process::adopt(&env);
    startup::keep(env);
    descriptors::begin();
    table::show()?;
    entries::enter()
}
