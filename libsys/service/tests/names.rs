//! Names that an author may give, in the middle of which the attribute's code is compiled.
//!
//! Constants and types of the names that the generated code could have used for itself.

#![allow(
    dead_code,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    reason = "the names are the test"
)]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use service::{CallError, Caller, Lent, LentMut, Reply, Session};
use std::thread;
use sys::{Endpoint, Memory, Rights};

/// Everything that the prelude has, as something else.
mod shadowed {
    pub struct Option;
    pub struct Some;
    pub struct None;
    pub struct Ok;
    pub struct Err;
    pub struct Box;
    pub trait AsRef {}
    pub trait Clone {}
    pub trait Copy {}
    pub trait Debug {}
    pub trait Default {}
    pub trait Drop {}
    pub trait Fn {}
    pub trait From {}
    pub trait Into {}
    pub trait Iterator {}
    pub trait Send {}
    pub trait Sized {}
    pub trait Sync {}
    pub trait ToString {}
}

/// Types of messages, where the prelude has other meanings.
mod data {
    #[expect(unused_imports, reason = "the generated code means none of them")]
    use super::shadowed::*;

    /// Named like a type parameter, with words of the language for fields.
    #[::service::data]
    #[derive(::core::fmt::Debug, ::core::cmp::PartialEq)]
    pub struct C {
        pub r#type: u64,
        pub r#async: bool,
    }

    #[::service::data]
    #[derive(::core::fmt::Debug, ::core::cmp::PartialEq)]
    pub enum E {
        T,
        C,
    }
}

/// Interfaces, where the types of the language have other meanings, too.
mod hostile {
    use super::data::{C, E};
    #[expect(unused_imports, reason = "the generated code means none of them")]
    use super::shadowed::*;
    use sys::Memory;

    pub type Number = ::core::primitive::u64;
    pub struct core;
    pub struct alloc;
    pub struct std;
    pub struct service;
    pub struct bool;
    pub struct str;
    pub struct u16;
    pub struct u64;
    pub struct usize;
    pub const attempt: () = ();
    pub const interface: () = ();
    pub const opening: () = ();
    pub const result: () = ();

    /// Named like a type of the prelude, and used by its methods.
    #[::service::interface(version = 1, name = "hostile")]
    pub trait Result {
        #[expect(clippy::too_many_arguments, reason = "all names at once")]
        fn caller(
            &mut self,
            caller: Number,
            request: Number,
            value: Number,
            reply: Number,
            call: Number,
            method: Number,
            session: Number,
            r#type: Number,
            r#match: Number,
            this: Number,
        ) -> ::core::result::Result<Number, E>;
        fn r#type(&mut self, r#fn: C) -> ::core::result::Result<C, E>;
        fn dispatch(&mut self, number: ::std::vec::Vec<C>) -> ::core::result::Result<Number, E>;
        fn client(&mut self, text: ::std::string::String) -> ::core::result::Result<Number, E>;
        fn call(
            &mut self,
            #[lend] request: &[u8],
            #[lend] call: &mut [u8],
        ) -> ::core::result::Result<Number, E>;
        fn give(
            &mut self,
            #[handle] received: Memory,
            #[handle(copy, READ)] opened: Memory,
        ) -> ::core::result::Result<Number, E>;
        #[deferred]
        fn answer(
            &mut self,
            caller: Number,
            reply: Number,
            r#async: Number,
        ) -> ::core::result::Result<Number, E>;
        #[returns_handle]
        fn clone(&mut self, value: Number) -> ::core::result::Result<(Memory, Number), E>;
        #[opens(Inner)]
        fn open(&mut self, caller: Number, session: Number) -> ::core::result::Result<Number, E>;
    }

    #[::service::interface(version = 1, session)]
    pub trait Inner {
        fn connect(&mut self, session: Number) -> ::core::result::Result<Number, E>;
        fn from_endpoint(&mut self) -> ::core::result::Result<(), E>;
    }
}

use data::{C, E};
use hostile::{Inner, Result as Hostile, ResultClient};

struct Server;

