//! Refused with: E0308
//!
//! What is given is a handle that something owns, not a number that may be that of another
//! owner's private memory.

fn main() -> Result<(), sys::Error> {
    let process = sys::Process::create("other", &sys::Quota::default(), None)?;
    for number in 1..1 << 20 {
        process.give_handle(sys::Handle(number), sys::Rights::ALL, 0)?;
    }
    Ok(())
}
