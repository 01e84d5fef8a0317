//! Calls on device interrupts.

use super::Done;
use crate::kernel::Kernel;
use crate::machine::{CpuId, Machine};
use crate::mem::Memory;
use crate::object::{Irq, IrqId, IrqSource, NotificationId, ObjectRef, Objects, ThreadId};
use abi::{Error, Rights, reserved};

impl<M: Machine> Kernel<M> {
    pub(super) fn sys_irq_create(&mut self, me: ThreadId) -> Result<Done, Error> {
        self.objects.device_resource(me)?;
        let line = u8::try_from(self.objects.argument(me, 1)).map_err(|_| Error::BadArgument)?;
        let place = self.objects.lines.get(usize::from(line)).ok_or(Error::BadArgument)?;
        if reserved::line(line.into()).is_some() {
            return Err(Error::NoRight);
        }
        if !self.machine.has_line(line) {
            return Err(Error::BadArgument);
        }
        if place.is_some() {
            return Err(Error::BadState);
        }
        let notification = self.objects.notification(me, 2, Rights::SIGNAL)?;
        let made = self.memory().new_irq(me, IrqSource::Line(line), notification)?;
        if let Ok(id) = made {
            self.objects.lines[usize::from(line)] = Some(id);
            self.machine.unmask_line(line);
        }
        self.grant_new(me, made.map(ObjectRef::Irq))
    }

    pub(super) fn sys_msi_create(&mut self, me: ThreadId) -> Result<Done, Error> {
        self.objects.device_resource(me)?;
        let cpu = u16::try_from(self.objects.argument(me, 1)).map_err(|_| Error::BadArgument)?;
        if usize::from(cpu) >= self.sched.cpus.len() {
            return Err(Error::BadArgument);
        }
        let cpu = CpuId(cpu);
        let notification = self.objects.notification(me, 2, Rights::SIGNAL)?;
        let number = self.objects.messages.find_free(cpu).ok_or(Error::OutOfMemory)?;
        let message = self.machine.message(cpu, number).ok_or(Error::BadArgument)?;
        let made = self.memory().new_irq(me, IrqSource::Message(cpu, number), notification)?;
        if let Ok(id) = made {
            self.objects.messages.give(cpu, number, id);
        }
        match self.grant_new(me, made.map(ObjectRef::Irq))? {
            Done::Values(handle, _) => {
                let (address, data) = (u64::from(message.address), u64::from(message.data));
                Ok(Done::Values(handle, address | data << 32))
            }
            done => Ok(done),
        }
    }

    pub(super) fn sys_irq_ack(&mut self, me: ThreadId) -> Result<Done, Error> {
        let id: IrqId = self.objects.id(me, 0, Rights::MANAGE)?;
        let irq = &mut self.objects.irqs[id];
        irq.acknowledged = irq.count;
        if let IrqSource::Line(line) = irq.source {
            self.machine.unmask_line(line);
        }
        Ok(Done::NOTHING)
    }
}

impl<M: Machine> Memory<'_, M> {
    /// An interrupt for these bits (argument 3), paid for by the caller. The caller enters it where
    /// its source is looked up.
    fn new_irq(
        &mut self,
        me: ThreadId,
        source: IrqSource,
        notification: NotificationId,
    ) -> Result<Result<IrqId, Irq>, Error> {
        self.ensure_capacity(|objects| &mut objects.irqs)?;
        let quota = self.objects.pay_for_object(me)?;
        let made = self.objects.irqs.insert(Irq::new(
            source,
            notification,
            self.objects.argument(me, 3),
            quota,
        ));
        if made.is_ok() {
            self.objects.notifications[notification].refs += 1;
        }
        Ok(made)
    }
}

impl<M: Machine> Objects<M> {
    pub(super) fn sys_irq_info(&mut self, me: ThreadId) -> Result<Done, Error> {
        let irq = &self.irqs[self.id(me, 0, Rights::NONE)?];
        Ok(Done::Values(irq.count, irq.count.wrapping_sub(irq.acknowledged)))
    }
}
