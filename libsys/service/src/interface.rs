//! What an interface is: known to both sides at compile time, told to others by `describe`.

use alloc::string::String;
use alloc::vec::Vec;
use postcard_schema::Schema;
use postcard_schema::key::hash::fnv1a64::hash_ty_path;
use serde::{Deserialize, Serialize};

/// The longest message of an interface that does not say `max_message`.
pub const DEFAULT_MESSAGE: usize = 4096;

/// Methods that every service answers.
pub mod builtin {
    /// `(schema hash) -> version`; refused when the hash is another.
    pub const HELLO: u16 = 0xfff0;
    /// `() -> Description`.
    pub const DESCRIBE: u16 = 0xfff1;
    /// `(name) -> handle`: only of the name server.
    pub const CONNECT: u16 = 0xfff2;
    /// Methods from here on are not the interface's.
    pub const FIRST: u16 = 0xfff0;
}

/// An interface, as the attribute writes it down.
#[derive(Debug, Serialize)]
pub struct Interface {
    /// The service's name.
    pub name: &'static str,
    /// The version that its author gave it.
    pub version: u32,
    /// See [`interface_hash`].
    pub hash: u64,
    /// The longest message in bytes.
    pub max_message: u32,
    /// Whether it is a session's: called through what a method with `#[opens]` gave.
    pub session: bool,
    /// Methods, by number.
    pub methods: &'static [Method],
}

/// A method of an interface.
#[derive(Debug, Serialize)]
pub struct Method {
    /// Its name.
    pub name: &'static str,
    /// The first line of its documentation.
    pub help: &'static str,
    /// Arguments in order.
    pub arguments: &'static [Argument],
    /// The type of a good result.
    pub result: &'static str,
    /// The type of its error.
    pub error: &'static str,
}

/// An argument of a method.
#[derive(Debug, Serialize)]
pub struct Argument {
    /// Its name.
    pub name: &'static str,
    /// The name of its type; `handle` for those that travel as handles.
    pub type_name: &'static str,
}

/// An [`Interface`] that a service told about itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Description {
    /// The service's name.
    pub name: String,
    /// The version that its author gave it.
    pub version: u32,
    /// See [`interface_hash`].
    pub hash: u64,
    /// The longest message in bytes.
    pub max_message: u32,
    /// Whether it is a session's.
    pub session: bool,
    /// Methods, by number.
    pub methods: Vec<MethodDescription>,
}

/// A [`Method`] that a service told about.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct MethodDescription {
    /// Its name.
    pub name: String,
    /// The first line of its documentation.
    pub help: String,
    /// Arguments in order.
    pub arguments: Vec<MethodArgument>,
    /// The type of a good result.
    pub result: String,
    /// The type of its error.
    pub error: String,
}

/// An [`Argument`] that a service told about.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct MethodArgument {
    /// Its name.
    pub name: String,
    /// The name of its type.
    pub type_name: String,
}

impl Description {
    /// The method that calls with this label mean.
    #[must_use]
    pub fn method_of(&self, label_of_call: u32) -> Option<&MethodDescription> {
        let mut numbered = (0..).zip(&self.methods);
        numbered.find(|(number, _)| label(*number, self.hash) == label_of_call).map(|(_, of)| of)
    }

    /// The method with this name and its label.
    #[must_use]
    pub fn method(&self, name: &str) -> Option<(u32, &MethodDescription)> {
        let number = self.methods.iter().position(|method| method.name == name)?;
        Some((label(u16::try_from(number).ok()?, self.hash), self.methods.get(number)?))
    }
}

/// The label of a call: the method's number, and 15 bits of the schema hash above it.
/// Built-in methods carry no hash, so that they can be called before it is known.
#[must_use]
pub const fn label(method: u16, hash: u64) -> u32 {
    let low = method as u32;
    if method >= builtin::FIRST {
        return low;
    }
    let [a, b, ..] = hash.to_le_bytes();
    u32::from_le_bytes([0, 0, a, b & 0x7f]) | low
}

/// The hash of an interface: FNV-1a over its text (name, version, methods, names of types) and
/// over what is inside of the types ([`shape_hash`]).
#[must_use]
pub const fn interface_hash(text: &str, shapes: &[u64]) -> u64 {
    let mut hash = hash_bytes(0xcbf2_9ce4_8422_2325, text.as_bytes());
    let mut index = 0;
    while index < shapes.len() {
        hash = hash_bytes(hash, &shapes[index].to_le_bytes());
        index += 1;
    }
    hash
}

/// A number that changes when a message with this type would change: with its fields and
/// variants, their names, order and types, all the way down.
#[must_use]
pub const fn shape_hash<T: Schema + ?Sized>() -> u64 {
    u64::from_le_bytes(hash_ty_path::<T>(""))
}

const fn hash_bytes(mut hash: u64, bytes: &[u8]) -> u64 {
    let mut index = 0;
    while index < bytes.len() {
        hash = (hash ^ bytes[index] as u64).wrapping_mul(0x100_0000_01b3);
        index += 1;
    }
    hash
}

/// Whether calls of these interfaces can be told apart by their labels.
#[must_use]
pub const fn distinct(interfaces: &[&Interface]) -> bool {
    let mut first = 0;
    while first < interfaces.len() {
        let mut second = first + 1;
        while second < interfaces.len() {
            if label(0, interfaces[first].hash) == label(0, interfaces[second].hash) {
                return false;
            }
            second += 1;
        }
        first += 1;
    }
    true
}

/// # Panics
/// When a message cannot carry this number of handles: at compile time, in the attribute's code.
#[doc(hidden)]
pub const fn few_enough(handles: usize) {
    assert!(handles <= abi::MESSAGE_HANDLES, "a message carries at most 4 handles");
}

#[cfg(test)]
mod tests {
    use super::{builtin, interface_hash, label, shape_hash};

    #[test]
    fn the_hash_is_fnv_1a() {
        assert_eq!(interface_hash("", &[]), 0xcbf2_9ce4_8422_2325);
        assert_eq!(interface_hash("a", &[]), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(interface_hash("foobar", &[]), 0x8594_4171_f739_67e8);
        let eight = u64::from_le_bytes(*b"foobarxy");
        assert_eq!(interface_hash("", &[eight]), interface_hash("foobarxy", &[]));
    }

    #[test]
    fn every_part_of_a_type_is_in_its_shape() {
        mod one {
            #[crate::data]
            pub struct A(pub B);
            #[crate::data]
            pub enum B {
                X,
                Y { n: u32 },
            }
        }
        mod two {
            #[crate::data]
            pub struct A(pub B);
            #[crate::data]
            pub enum B {
                X,
                Y { n: u64 },
            }
        }
        mod three {
            #[crate::data]
            pub struct A(pub B);
            #[crate::data]
            pub enum B {
                Y { n: u32 },
                X,
            }
        }
        let shapes = [shape_hash::<one::A>(), shape_hash::<two::A>(), shape_hash::<three::A>()];
        assert!(shapes[0] != shapes[1] && shapes[1] != shapes[2] && shapes[0] != shapes[2]);
        assert_eq!(shape_hash::<[u8]>(), shape_hash::<Vec<u8>>(), "the same on the wire");
    }

    #[test]
    fn labels_stay_clear_of_the_kernels() {
        assert_eq!(label(3, u64::MAX), 0x7fff_0003);
        assert_eq!(label(builtin::HELLO, u64::MAX), 0xfff0);
    }
}
