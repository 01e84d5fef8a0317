//! From a controller that was reset to a disk.

use crate::Disk;
use crate::disk::DEPTH;
use alloc::boxed::Box;
use dma::{Pool, Space, device_memory, register_window};
use nvme_driver::{Config, Nvme, NvmeBlockDriver};
use rdif_block::{
    BHardwareQueue, BlockController, ControllerEvent, ControllerState, ControllerUpdate,
    HardIrqHandler,
};
use sys::{Failure, Mapping, PAGE_SIZE, RegisterFile};

/// Pages of registers and doorbells: one and one.
pub const REGISTER_PAGES: u64 = 2;
/// Pages of the pool: two queue pairs, three answers, a list of pages for each command.
pub const POOL_PAGES: u64 = 64;

/// The capabilities register, and the distance of doorbells in it. Source: NVM Express 1.4, 3.1.1.
const CAPABILITIES: usize = 0;
const DOORBELL_STRIDE: u64 = 0xf << 32;

/// A controller that is coming up.
pub struct Starting<S> {
    driver: NvmeBlockDriver,
    admin: Option<Box<dyn HardIrqHandler>>,
    queue: Option<BHardwareQueue>,
    state: ControllerState,
    space: S,
}

impl<S> core::fmt::Debug for Starting<S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Starting").field("state", &self.state).finish_non_exhaustive()
    }
}

/// What comes next.
#[derive(Debug)]
pub enum Step<S> {
    /// To look at the registers again after this number of nanoseconds.
    Pause(Starting<S>, u64),
    /// To wait for an interrupt.
    Interrupt(Starting<S>),
    /// Nothing: the disk works.
    Ready(Box<Disk<S>>),
}

impl<S: Space> Starting<S> {
    /// Begins. `window` is the same registers, for the crate; the controller may do DMA already.
    ///
    /// # Errors
    /// What the kernel refuses, or the controller says that cannot be.
    pub fn new(registers: &impl RegisterFile, window: Mapping, space: S) -> Result<Self, Failure> {
        if registers.read_u64(CAPABILITIES)? & DOORBELL_STRIDE != 0 {
            return Err("the doorbells are not next to each other".into());
        }
        let _ = Pool::open(&space, POOL_PAGES)?;
        let page = usize::try_from(PAGE_SIZE).map_err(Failure::new)?;
        // One vector: of the admin queue, and of the queue of commands.
        let config = Config::msix(page, [0, 0]).map_err(Failure::new)?;
        let (address, bytes, mapper) = register_window(window)?;
        let nvme =
            Nvme::new(address, bytes, device_memory(), mapper, config).map_err(Failure::new)?;
        let mut driver = NvmeBlockDriver::from_nvme_with_queue_depth(nvme, DEPTH.into());
        let update = driver.advance(ControllerEvent::Start { target_queues: 1 });
        let update = update.map_err(Failure::new)?;
        let state = update.controller_state();
        let mut starting = Self { driver, admin: None, queue: None, state, space };
        starting.take(update);
        Ok(starting)
    }

    /// Goes on, after the pause or the interrupt that the last step asked for. One that came too
    /// early changes nothing.
    ///
    /// # Errors
    /// When the controller says that it cannot, or what cannot be.
    pub fn step(mut self) -> Result<Step<S>, Failure> {
        let event = match self.state {
            ControllerState::RegisterPending { .. } => ControllerEvent::RegisterRetry,
            _ => {
                let admin = self.admin.as_mut().ok_or("the admin queue has no interrupt")?;
                ControllerEvent::Irq(admin.ack().control_event())
            }
        };
        let update = self.driver.advance(event).map_err(Failure::new)?;
        self.state = update.controller_state();
        self.take(update);
        match self.state {
            ControllerState::RegisterPending { retry_after } => {
                let pause_ns = u64::try_from(retry_after.as_nanos()).map_err(Failure::new)?;
                Ok(Step::Pause(self, pause_ns))
            }
            ControllerState::WaitingForIrq => Ok(Step::Interrupt(self)),
            ControllerState::Ready => {
                let queue = self.queue.ok_or("the controller has no queue of commands")?;
                Disk::new(self.driver, queue, self.space).map(|disk| Step::Ready(Box::new(disk)))
            }
            ControllerState::Shutdown => Err("the controller stopped".into()),
        }
    }

    /// Keeps what an update brought: the first interrupt is that of the admin queue.
    fn take(&mut self, mut update: ControllerUpdate) {
        for endpoint in update.take_irq_endpoints() {
            self.admin.get_or_insert_with(|| endpoint.into_handler());
        }
        self.queue = self.queue.take().or_else(|| update.take_queues().pop());
    }
}