type Answer<T> = std::result::Result<T, E>;

impl Hostile for Server {
    fn caller(
        &mut self,
        _: &Caller,
        a: u64,
        b: u64,
        c: u64,
        d: u64,
        e: u64,
        f: u64,
        g: u64,
        h: u64,
        i: u64,
        j: u64,
    ) -> Answer<u64> {
        Ok([a, b, c, d, e, f, g, h, i, j].into_iter().fold(0, |sum, digit| 10 * sum + digit))
    }

    fn r#type(&mut self, _: &Caller, given: C) -> Answer<C> {
        Ok(C { r#type: given.r#type + 1, r#async: !given.r#async })
    }

    fn dispatch(&mut self, _: &Caller, number: Vec<C>) -> Answer<u64> {
        Ok(number.len() as u64)
    }

    fn client(&mut self, _: &Caller, text: String) -> Answer<u64> {
        text.parse().map_err(|_| E::T)
    }

    fn call(&mut self, _: &Caller, read: Lent<'_>, mut write: LentMut<'_>) -> Answer<u64> {
        let mut byte = [0];
        read.read(0, &mut byte).map_err(|_| E::C)?;
        write.write(0, &byte).map_err(|_| E::C)?;
        Ok(u64::from(byte[0]))
    }

    fn give(&mut self, _: &Caller, _: Memory, _: Memory) -> Answer<u64> {
        Ok(2)
    }

    fn answer(&mut self, _: &Caller, a: u64, b: u64, c: u64, reply: Reply<Answer<u64>>) {
        reply.send(Ok(a * b * c));
    }

    fn clone(&mut self, _: &Caller, value: u64) -> Answer<(Memory, u64)> {
        Ok((Memory::create(1).map_err(|_| E::T)?, value))
    }

    fn open(&mut self, _: &Caller, _: Session, caller: u64, session: u64) -> Answer<u64> {
        Ok(caller - session)
    }
}

impl Inner for Server {
    fn connect(&mut self, _: &Caller, session: u64) -> Answer<u64> {
        Ok(session)
    }

    fn from_endpoint(&mut self, _: &Caller) -> Answer<()> {
        Err(E::C)
    }

    fn closed(&mut self, _: Session) {}
}

service::together!(Server: Hostile, Inner);

fn client() -> ResultClient {
    let endpoint = Endpoint::create().unwrap();
    let client = ResultClient::from_endpoint(endpoint.copy(Rights::SEND).unwrap());
    thread::spawn(move || service::serve::<Server>(endpoint, &mut Server));
    client
}

#[test]
fn arguments_and_methods_of_any_name_reach_the_server() {
    let client = client();
    assert_eq!(client.caller(1, 2, 3, 4, 5, 6, 7, 8, 9, 0).unwrap(), 1_234_567_890);
    let back = client.r#type(C { r#type: 1, r#async: false }).unwrap();
    assert_eq!(back, C { r#type: 2, r#async: true });
    assert_eq!(client.dispatch([back]).unwrap(), 1);
    assert_eq!(client.client("42").unwrap(), 42);
    let mut bytes = [0];
    assert_eq!((client.call(&[7], &mut bytes).unwrap(), bytes), (7, [7]));
    let memory = || Memory::create(1).unwrap();
    assert_eq!(client.give(memory(), &memory()).unwrap(), 2);
    assert_eq!(client.answer(2, 3, 4).unwrap(), 24);
    assert_eq!(client.clone(5).unwrap().1, 5);
    let (session, difference) = client.open(9, 4).unwrap();
    assert_eq!((difference, session.connect(6).unwrap()), (5, 6));
    assert!(matches!(session.from_endpoint(), Err(CallError::Service(E::C))));
}

#[test]
fn a_raw_name_is_told_without_its_mark() {
    let names: Vec<&str> = ResultClient::INTERFACE.methods.iter().map(|it| it.name).collect();
    assert!(names.contains(&"type"), "{names:?}");
    let first = &ResultClient::INTERFACE.methods[0];
    assert_eq!((first.arguments[7].name, first.arguments[8].name), ("type", "match"));
}
