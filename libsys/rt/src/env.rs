//! What a program was told at its start.

use crate::Failure;
use sys::{Constant, Endpoint, Object, OwnedHandle, Rights, Startup};

/// What a program was told at its start: its name, arguments and handles.
#[derive(Debug)]
pub struct Env {
    startup: Startup<'static>,
    names: Endpoint,
}

impl Env {
    pub(crate) fn new() -> Self {
        let names = sys::start::take_handle("names");
        let names = names.unwrap_or(OwnedHandle::NONE).into();
        Self { startup: sys::start::startup(), names }
    }

    /// The program's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.startup.name()
    }

    /// The arguments, in order.
    pub fn args(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.startup.values("arg")
    }

    /// The kernel's command line, or what the starter passed on of it.
    #[must_use]
    pub fn cmdline(&self) -> &'static str {
        self.startup.values("cmdline").next().unwrap_or("")
    }

    /// The value of `KEY=VALUE` on the command line.
    #[must_use]
    pub fn option(&self, key: &str) -> Option<&'static str> {
        self.cmdline().split_whitespace().find_map(|word| {
            let (found, value) = word.split_once('=')?;
            (found == key).then_some(value)
        })
    }

    /// The whole startup block.
    #[must_use]
    pub fn startup(&self) -> Startup<'static> {
        self.startup
    }

    /// The endpoint of the name server. Calls fail with `BadHandle` in a program that was
    /// not given it.
    pub fn names(&self) -> &Endpoint {
        &self.names
    }

    /// Takes over a handle. Each can be taken once; `names` is taken already.
    pub fn handle<T: Object>(&self, name: &str) -> Result<T, Failure> {
        self.take(name).map(T::from)
    }

    /// The same for a handle of any kind.
    pub fn take(&self, name: &str) -> Result<OwnedHandle, Failure> {
        sys::start::take_handle(name).ok_or_else(|| {
            Failure::new(format_args!("no handle `{name}` was given, or it was taken before"))
        })
    }

    /// Copies a handle of any kind, with at most these rights; it can still be taken.
    pub fn copy_handle(&self, name: &str, rights: Rights) -> Result<OwnedHandle, Failure> {
        sys::start::copy_handle(name, rights)
            .map_err(|error| Failure::new(format_args!("copying the handle `{name}`: {error}")))
    }

    /// Maps a memory object that no longer changes, such as `archive`.
    pub fn constant(&self, name: &str) -> Result<Constant, Failure> {
        sys::start::constant(name)
            .map_err(|error| Failure::new(format_args!("mapping `{name}`: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::Env;
    use sys::{Error, Notification, Rights};

    #[test]
    fn a_program_finds_what_it_was_told() {
        let bell = Notification::create().unwrap();
        let lines = "name echo\narg one\narg two words\ncmdline log=info selftest\n";
        let given = bell.copy(Rights::ALL).unwrap().into();
        sys::host::set_startup(lines, [("bell".to_owned(), given)]);
        let env = Env::new();
        assert_eq!(env.name(), "echo");
        assert!(env.args().eq(["one", "two words"]));
        assert_eq!((env.option("log"), env.option("init")), (Some("info"), None));
        let copy = env.copy_handle("bell", Rights::SIGNAL).unwrap();
        assert_eq!(Notification::from(copy).poll(), Err(Error::NoRight));
        let found: Notification = env.handle("bell").unwrap();
        assert_eq!((found.signal(1), bell.poll()), (Ok(()), Ok(1)));
        assert!(env.take("bell").is_err(), "each can be taken once");
        assert!(env.copy_handle("bell", Rights::ALL).is_err(), "it belongs to its taker");
        assert!(env.take("other").unwrap_err().to_string().contains("`other`"));
        let called = env.names().call(0, &[0; 7]).map(|answer| answer.label);
        assert_eq!(called, Err(Error::BadHandle));
    }
}
