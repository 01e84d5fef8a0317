//! The keeper: makes children, answers what they send, does things to them, and checks that
//! what reaches it could have been sent. It makes no wild call itself.
//!
//! **Checks.** A badge is one that the keeper gave ([`badges`]); a message never looks like the
//! bound notification; a stop after a call follows a stop before it ([`stops`]); a token of a
//! dead child's call answers nothing ([`serve`]).

mod act;
mod badges;
mod birth;
mod serve;
mod stops;

use crate::machine::{after, print};
use crate::random::Random;
use alloc::vec::Vec;
use core::fmt::Display;
use rt::Failure;
use stops::Stops;
use sys::{
    Constant, Endpoint, Error, Memory, Notification, Ports, Process, Received, ReplyRight,
    Resource, Rights, SchedContext,
};

/// Children at one time.
pub(super) const CHILDREN: usize = 6;
/// How long children may take to die.
const SOON_NS: u64 = 20_000_000_000;
/// How long the keeper waits at most for something to come.
const PAUSE_NS: u64 = 60_000;
/// What children may send in one message at most.
const BUFFER: usize = abi::MESSAGE_MAX;
/// The bit of the bound notification that says that a caller has stopped waiting; those below
/// say which child has died.
const LOST_CALL: u64 = 1 << CHILDREN;

/// A child.
struct Child {
    process: Process,
    serial: u64,
    /// Killed; its death has not been told yet.
    killed: bool,
    suspended: bool,
    /// Traced from the beginning and by the keeper alone: all its stops are checked.
    stops: Option<Stops>,
}

/// A call that is answered later.
struct Held {
    right: ReplyRight,
    serial: u64,
}

/// What all children get, and what came of them.
struct Keeper {
    random: Random,
    resource: Resource,
    serial_line: Ports,
    /// Calls, faults and stops of all children come here.
    line: Endpoint,
    /// Bits of deaths and lost calls.
    bell: Notification,
    shared: Shared,
    plan: birth::Code,
    /// The 32-bit program and its length.
    narrow: (Constant, usize),
    children: [Option<Child>; CHILDREN],
    held: Vec<Held>,
    born: u64,
}

/// Objects that several children have.
struct Shared {
    endpoints: [Endpoint; 2],
    bells: [Notification; 2],
    /// Enough for large pages.
    large: Memory,
    contexts: Vec<SchedContext>,
    port: Ports,
}

/// Runs until the count of the machine's system calls reaches a number. The arguments are that
/// number, the seed, whether to leave the children behind, and the lengths of the two images.
pub(crate) fn run(env: &rt::Env) -> Result<(), Failure> {
    let mut numbers = env.args().skip(1).map(|text| text.parse::<u64>());
    let mut next = || numbers.next().and_then(Result::ok).ok_or("the keeper lacks an argument");
    let (until, seed, leave) = (next()?, next()?, next()? == 1);
    let lengths = [next()?, next()?].map(|length| usize::try_from(length).unwrap_or(0));
    let mut keeper = Keeper::new(env, seed, lengths)?;
    let mut outcome = keeper.work(until);
    if !leave && outcome.is_ok() {
        outcome = keeper.end();
    }
    if let Err(failure) = &outcome {
        keeper.say(format_args!("failed: fuzz: keeper: {failure}"));
        return outcome;
    }
    rt::exit(0)
}

impl Keeper {
    fn new(env: &rt::Env, seed: u64, lengths: [usize; 2]) -> Result<Self, Failure> {
        let resource: Resource = env.handle("resource")?;
        let bell = Notification::create()?;
        bell.bind()?;
        sys::watch_calls(&bell, LOST_CALL)?;
        let file = env.constant("image")?;
        let plan = birth::Code::load(file.get(..lengths[0]).ok_or("the image is too short")?)?;
        let narrow = env.constant("image32")?;
        Ok(Self {
            random: Random::new(seed),
            shared: Shared::new(&resource)?,
            resource,
            serial_line: env.handle("serial")?,
            line: Endpoint::create()?,
            bell,
            plan,
            narrow: (narrow, lengths[1]),
            children: [const { None }; CHILDREN],
            held: Vec::new(),
            born: 0,
        })
    }

    /// Prints a line.
    fn say(&self, line: impl Display) {
        print(&self.serial_line, line);
    }

    fn work(&mut self, until: u64) -> Result<(), Failure> {
        let mut buffer = alloc::vec![0; BUFFER];
        while sys::system_info()?.syscalls < until {
            for _ in 0..16 {
                self.turn(&mut buffer)?;
            }
        }
        Ok(())
    }

    /// Takes what came, and does something.
    fn turn(&mut self, buffer: &mut [u8]) -> Result<(), Failure> {
        let pause = 1 + self.random.below(PAUSE_NS);
        match self.line.receive(after(pause), buffer) {
            Ok(Received::Message(message)) => self.serve(message)?,
            Ok(Received::Notified(bits)) => self.notified(bits)?,
            Err(Error::TimedOut | Error::Interrupted) => {}
            Err(error) => return Err(Failure::from(error).while_doing("receiving")),
        }
        self.act()
    }

    /// Bits that are not the keeper's mean that a message passed for them.
    fn notified(&mut self, bits: u64) -> Result<(), Failure> {
        if bits == 0 || bits >> (CHILDREN + 1) != 0 {
            return Err(Failure::new(format_args!(
                "a message looks like the bound notification: {bits:#x}"
            )));
        }
        for place in 0..CHILDREN {
            if bits & 1 << place != 0 {
                self.buried(place)?;
            }
        }
        Ok(())
    }

    /// A child is dead, and all it had is given back.
    fn buried(&mut self, place: usize) -> Result<(), Failure> {
        let Some(child) = self.children.get_mut(place).and_then(Option::take) else {
            return Err(Failure::from("a death was told twice"));
        };
        let used = child.process.info()?.used;
        if (used.threads, used.handles) != (0, 0) {
            return Err(Failure::new(format_args!("a dead child still uses {used:?}")));
        }
        self.check_tokens_of(child.serial)
    }

    /// Ends all children and waits for it.
    fn end(&mut self) -> Result<(), Failure> {
        for child in self.children.iter_mut().flatten() {
            child.process.kill(0)?;
        }
        let deadline = after(SOON_NS);
        while self.children.iter().any(Option::is_some) {
            let bits = self.bell.wait(deadline);
            self.notified(bits.map_err(|error| {
                Failure::from(error).while_doing("waiting for the deaths of the children")
            })?)?;
        }
        Ok(())
    }
}

impl Shared {
    fn new(resource: &Resource) -> Result<Self, Failure> {
        Ok(Self {
            endpoints: [Endpoint::create()?, Endpoint::create()?],
            bells: [Notification::create()?, Notification::create()?],
            large: Memory::create(1024)?,
            contexts: act::contexts(resource)?,
            // Where firmware tells what it is doing; nothing listens.
            port: Ports::create(resource, 0x80, 1)?,
        })
    }
}

/// Whether a handle may travel on: what all children may pass on.
const TRAVELS: Rights = Rights::ALL.difference(Rights::MINT);
