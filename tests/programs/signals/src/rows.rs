//! The tests, by subject.

pub(crate) mod calls;
pub(crate) mod dispositions;
pub(crate) mod faults;
pub(crate) mod groups;
pub(crate) mod masks;
pub(crate) mod queued;
pub(crate) mod stops;
pub(crate) mod waits;
