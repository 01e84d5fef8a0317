//! What a server is given in every life: devices and kept memory, made once, so that no
//! interrupt and no byte is lost between two lives.

use abi::reserved::{self, Reserved};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Display;
use loader::{LoadError, Step};
use manifest::{DeviceMemory, Irq as Line, Ports as Range, Server};
use sys::{Error, Irq, Memory, Notification, OwnedHandle, Ports, Resource, Rights};

/// A handle that init keeps and gives to every life of the server.
pub(crate) struct Lasting {
    pub(crate) name: String,
    pub(crate) handle: OwnedHandle,
    pub(crate) rights: Rights,
}

impl Lasting {
    fn new(name: &str, handle: impl Into<OwnedHandle>, rights: Rights) -> Self {
        Self { name: name.into(), handle: handle.into(), rights }
    }
}

/// All of a server's.
///
/// # Errors
/// A text that names the key of the manifest that the kernel refuses.
pub(crate) fn make(plan: &Server, resource: &Resource) -> Result<Vec<Lasting>, String> {
    let mut all = interrupts(plan, resource)?;
    for range in &plan.ports {
        let made = ports(range, resource).map_err(|why| {
            let last = range.first.saturating_add(range.count.saturating_sub(1));
            let what = format!("`{}`, {:#x} to {last:#x}", range.name, range.first);
            refused(plan, "ports", what, reserved::ports(range.first.into(), last.into()), why)
        })?;
        all.push(Lasting::new(&range.name, made, Rights::READ | Rights::WRITE));
    }
    for device in &plan.memory {
        let made = memory(device, resource).map_err(|why| {
            let bytes = u64::from(device.pages).saturating_mul(abi::PAGE_SIZE);
            let last = device.address.saturating_add(bytes.saturating_sub(1));
            let what = format!("`{}`, {:#x} to {last:#x}", device.name, device.address);
            let why = if why == Error::BadArgument { "RAM or the kernel's" } else { why.text() };
            refused(plan, "memory", what, reserved::memory(device.address, last), why)
        })?;
        all.push(Lasting::new(&device.name, made, Rights::READ | Rights::WRITE));
    }
    if plan.keep_pages > 0 {
        let made = Memory::create(plan.keep_pages.into());
        let made = made.map_err(|why| refused(plan, "keep_pages", plan.keep_pages, None, why))?;
        all.push(Lasting::new("keep", made, Rights::READ | Rights::WRITE));
    }
    Ok(all)
}

/// Why a key of the server's section cannot be fulfilled.
pub(crate) fn refused(
    plan: &Server,
    key: &str,
    what: impl Display,
    kept: Option<&Reserved>,
    why: impl Display,
) -> String {
    let why = match kept {
        Some(kept) => format!("the kernel keeps it for itself ({})", kept.user),
        None => why.to_string(),
    };
    format!("`{key}` of [server.{}]: {what}: {why}", plan.name)
}

/// Why a server could not be started, and which key decides about that.
pub(crate) fn not_started(plan: &Server, error: &LoadError<'_>) -> String {
    let key = match error {
        LoadError::Kernel(Step::Process, Error::QuotaExceeded) => lacking(plan),
        LoadError::Kernel(Step::Handle(_), Error::QuotaExceeded) => "handles",
        LoadError::Kernel(Step::Thread, Error::QuotaExceeded) => "threads",
        LoadError::Kernel(Step::Stack, _) => "stack_pages",
        LoadError::Kernel(Step::Time, _) => "time",
        LoadError::Kernel(_, Error::QuotaExceeded) => "pages",
        LoadError::StartupFull => "args",
        LoadError::Kernel(..) | LoadError::File(_) => {
            return format!("[server.{}]: {error}", plan.name);
        }
    };
    refused(plan, key, "it cannot be started", None, error)
}

/// The key that asks for more than init has left.
fn lacking(plan: &Server) -> &'static str {
    let own = sys::Process::own_info().unwrap_or_default();
    let (limit, used, wanted) = (own.limit, own.used, plan.limits);
    let amounts = [
        ("pages", limit.pages, used.pages, wanted.pages),
        ("handles", limit.handles, used.handles, wanted.handles),
        ("threads", limit.threads, used.threads, wanted.threads),
        ("objects", limit.objects, used.objects, wanted.objects),
    ];
    let lacks =
        |(_, limit, used, wanted): &(_, u32, u32, u32)| limit.saturating_sub(*used) < *wanted;
    amounts.iter().find(|amount| lacks(amount)).map_or("pages", |(key, ..)| key)
}

fn ports(range: &Range, resource: &Resource) -> Result<Ports, Error> {
    let first = u16::try_from(range.first).map_err(|_| Error::BadArgument)?;
    let count = u16::try_from(range.count).map_err(|_| Error::BadArgument)?;
    Ports::create(resource, first, count)
}

fn memory(device: &DeviceMemory, resource: &Resource) -> Result<Memory, Error> {
    Memory::device(resource, device.address, device.pages.into())
}

/// The lines, and one notification for those with the same `notify`.
fn interrupts(plan: &Server, resource: &Resource) -> Result<Vec<Lasting>, String> {
    let mut all = Vec::new();
    let mut bells: Vec<(&str, Notification)> = Vec::new();
    for (irq, bit) in plan.irqs.iter().zip(0..) {
        let made = interrupt(irq, 1 << bit, &mut bells, resource).map_err(|why| {
            let what = format!("`{}`, line {}", irq.name, irq.line);
            let why = match why {
                Error::BadArgument => "the machine has no such line",
                Error::BadState => "another server has it",
                why => why.text(),
            };
            refused(plan, "irq", what, reserved::line(irq.line.into()), why)
        })?;
        all.push(Lasting::new(&irq.name, made, Rights::MANAGE));
    }
    let bells = bells.into_iter();
    all.extend(bells.map(|(name, bell)| Lasting::new(name, bell, Rights::SIGNAL | Rights::WAIT)));
    Ok(all)
}

fn interrupt<'p>(
    irq: &'p Line,
    bits: u64,
    bells: &mut Vec<(&'p str, Notification)>,
    resource: &Resource,
) -> Result<Irq, Error> {
    if !bells.iter().any(|(name, _)| *name == irq.notify) {
        bells.push((&irq.notify, Notification::create()?));
    }
    let found = bells.iter().find(|(name, _)| *name == irq.notify);
    let (_, bell) = found.ok_or(Error::BadState)?;
    let line = u8::try_from(irq.line).map_err(|_| Error::BadArgument)?;
    Irq::create(resource, line, bell, bits)
}
