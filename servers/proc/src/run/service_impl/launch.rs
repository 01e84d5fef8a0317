//! Programs that are started with more than the manifest gives them.

use super::{Launching, ProcServer};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use proc_api::{IMAGE_BYTES, LAUNCH_FACTS, LAUNCH_HANDLES, Launch, ProcError};
use service::{Caller, Session};
use sys::{Memory, OwnedHandle, PAGE_SIZE, Pages, Protection};

/// The most launches that are under way together.
const MOST: usize = 32;
/// Names of handles that every program has.
const TAKEN_HANDLES: [&str; 3] = ["names", "proc", "signals"];
/// Lines of the startup block that the starter may add.
const FACTS: [&str; 2] = ["directory", "env"];
/// The most bytes of a line's value.
const FACT_BYTES: usize = 1024;

type Result<T> = core::result::Result<T, ProcError>;

fn bad(why: impl ToString) -> ProcError {
    ProcError::BadLaunch { why: why.to_string() }
}

impl ProcServer {
    pub(super) fn open_launch(&mut self, session: Session, program: &str) -> Result<()> {
        if self.launches.len() >= MOST {
            return Err(bad(format!("{MOST} others are under way")));
        }
        let shown = |name: &str| !name.chars().any(char::is_control);
        if program.is_empty() || program.len() > abi::NAME_LEN || !shown(program) {
            let most = abi::NAME_LEN;
            return Err(bad(format!("a name has 1 to {most} bytes, without control characters")));
        }
        self.launches.insert(session, Launching::plain(program));
        Ok(())
    }

    fn launching(&mut self, caller: &Caller) -> Result<&mut Launching> {
        let session = caller.session();
        let found = session.and_then(|session| self.launches.get_mut(&session));
        found.ok_or_else(|| bad("it was started already"))
    }
}

impl Launch for ProcServer {
    fn image(&mut self, caller: &Caller, memory: Memory, bytes: u64) -> Result<()> {
        let launching = self.launching(caller)?;
        launching.image = None;
        if bytes == 0 || bytes > IMAGE_BYTES {
            return Err(bad(format!("an image has 1 to {IMAGE_BYTES} bytes, not {bytes}")));
        }
        launching.image = Some(copied(&memory, bytes).map_err(bad)?);
        Ok(())
    }

    fn give(&mut self, caller: &Caller, name: String, handle: OwnedHandle) -> Result<()> {
        let launching = self.launching(caller)?;
        let taken = launching.handles.iter().any(|(other, _)| *other == name);
        if taken || TAKEN_HANDLES.contains(&name.as_str()) {
            return Err(bad(format!("it has a handle `{name}` already")));
        }
        let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || name.len() > abi::NAME_LEN || !name.bytes().all(good) {
            return Err(bad("names of handles are made of a-z, 0-9 and -"));
        }
        if launching.handles.len() >= LAUNCH_HANDLES {
            return Err(bad(format!("more than {LAUNCH_HANDLES} handles")));
        }
        launching.handles.push((name, handle));
        Ok(())
    }

    fn tell(&mut self, caller: &Caller, key: String, value: String) -> Result<()> {
        let launching = self.launching(caller)?;
        let key = FACTS.into_iter().find(|known| *known == key);
        let key = key.ok_or_else(|| bad(format!("lines are {}", FACTS.join(", "))))?;
        if value.len() > FACT_BYTES || value.contains(['\n', '\0']) {
            return Err(bad(format!("a line has at most {FACT_BYTES} bytes and no line end")));
        }
        if launching.facts.len() >= LAUNCH_FACTS {
            return Err(bad(format!("more than {LAUNCH_FACTS} lines")));
        }
        launching.facts.push((key, value));
        Ok(())
    }

    fn start(&mut self, caller: &Caller, arguments: Vec<String>, foreground: bool) -> Result<u32> {
        self.launching(caller)?;
        let session = caller.session();
        let launching = session.and_then(|session| self.launches.remove(&session));
        let launching = launching.ok_or_else(|| bad("it was started already"))?;
        self.start_for(caller, &launching, &arguments, foreground)
    }

    fn closed(&mut self, session: Session) {
        self.launches.remove(&session);
    }
}

/// A copy of an image that its owner may change meanwhile: what the copy holds is checked.
fn copied(memory: &Memory, bytes: u64) -> core::result::Result<(Pages, usize), sys::Error> {
    let pages = bytes.div_ceil(PAGE_SIZE);
    let len = usize::try_from(bytes).map_err(|_| sys::Error::OutOfMemory)?;
    let shown = memory.map_part(0, pages, Protection::Read)?;
    let mut copy = Pages::create(pages)?;
    let room = copy.get_mut(..len).ok_or(sys::Error::BadAddress)?;
    shown.shared().read(0, room)?;
    Ok((copy, len))
}
