//! The client on an executor: attaches, and attaches again.

use super::door::Door;
use super::frames::Frames;
use crate::{Attached, Bits, NicError, Terms};
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::{RefCell, RefMut};
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll};
use executor::{Bit, Executor, Remote};
use queue::Offer;
use sys::{Priority, Rights};

/// Between two tries to attach: it doubles.
const PAUSE_NS: u64 = 250_000;
const PAUSE_MOST_NS: u64 = 500_000_000;

/// A card over all lives of its driver.
pub struct NicClient {
    executor: Executor,
    frames: RefCell<Frames>,
    news: Bit,
    end: Bit,
    door: Remote<Box<dyn Door>>,
}

impl core::fmt::Debug for NicClient {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("NicClient").field("frames", &self.frames).finish_non_exhaustive()
    }
}

impl NicClient {
    /// With this number of slots for each direction, and no driver yet. A thread of this priority
    /// makes the calls that wait for the driver.
    ///
    /// # Errors
    /// [`NicError::Kernel`].
    pub fn new(
        executor: &Executor,
        door: impl Door,
        slots: (u16, u16),
        priority: Priority,
    ) -> Result<Rc<Self>, NicError> {
        let (receive, transmit) = slots;
        let frames = RefCell::new(Frames::create(receive, transmit)?);
        let (news, end) = (executor.bit()?, executor.bit()?);
        let door: Box<dyn Door> = Box::new(door);
        let door = Remote::new(executor, door, priority)?;
        Ok(Rc::new(Self { executor: executor.clone(), frames, news, end, door }))
    }

    /// The slots.
    pub fn frames(&self) -> RefMut<'_, Frames> {
        self.frames.borrow_mut()
    }

    /// Attaches to the next life of the driver, however long that takes.
    pub async fn attach(&self) {
        self.frames().detach();
        let mut pause_ns = PAUSE_NS;
        loop {
            if self.try_attach().await.is_ok() {
                return;
            }
            self.executor.sleep_for(pause_ns).await;
            pause_ns = (2 * pause_ns).min(PAUSE_MOST_NS);
        }
    }

    /// Ready when the driver has news or has ended: something came after the last
    /// [`Frames::exchange`]. What that one returned has no news.
    pub fn poll_news(&self, context: &mut Context<'_>) -> Poll<()> {
        let news = pin!(self.news.wait()).poll(context).is_ready();
        let end = pin!(self.end.wait()).poll(context).is_ready();
        if end && self.frames.borrow().has_ended() {
            // What it sent before is lost with it: frames may be lost.
            self.frames().detach();
        }
        // A driver that waits for a slot has no news before it gets it. Why it cannot be sent the
        // next exchange tells.
        let failed = self.frames().send().is_err();
        if news || end || failed { Poll::Ready(()) } else { Poll::Pending }
    }

    async fn try_attach(&self) -> Result<(), NicError> {
        let (offer, attached) = self.call().await?;
        let bell = Bits::of(&self.news, &self.end).bell(self.executor.bell()?);
        let channel = offer.channel(Some(bell)).map_err(|_| NicError::Protocol)?;
        self.frames().attach(channel, attached);
        Ok(())
    }

    async fn call(&self) -> Result<(Offer, Attached), NicError> {
        let (pool, (receive, transmit)) = {
            let frames = self.frames.borrow();
            (frames.memory().copy(Rights::ALL)?, frames.terms())
        };
        let bell = self.executor.bell()?;
        let bits = Bits::of(&self.news, &self.end);
        let terms = Terms { receive, transmit, bits };
        self.door.start(move |door| door.attach(&pool, &bell, terms)).await
    }
}
