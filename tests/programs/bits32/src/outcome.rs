//! The result of a check.

use alloc::string::String;

pub(crate) type Outcome = Result<(), String>;
