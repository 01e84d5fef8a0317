//! Each wrong interface, and what its author is told.

use super::Interface;
use crate::settings::Settings;

fn read(settings: &str, item: &str) -> Result<Interface, String> {
    let settings: Settings = syn::parse_str(settings).map_err(|error| error.to_string())?;
    let item = syn::parse_str(item).unwrap();
    Interface::read(settings, item).map_err(|error| error.to_string())
}

fn refused(settings: &str, item: &str, because: &str) {
    match read(settings, item) {
        Ok(_) => panic!("accepted: {item}"),
        Err(text) => assert!(text.contains(because), "{item}: {text}"),
    }
}

#[test]
fn a_good_interface_is_read() {
    let item = "pub trait Shop {
        /// Buys.
        ///
        /// More.
        #[idempotent]
        fn buy(&mut self, name: String, list: Vec<(u8, Option<u64>)>) -> Result<[u8; 4], Error>;
        #[returns_handle]
        fn open(&mut self, #[handle] memory: Memory) -> Result<(Endpoint, u32), Error>;
        #[idempotent]
        fn show(&mut self, #[handle(copy, READ | TRANSFER)] memory: Memory) -> Result<(), Error>;
        #[opens(api::Cart)]
        fn cart(&mut self, #[lend] a: &[u8], #[lend] b: &[u8]) -> Result<u8, Error>;
        fn fill(&mut self, #[lend] b: &mut [u8]) -> Result<u8, Error>;
    }";
    let shop = read("version = 2", item).unwrap();
    assert_eq!(shop.name, "shop");
    assert_eq!(
        shop.schema,
        "shop@2; buy(name: String, list: Vec<(u8, Option<u64>)>) -> [u8; 4] ! Error; \
         open(memory: handle) -> (handle, u32) ! Error; \
         show(memory: handle(READ | TRANSFER)) -> () ! Error; \
         cart(a: lent [u8], b: lent [u8]) -> (api::Cart session, u8) ! Error; \
         fill(b: filled [u8]) -> u8 ! Error"
    );
    assert_eq!(shop.methods[0].marks.help(), "Buys.");
    assert!(shop.methods[0].marks.idempotent);
}

#[test]
fn names_that_are_taken_are_named() {
    let method = |name: &str| format!("trait A {{ fn {name}(&mut self) -> Result<u8, N>; }}");
    for name in ["connect", "connect_as", "from_endpoint", "endpoint", "within", "with_timeout"] {
        refused("version = 1", &method(name), "clients have a");
        refused("version = 1", &method(&format!("r#{name}")), "clients have a");
    }
    for name in ["opened", "closed", "endpoint"] {
        refused("version = 1, session", &method(name), "clients have a");
    }
    for name in ["opened", "closed"] {
        assert!(read("version = 1", &method(name)).is_ok(), "{name}");
    }
    assert!(read("version = 1, session", &method("connect")).is_ok());
    let twice = "trait A { fn a(&mut self) -> Result<u8, N>; fn r#a(&mut self) -> Result<u8, N>; }";
    refused("version = 1", twice, "a method `a` is there already");
    let twice = "trait A { fn a(&mut self, x: u8, x: u8) -> Result<u8, N>; }";
    refused("version = 1", twice, "an argument `x` is there already");
    let pattern = "trait A { fn a(&mut self, mut x: u8) -> Result<u8, N>; }";
    refused("version = 1", pattern, "plain name");
}

#[test]
fn a_trait_whose_name_is_no_services_gives_one() {
    for name in ["My_Shop", "\u{dc}berblick", "SeventeenLettersX"] {
        let item = format!("trait {name} {{ fn a(&mut self) -> Result<u8, N>; }}");
        refused("version = 1", &item, "cannot be the service's name");
        assert_eq!(read("version = 1, name = \"shop\"", &item).unwrap().name, "shop");
    }
    let raw = read("version = 1", "trait r#Try { fn r#do(&mut self) -> Result<u8, N>; }").unwrap();
    assert_eq!((raw.name.as_str(), raw.schema.as_str()), ("try", "try@1; do() -> u8 ! N"));
}

#[test]
fn wrong_settings_are_named() {
    let item = "trait A { fn a(&mut self) -> Result<u8, Never>; }";
    refused("", item, "needs a version");
    refused("versoin = 1", item, "no setting `versoin`");
    refused("version = 1, name = \"Big Name\"", item, "lower-case");
    refused("version = 1, name = \"seventeen-letters\"", item, "1 to 16");
    refused("version = 1, max_message = 65537", item, "64 to 65536");
    refused("version = 1, max_lend = 1", item, "4096 to 67108864");
}

#[test]
fn wrong_traits_are_named() {
    let wrong = [
        ("trait A<T> { }", "no generic parameters"),
        ("unsafe trait A { }", "cannot be unsafe"),
        ("trait A: Send { }", "no supertraits"),
        ("trait A { const X: u8; }", "only methods"),
        ("trait A { fn a(&mut self) -> Result<u8, N> { Ok(1) } }", "no body"),
    ];
    for (item, because) in wrong {
        refused("version = 1", item, because);
    }
}

#[test]
fn wrong_methods_are_named() {
    let wrong = [
        ("fn a(&self) -> Result<u8, N>;", "`&mut self` first"),
        ("fn a() -> Result<u8, N>;", "`&mut self` first"),
        ("fn a(self: Box<Self>) -> Result<u8, N>;", "`&mut self` first"),
        ("fn a<T>(&mut self) -> Result<u8, N>;", "no generic parameters"),
        ("async fn a(&mut self) -> Result<u8, N>;", "not async"),
        ("fn a(&mut self, x: &str) -> Result<u8, N>;", "owned values"),
        ("fn a(&mut self, x: impl Copy) -> Result<u8, N>;", "named types"),
        ("fn a(&mut self, (x, y): (u8, u8)) -> Result<u8, N>;", "plain name"),
        ("fn a(&mut self);", "returns `Result<T, E>`"),
        ("fn a(&mut self) -> u8;", "returns `Result<T, E>`"),
        ("fn a(&mut self) -> Result<u8>;", "returns `Result<T, E>`"),
        ("fn a(&mut self) -> Result<&str, N>;", "owned values"),
        ("#[idempotnt] fn a(&mut self) -> Result<u8, N>;", "no mark `idempotnt`"),
        ("#[handle] fn a(&mut self) -> Result<u8, N>;", "marks an argument"),
        ("#[deferred] #[deferred] fn a(&mut self) -> Result<u8, N>;", "marked twice"),
        ("fn a(&mut self, #[handel] x: M) -> Result<u8, N>;", "only the marks `handle`"),
        ("fn a(&mut self, #[handle] #[handle] x: M) -> Result<u8, N>;", "one mark"),
        ("fn a(&mut self, #[lend] #[handle] x: M) -> Result<u8, N>;", "one mark"),
        ("fn a(&mut self, #[lend] x: Vec<u8>) -> Result<u8, N>;", "goes with `&[u8]`"),
        ("fn a(&mut self, #[lend] x: &[u16]) -> Result<u8, N>;", "goes with `&[u8]`"),
        ("fn a(&mut self, #[lend] x: &'static [u8]) -> Result<u8, N>;", "goes with `&[u8]`"),
        ("fn a(&mut self, #[handle] x: &M) -> Result<u8, N>;", "owned values"),
        ("#[deferred] fn a(&mut self, #[lend] x: &[u8]) -> Result<u8, N>;", "borrows nothing"),
        (
            "fn a(&mut self, #[lend] x: &mut [u8], #[lend] y: &mut [u8]) -> Result<u8, N>;",
            "lends one `&mut [u8]`",
        ),
        (
            "#[returns_handle] fn a(&mut self, #[lend] x: &mut [u8]) -> Result<M, N>;",
            "lends no `&mut [u8]`",
        ),
        ("fn a(&mut self, #[handle(READ)] x: M) -> Result<u8, N>;", "copied with fewer rights"),
        ("#[opens(F)] #[deferred] fn a(&mut self) -> Result<(), N>;", "opens a session"),
        ("#[opens(F)] #[opens(F)] fn a(&mut self) -> Result<(), N>;", "marked twice"),
        (
            "#[deferred] #[returns_handle] fn a(&mut self) -> Result<E, N>;",
            "cannot return a handle",
        ),
        ("#[idempotent] fn a(&mut self, #[handle] m: M) -> Result<u8, N>;", "moved once"),
        (
            "#[connector] fn a(&mut self, name: String) -> Result<u8, N>;",
            "takes the service's name",
        ),
    ];
    for (method, because) in wrong {
        refused("version = 1", &format!("trait A {{ {method} }}"), because);
    }
    let five = (0..5).map(|n| format!("#[handle] m{n}: M, ")).collect::<String>();
    let five = format!("trait A {{ fn a(&mut self, {five}) -> Result<u8, N>; }}");
    refused("version = 1", &five, "at most 4 handles");
    let five = (0..5).map(|n| format!("#[lend] m{n}: &[u8], ")).collect::<String>();
    let five = format!("trait A {{ fn a(&mut self, {five}) -> Result<u8, N>; }}");
    refused("version = 1", &five, "at most 4 handles");
    let connect = |name| {
        format!("#[connector] #[returns_handle] fn {name}(&mut self, s: String) -> Result<E, N>; ")
    };
    let two = format!("trait A {{ {} {} }}", connect("a"), connect("b"));
    refused("version = 1", &two, "one connector");
}
