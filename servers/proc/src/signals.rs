//! The signals of one program: what it does about each, what is blocked, what is pending.
//!
//! # Shape
//! A signal is *pended*, and then the state *settles*: what is ignored goes, what ends or
//! stops the program is told to the caller as an [`Effect`], what has a handler rings the
//! program's bell. The program then takes its signals with [`Signals::next`], one handler's
//! worth at a time, and brings back the mask when the handler is through.
//!
//! A bell that rang is not rung again before the program comes: [`Signals::next`] forgets
//! the ring, so a signal that is pended after it always rings anew. None is lost between.
//!
//! Standard signals (below [`Signal::RTMIN`]) are one bit each: the first one's [`Info`] is
//! kept. Queued ones are kept all, in order, up to [`QUEUE_MAX`].

mod pending;

pub use pending::{BATCH, Pending, QUEUE_MAX, QueueFull};

use proc_api::{
    Action, DefaultAction, Delivery, Disposition, Flags, Info, MaskChange, Signal, SignalSet, bell,
};

/// What has to be done for the program now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use = "the program waits for it"]
pub struct Effect {
    /// It ends by this signal.
    pub end: Option<Signal>,
    /// It is stopped by this signal.
    pub stop: Option<Signal>,
    /// It goes on after a stop.
    pub go_on: bool,
    /// Its bell rings with these bits.
    pub ring: u64,
}

/// The signals of one program. A new one handles, ignores and blocks nothing.
#[derive(Clone, Debug)]
pub struct Signals {
    actions: [Action; 64],
    mask: SignalSet,
    pending: Pending,
    /// The mask to go back to after a wait with another one.
    suspended: Option<SignalSet>,
    /// Bits that rang and were not answered yet.
    rung: u64,
    /// By which signal it is stopped.
    stopped: Option<Signal>,
}

impl Default for Signals {
    fn default() -> Self {
        Self {
            actions: [Action::default(); 64],
            mask: SignalSet::EMPTY,
            pending: Pending::default(),
            suspended: None,
            rung: 0,
            stopped: None,
        }
    }
}

impl Signals {
    /// Those of a program that this one starts: it blocks and ignores the same.
    pub fn inherited(&self) -> Self {
        let mut new = Self { mask: self.mask, ..Self::default() };
        for (to, from) in new.actions.iter_mut().zip(&self.actions) {
            if from.disposition == Disposition::Ignore {
                to.disposition = Disposition::Ignore;
            }
        }
        new
    }

    /// Returns the action of a signal.
    pub fn action(&self, signal: Signal) -> Action {
        self.actions.get(usize::from(signal.number())).copied().unwrap_or_default()
    }

    /// Sets the action of a signal and returns the one before; `None` for KILL and STOP, which
    /// cannot be changed. Pending signals that are ignored now are discarded.
    pub fn set_action(&mut self, signal: Signal, new: Action) -> Option<Action> {
        if !signal.can_be_handled() {
            return None;
        }
        let place = self.actions.get_mut(usize::from(signal.number()))?;
        let before = core::mem::replace(place, Action { mask: new.mask.as_mask(), ..new });
        if self.does(signal) == Does::Ignore {
            self.pending.discard(SignalSet::EMPTY.with(signal));
        }
        Some(before)
    }

    /// Returns the blocked signals.
    pub fn mask(&self) -> SignalSet {
        self.mask
    }

    /// Changes the mask and returns the one before. [`Signals::settle`] must follow.
    pub fn change_mask(&mut self, change: MaskChange) -> SignalSet {
        let new = match change {
            MaskChange::Block(set) => self.mask.union(set),
            MaskChange::Unblock(set) => self.mask.minus(set),
            MaskChange::Set(set) => set,
        };
        // A program that changes its mask is not in `sigsuspend` any more.
        self.suspended = None;
        core::mem::replace(&mut self.mask, new.as_mask())
    }

    /// What is pending.
    pub fn pending(&self) -> SignalSet {
        self.pending.set()
    }

    /// By which signal it is stopped.
    pub fn stopped(&self) -> Option<Signal> {
        self.stopped
    }

    /// What a signal undoes before anything else: SIGCONT pending stops, a stop signal a
    /// pending SIGCONT. True when a stopped program goes on.
    pub fn undo(&mut self, signal: Signal) -> bool {
        if signal == Signal::CONT {
            let stops = SignalSet::ALL.iter().filter(|signal| signal.stops());
            self.pending.discard(stops.fold(SignalSet::EMPTY, SignalSet::with));
            return self.stopped.take().is_some();
        }
        if signal.stops() {
            self.pending.discard(SignalSet::EMPTY.with(Signal::CONT));
        }
        false
    }

    /// A signal came. To be followed by [`Signals::settle`].
    ///
    /// # Errors
    /// [`QueueFull`]: it did not come.
    pub fn pend(&mut self, info: Info) -> Result<(), QueueFull> {
        // A blocked one waits even when it is ignored: someone may wait for it.
        if self.does(info.signal) == Does::Ignore && !self.mask.contains(info.signal) {
            return Ok(());
        }
        self.pending.add(info)
    }

