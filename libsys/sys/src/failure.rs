//! Why a program gives up.

use crate::Error;
use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use core::fmt::{self, Display};

/// Why a program gives up: a text for people. What `main` returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure(Cow<'static, str>);

impl Failure {
    /// From anything that can be shown.
    pub fn new(cause: impl Display) -> Self {
        Self(Cow::Owned(cause.to_string()))
    }

    /// The same with what was being done in front: `opening the log: bad handle`.
    #[must_use]
    pub fn while_doing(self, what: impl Display) -> Self {
        Self(Cow::Owned(alloc::format!("{what}: {}", self.0)))
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for Failure {}

impl From<&'static str> for Failure {
    fn from(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(Cow::Borrowed(error.text()))
    }
}
