//! Answers that are given later.

use crate::Refusal;
use crate::codec::encode;
use alloc::vec::Vec;
use core::marker::PhantomData;
use serde::Serialize;
use sys::{Error, Message, ReplyRight};

/// The right to answer one call of a deferred method, once. T is the method's `Result`.
///
/// Dropping it tells the caller that the call was abandoned.
#[derive(Debug)]
#[must_use = "the caller waits; dropping it abandons the call"]
pub struct Reply<T> {
    right: Option<ReplyRight>,
    answer: PhantomData<fn(T)>,
}

impl<T> Reply<T> {
    pub(crate) fn new(right: Option<ReplyRight>) -> Self {
        Self { right, answer: PhantomData }
    }

    /// Whether the caller still waits for the answer.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.right.as_ref().is_some_and(ReplyRight::waits)
    }

    /// Refuses instead of answering.
    pub fn refuse(self, refusal: Refusal) {
        if let Some(right) = self.right {
            // The caller may be gone: then there is no one to tell.
            let _ = right.reply(&mut Message::new(refusal as u32, sys::Words::default()));
        }
    }
}

impl<T: Serialize> Reply<T> {
    /// Answers. Whether the caller was still there is not told.
    pub fn send(self, value: T) {
        let _ = self.deliver(&value);
    }

    /// Answers, and says whether the caller took it: with `BadReply` or `PeerDied` it is gone
    /// and what it was to get is still the server's.
    pub fn deliver(self, value: &T) -> Result<(), Error> {
        let right = self.right.ok_or(Error::BadReply)?;
        let mut bytes = Vec::new();
        let Ok(words) = encode(value, &mut bytes) else {
            Self::new(Some(right)).refuse(Refusal::TooLong);
            return Err(Error::TooLong);
        };
        match right.reply(&mut Message::new(0, words).with_bytes(&bytes)) {
            Ok(()) => Ok(()),
            Err((error, right)) => {
                Self::new(right).refuse(Refusal::TooLong);
                Err(error)
            }
        }
    }
}