    /// Whether a handler for this signal can run now.
    pub fn handles_now(&self, signal: Signal) -> bool {
        self.does(signal) == Does::Handle && !self.mask.contains(signal)
    }

    /// The program did something wrong that is a signal to itself; false: it must end,
    /// because it blocks or does not handle that. To be followed by [`Signals::settle`].
    pub fn pend_fault(&mut self, info: Info) -> bool {
        let handled = self.handles_now(info.signal);
        if handled {
            self.pending.add_first(info);
        }
        handled
    }

    /// Acts on the pending signals that are not blocked. The terminal's signals do not stop a
    /// program of an orphaned group: it could not be continued.
    pub fn settle(&mut self, orphaned: bool) -> Effect {
        let mut effect = Effect::default();
        let mut ready = 0;
        for signal in self.unblocked().iter() {
            match self.does(signal) {
                Does::End => return Effect { end: Some(signal), ..effect },
                Does::Handle => ready |= self.bell_of(signal),
                Does::Ignore => self.pending.discard(SignalSet::EMPTY.with(signal)),
                Does::Stop => {
                    self.pending.discard(SignalSet::EMPTY.with(signal));
                    if signal == Signal::STOP || !orphaned {
                        effect.stop = Some(signal);
                    }
                }
            }
        }
        if effect.stop.is_some() {
            // The rest is for when it goes on.
            self.stopped = effect.stop;
            return effect;
        }
        effect.ring = ready & !self.rung;
        self.rung |= effect.ring;
        effect
    }

    /// For the program's handlers: they are through with what they had (`done` is the mask to
    /// go back to), and want what comes next on this stack. To be followed by
    /// [`Signals::settle`].
    pub fn next(&mut self, done: Option<SignalSet>, on_stack: bool) -> Option<Delivery> {
        if let Some(mask) = done {
            self.mask = mask.as_mask();
        }
        let bell = if on_stack { bell::ON_STACK } else { bell::PLAIN };
        self.rung &= !bell;
        let here =
            |signal: &Signal| self.does(*signal) == Does::Handle && self.bell_of(*signal) == bell;
        let set = self.unblocked().iter().filter(here).fold(SignalSet::EMPTY, SignalSet::with);
        let first = self.pending.take(set)?;
        Some(self.deliver(first))
    }

    fn deliver(&mut self, first: Info) -> Delivery {
        let signal = first.signal;
        let Action { flags, mask, .. } = self.action(signal);
        let mut signals = alloc::vec![first];
        let once = flags.contains(Flags::RESETHAND);
        if once {
            self.actions[usize::from(signal.number())].disposition = Disposition::Default;
        } else if !flags.contains(Flags::NODEFER) {
            // They come one after the other anyway.
            self.pending.take_more(signal, &mut signals);
        }
        let restore = self.suspended.take().unwrap_or(self.mask);
        self.mask = self.mask.union(mask);
        if !flags.contains(Flags::NODEFER) {
            self.mask = self.mask.with(signal);
        }
        Delivery { signals, restore, flags }
    }

    /// Waits with another mask, until a handler runs. To be followed by [`Signals::settle`].
    pub fn suspend(&mut self, mask: SignalSet) {
        let before = core::mem::replace(&mut self.mask, mask.as_mask());
        // Asked again before a handler ran: the first mask is the one to go back to.
        self.suspended.get_or_insert(before);
    }

    /// Takes a pending signal of this set, without a handler.
    pub fn take(&mut self, set: SignalSet) -> Option<Info> {
        self.pending.take(set)
    }

    /// Puts back what [`Signals::take`] gave to a waiter that is gone.
    pub fn put_back(&mut self, info: Info) {
        self.pending.put_back(info);
    }

    /// What is pending and can have an effect.
    fn unblocked(&self) -> SignalSet {
        let set = self.pending.set();
        match self.stopped {
            // A stopped program does nothing but end.
            Some(_) => set.common(SignalSet::EMPTY.with(Signal::KILL)),
            None => set.minus(self.mask),
        }
    }

    fn bell_of(&self, signal: Signal) -> u64 {
        let on_stack = self.action(signal).flags.contains(Flags::ONSTACK);
        if on_stack { bell::ON_STACK } else { bell::PLAIN }
    }

    fn does(&self, signal: Signal) -> Does {
        match (self.action(signal).disposition, signal.default_action()) {
            (Disposition::Handled, _) => Does::Handle,
            (Disposition::Ignore, _) => Does::Ignore,
            (Disposition::Default, DefaultAction::Terminate) => Does::End,
            (Disposition::Default, DefaultAction::Stop) => Does::Stop,
            (Disposition::Default, DefaultAction::Ignore | DefaultAction::Continue) => Does::Ignore,
        }
    }
}

/// What an unblocked signal does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    End,
    Stop,
    Ignore,
    Handle,
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
