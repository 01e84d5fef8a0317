//! Attempts that must end in an error.

use abi::{Syscall, USER_END};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use sys::{
    Error, FOREVER, Memory, Notification, OwnedHandle, Ports, Priority, Process, Quota, Resource,
    hazard,
};

type Outcome = Result<(), String>;

/// The call must be refused with one of these errors.
fn refused<T>(what: &str, found: Result<T, Error>, errors: &[Error]) -> Outcome {
    match found {
        Err(error) if errors.contains(&error) => Ok(()),
        Err(error) => Err(format!("{what}: {error}")),
        Ok(_) => Err(format!("{what} was allowed")),
    }
}

/// A raw call as a result.
fn raw(number: u64, arguments: [u64; 6]) -> Result<(), Error> {
    match hazard::plain(number, arguments).status {
        0 => Ok(()),
        status => Err(Error::from_status(status).unwrap_or(Error::NoSuchCall)),
    }
}

pub(crate) fn call_numbers() -> Outcome {
    for number in [0, 19, 95, 127, 128, 1 << 16, 1 << 31, 1 << 32, 1 << 63, u64::MAX] {
        refused("a call", raw(number, [1; 6]), &[Error::NoSuchCall])?;
    }
    Ok(())
}

fn wild_pointers(addresses: &[u64]) -> Outcome {
    for address in addresses {
        for (call, place) in
            [(Syscall::LogWrite, 0), (Syscall::SystemInfo, 0), (Syscall::ProcessInfo, 1)]
        {
            let mut arguments = [0, 64, 0, 0, 0, 0];
            arguments[place] = *address;
            refused(call.name(), raw(call as u64, arguments), &[Error::BadAddress])?;
        }
    }
    Ok(())
}

pub(crate) fn pointers_to_nowhere() -> Outcome {
    wild_pointers(&[8, 0x1000, 0x6666_0000_0000, USER_END - 8])
}

pub(crate) fn pointers_into_the_kernel() -> Outcome {
    wild_pointers(&[USER_END, 0xffff_8000_0000_0000, 0xffff_ffff_8000_0000, u64::MAX - 63])
}

pub(crate) fn pointers_not_canonical() -> Outcome {
    wild_pointers(&[1 << 47, 1 << 63, 0x1234_5678_9abc_def0])
}

pub(crate) fn forged_handles() -> Outcome {
    for number in
        (40..1 << 10).chain([1 << 16, 0xffff_0001, u64::from(u32::MAX), 1 << 40, u64::MAX])
    {
        let closed = raw(Syscall::HandleClose as u64, [number, 0, 0, 0, 0, 0]);
        refused("a close", closed, &[Error::BadHandle])?;
    }
    Ok(())
}

pub(crate) fn forged_tokens() -> Outcome {
    for token in (0..200).flat_map(|thread| [1, 2, 100].map(|call| thread | call << 32)) {
        let status = hazard::call(Syscall::Reply as u64, [token, 0], [0; 7], 0).status;
        if status != Error::BadReply as u64 {
            return Err(format!("token {token:#x}: status {status}"));
        }
    }
    Ok(())
}

/// Something that is no resource.
fn no_resource() -> Result<Resource, String> {
    let bell: OwnedHandle = Notification::create().map_err(|error| format!("{error}"))?.into();
    Ok(bell.into())
}

pub(crate) fn shutdown() -> Outcome {
    refused("the end", no_resource()?.shutdown(0), &[Error::WrongKind])?;
    for handle in 0..64 {
        let ended = raw(Syscall::Shutdown as u64, [handle, 0, 0, 0, 0, 0]);
        refused("the end", ended, &[Error::BadHandle, Error::WrongKind, Error::NoRight])?;
    }
    Ok(())
}

pub(crate) fn devices() -> Outcome {
    let (fake, bell) =
        (no_resource()?, Notification::create().map_err(|error| format!("{error}"))?);
    refused("ports", Ports::create(&fake, 0x3f8, 8), &[Error::WrongKind])?;
    refused("a line", sys::Irq::create(&fake, 4, &bell, 1), &[Error::WrongKind])?;
    refused("memory", Memory::device(&fake, 0xb8000, 1), &[Error::WrongKind])
}

pub(crate) fn writable_and_executable() -> Outcome {
    let memory = Memory::create(1).map_err(|error| format!("{error}"))?;
    let arguments = [0, memory.handle().0.into(), 0x5000_0000_0000, 0, 1, 7];
    refused("a map", raw(Syscall::Map as u64, arguments), &[Error::BadArgument])
}

/// Takes as many as there are; all go back at the end.
fn exhaust<T>(what: &str, most: usize, take: impl Fn() -> Result<T, Error>) -> Outcome {
    let mut all = Vec::new();
    let errors = [Error::QuotaExceeded, Error::HandlesFull, Error::OutOfMemory];
    while all.len() < most {
        match take() {
            Ok(one) => all.push(one),
            found => return refused(what, found, &errors),
        }
    }
    Err(format!("{what}: {most} were given"))
}

pub(crate) fn all_handles() -> Outcome {
    exhaust("a handle", 5000, Notification::create)
}

pub(crate) fn all_memory() -> Outcome {
    exhaust("memory", 10_000, || Memory::create(16))
}

pub(crate) fn all_threads() -> Outcome {
    exhaust("a thread", 1000, || {
        // Only made to be counted: it ends when it first runs.
        sys::spawn_thread(1, Priority(0), || sys::sleep_until(FOREVER))
    })
}

pub(crate) fn priority() -> Outcome {
    for priority in [11, 40, 63, 64, 255] {
        let thread = sys::spawn_thread(1, Priority(priority), || {});
        refused("a thread", thread, &[Error::BadArgument])?;
    }
    Ok(())
}

pub(crate) fn big_process() -> Outcome {
    let quota = Quota { pages: 1 << 20, handles: 8, threads: 1, objects: 8, ..Quota::default() };
    refused("a process", Process::create("big", &quota, None), &[Error::QuotaExceeded])
}
