//! What a server is given in every life: devices and kept memory, made once, so that no
//! interrupt and no byte is lost between two lives.

use alloc::string::String;
use alloc::vec::Vec;
use manifest::Server;
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
pub(crate) fn make(plan: &Server, resource: &Resource) -> Result<Vec<Lasting>, Error> {
    let mut all = interrupts(plan, resource)?;
    for ports in &plan.ports {
        let first = u16::try_from(ports.first).map_err(|_| Error::BadArgument)?;
        let count = u16::try_from(ports.count).map_err(|_| Error::BadArgument)?;
        let made = Ports::create(resource, first, count)?;
        all.push(Lasting::new(&ports.name, made, Rights::READ | Rights::WRITE));
    }
    for memory in &plan.memory {
        let made = Memory::device(resource, memory.address, memory.pages.into())?;
        all.push(Lasting::new(&memory.name, made, Rights::READ | Rights::WRITE));
    }
    if plan.keep_pages > 0 {
        let made = Memory::create(plan.keep_pages.into())?;
        all.push(Lasting::new("keep", made, Rights::READ | Rights::WRITE));
    }
    Ok(all)
}

/// The lines, and one notification for those with the same `notify`.
fn interrupts(plan: &Server, resource: &Resource) -> Result<Vec<Lasting>, Error> {
    let mut all = Vec::new();
    let mut bells: Vec<(&str, Notification)> = Vec::new();
    for (irq, bit) in plan.irqs.iter().zip(0..) {
        if !bells.iter().any(|(name, _)| *name == irq.notify) {
            bells.push((&irq.notify, Notification::create()?));
        }
        let found = bells.iter().find(|(name, _)| *name == irq.notify);
        let Some((_, bell)) = found else { continue };
        let line = u8::try_from(irq.line).map_err(|_| Error::BadArgument)?;
        let made = Irq::create(resource, line, bell, 1 << bit)?;
        all.push(Lasting::new(&irq.name, made, Rights::MANAGE));
    }
    let bells = bells.into_iter();
    all.extend(bells.map(|(name, bell)| Lasting::new(name, bell, Rights::SIGNAL | Rights::WAIT)));
    Ok(all)
}
