//! Priorities and quotas of what is measured.

use sys::{Priority, Quota};

/// The priority of both sides of an operation.
pub(crate) const PRIORITY: Priority = Priority(30);
/// The priority of a more urgent side.
pub(crate) const URGENT: Priority = Priority(40);
/// The quota of a child.
pub(crate) const QUOTA: Quota =
    Quota { pages: 400, handles: 64, threads: 8, objects: 64, max_priority: 40, reserved: 0 };
