//! The error codes of WASI.

use std::io::{self, ErrorKind};

/// A code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Errno(pub(crate) u16);

macro_rules! codes {
    ($($name:ident = $code:literal;)*) => {
        #[allow(dead_code, reason = "the list is WASI's; not all can happen here")]
        impl Errno {
            $(pub(crate) const $name: Self = Self($code);)*
        }
    };
}

codes! {
    ACCES = 2;
    AGAIN = 6;
    BADF = 8;
    EXIST = 20;
    FAULT = 21;
    ILSEQ = 25;
    INVAL = 28;
    IO = 29;
    ISDIR = 31;
    MFILE = 33;
    NOENT = 44;
    NOMEM = 48;
    NOSPC = 51;
    NOSYS = 52;
    NOTDIR = 54;
    NOTEMPTY = 55;
    NOTSUP = 58;
    PIPE = 64;
    SPIPE = 70;
    NOTCAPABLE = 76;
}

impl From<io::Error> for Errno {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound => Self::NOENT,
            ErrorKind::PermissionDenied => Self::ACCES,
            ErrorKind::AlreadyExists => Self::EXIST,
            ErrorKind::WouldBlock => Self::AGAIN,
            ErrorKind::InvalidInput => Self::INVAL,
            ErrorKind::NotADirectory => Self::NOTDIR,
            ErrorKind::IsADirectory => Self::ISDIR,
            ErrorKind::DirectoryNotEmpty => Self::NOTEMPTY,
            ErrorKind::StorageFull => Self::NOSPC,
            ErrorKind::OutOfMemory => Self::NOMEM,
            ErrorKind::Unsupported => Self::NOTSUP,
            ErrorKind::BrokenPipe => Self::PIPE,
            _ => Self::IO,
        }
    }
}
