//! The wire form of methods as constants. Nothing of it is in a program that does not ask.

use postcard_schema::schema::NamedType;

/// The wire form of a method.
#[derive(Debug)]
pub struct MethodShape {
    /// Lines of its documentation.
    pub docs: &'static [&'static str],
    /// Its marks.
    pub marks: &'static [&'static str],
    /// Its arguments in order.
    pub arguments: &'static [ArgumentShape],
    /// The value in a good answer.
    pub good: &'static NamedType,
    /// Its error.
    pub error: &'static NamedType,
}

/// How an argument travels.
#[derive(Clone, Copy, Debug)]
pub enum ArgumentShape {
    /// Encoded.
    Value(&'static NamedType),
    /// Lent: a choice of the bytes and the number of those in a loan, which is a handle.
    Lent,
    /// Filled by the answer: a choice of the number of bytes that it may bring and of those in a loan,
    /// which is a handle.
    Filled,
    /// As this number of handles.
    Handles(usize),
}
