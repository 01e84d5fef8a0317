//! Standard types by their names.

/// Holds for a type and itself: what goes by the name of a standard type is that type.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "this is not the standard type of its name, `{Standard}`",
    label = "an interface takes it for `{Standard}`: give your type another name"
)]
pub trait Is<Standard: ?Sized> {}

impl<T: ?Sized> Is<T> for T {}

/// Compiles when both are the same type; the attribute's code asks at compile time.
#[doc(hidden)]
pub const fn is<T: Is<Standard> + ?Sized, Standard: ?Sized>() {}
