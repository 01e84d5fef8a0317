//! What a server could try against init, to which it has a line.

use alloc::vec::Vec;
use init_api::SystemClient;
use rt::Failure;
use sys::{Endpoint, Memory, Message, Process, Quota, Words};

/// How many of its processes it hands to init: more than init takes.
const MANY: usize = 200;

/// Calls every method as fast as it can, with arguments of all kinds.
pub(crate) fn calls(env: &rt::Env) -> Result<(), Failure> {
    let line: Endpoint = env.handle("supervisor")?;
    let system = SystemClient::from_endpoint(line.copy(sys::Rights::ALL)?);
    defmt::info!("floods init");
    let mut number = 0_u64;
    loop {
        // Errors are what is expected.
        let _ = system.kill("init", 9);
        let _ = system.crash("x".repeat(3000));
        let _ = system.fault("nobody");
        let _ = system.servers();
        for label in 0..64 {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let words: Words = [number; 7];
            let bytes = number.to_le_bytes().repeat(64);
            let mut message = Message::new(label, words).with_bytes(&bytes);
            let _ = line.call_with(&mut message, sys::clock() + 1_000_000, &mut []);
        }
    }
}

/// Hands init what is no process, and more processes and handles than it takes.
pub(crate) fn handles(env: &rt::Env) -> Result<(), Failure> {
    let system = SystemClient::from_endpoint(env.handle("supervisor")?);
    let mut refused = 0_usize;
    for _ in 0..MANY {
        let garbage = sys::OwnedHandle::from(Memory::create(1)?);
        refused += usize::from(system.adopt(Process::from(garbage)).is_err());
    }
    defmt::info!("garbage was refused {=usize} times", refused);
    let quota = Quota { pages: 4, handles: 4, threads: 0, objects: 8, ..Quota::default() };
    let mut children = Vec::new();
    for _ in 0..MANY {
        let Ok(child) = Process::create("child", &quota, None) else { break };
        let Ok(copy) = child.copy(sys::Rights::ALL) else { break };
        if system.adopt(copy).is_err() {
            break;
        }
        children.push(child);
    }
    defmt::info!("init adopted {=usize}", children.len());
    for child in children {
        child.kill(1)?;
    }
    Err(Failure::from("done with handing over"))
}

/// Says to init what the kernel would say of a fault: the label is the kernel's.
pub(crate) fn forges(env: &rt::Env) -> Result<(), Failure> {
    let line: Endpoint = env.handle("supervisor")?;
    let words: Words = [1, u64::MAX, u64::MAX, u64::MAX, u64::MAX, 1, 1];
    let mut message = Message::new(abi::FAULT_LABEL, words).with_bytes(&[0xff; 256]);
    match line.call_with(&mut message, sys::FOREVER, &mut []) {
        Err(sys::Error::BadArgument) => Err(Failure::from("a forged fault was refused")),
        _ => {
            defmt::error!("a forged fault was survived");
            Ok(())
        }
    }
}
