//! The boot archive and the manifest. What is wrong here ends the machine, with a line
//! on the serial port: there is no console yet that could tell it.

use alloc::format;
use alloc::string::{String, ToString};
use archive::Archive;
use manifest::System;
use rt::Failure;
use sys::{Constant, Memory, Ports, Resource, Rights};

/// The first serial port.
const COM1: u16 = 0x3f8;
const COM1_PORTS: u16 = 8;
/// Source: PC16550D data sheet, section 8.
const LINE_STATUS: u16 = 5;
const SEND_EMPTY: u8 = 0x20;
/// Bytes that the empty queue of the sender takes.
const FIFO: usize = 16;
/// How often to look for room: a device that is not there must not hang the end.
const PATIENCE: u32 = 10_000;

/// What init starts from.
pub(crate) struct Boot {
    pub(crate) resource: Resource,
    pub(crate) system: System,
    /// The memory object, for servers that read programs from it.
    pub(crate) archive_memory: Memory,
    /// Its size in bytes.
    pub(crate) archive_size: usize,
    pub(crate) cmdline: &'static str,
    archive: Constant,
}

impl Boot {
    /// A file of the archive, checked.
    pub(crate) fn file(&self, name: &str) -> Result<&[u8], String> {
        let bytes = self.archive.get(..self.archive_size).unwrap_or(&[]);
        let archive = Archive::open(bytes).map_err(|error| error.to_string())?;
        archive.file(name).map_err(|error| error.to_string())
    }
}

/// Reads everything, and checks every file that the manifest names.
pub(crate) fn read(env: &rt::Env) -> Result<Boot, Failure> {
    let resource: Resource = env.handle("resource")?;
    match archive(env) {
        Ok((archive, archive_memory, archive_size)) => {
            let system = System::default();
            let cmdline = env.cmdline();
            let mut boot =
                Boot { resource, system, archive_memory, archive_size, cmdline, archive };
            match check(&boot) {
                Ok(system) => {
                    boot.system = system;
                    Ok(boot)
                }
                Err(why) => Err(give_up(&boot.resource, &why)),
            }
        }
        Err(failure) => Err(give_up(&resource, &failure.to_string())),
    }
}

fn archive(env: &rt::Env) -> Result<(Constant, Memory, usize), Failure> {
    let memory = env.copy_handle("archive", Rights::READ | Rights::TRANSFER)?;
    let size = env.startup().values("archive").next().and_then(|size| size.parse().ok());
    let size = size.ok_or("the size of the boot archive was not told")?;
    Ok((env.constant("archive")?, memory.into(), size))
}

fn check(boot: &Boot) -> Result<System, String> {
    let encoded = boot.file(manifest::FILE)?;
    let system = manifest::decode(encoded).ok_or_else(|| {
        format!(
            "boot archive: {}: of another version; build it again with cargo xtask run",
            manifest::FILE
        )
    })?;
    for name in system.program_files() {
        boot.file(name)?;
    }
    Ok(system)
}

/// Writes text to the serial port: the last thing that happens, so what fails is left so.
pub(super) fn say(resource: &Resource, text: &str) {
    let Ok(port) = Ports::create(resource, COM1, COM1_PORTS) else { return };
    for piece in text.replace('\n', "\r\n").as_bytes().chunks(FIFO) {
        for _ in 0..PATIENCE {
            if port.read_u8(LINE_STATUS).is_ok_and(|status| status & SEND_EMPTY != 0) {
                break;
            }
        }
        let _ = port.write_bytes(0, piece);
    }
}

/// Tells why on the serial port and ends the machine.
pub(super) fn give_up(resource: &Resource, why: &str) -> Failure {
    defmt::error!("{=str}", why);
    say(resource, &format!("postern: {why}\n"));
    let _ = resource.shutdown(abi::exit_code::BOOT_FAILED);
    Failure::new(why)
}
