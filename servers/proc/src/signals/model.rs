//! Random steps of senders and of a program, against a reference of a few lines: lists of
//! signals that were sent and not delivered, and a bell. Nothing is lost, doubled or out of order, and
//! whenever the program is idle, no deliverable signal is pending.

use super::{Effect, QueueFull, Signals};
use proc_api::{Action, Cause, Disposition, Flags, Info, MaskChange, Signal, SignalSet};
use std::collections::{BTreeMap, VecDeque};

const USED: [Signal; 5] = [Signal::HUP, Signal::USR1, Signal::URG, Signal::RTMIN, Signal::RTMAX];
const FLAGS: [Flags; 4] = [Flags::NONE, Flags::NODEFER, Flags::ONSTACK, Flags::RESTART];

struct Random(u64);

impl Random {
    // Source: Marsaglia, "Xorshift RNGs" (2003).
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn signal(&mut self) -> Signal {
        USED[usize::try_from(self.below(5)).unwrap()]
    }

    fn set(&mut self) -> SignalSet {
        let bits = self.below(32);
        let chosen = USED.iter().enumerate().filter(|(place, _)| bits & 1 << place != 0);
        chosen.fold(SignalSet::EMPTY, |set, (_, signal)| set.with(*signal))
    }
}

/// The reference, and the program's side.
#[derive(Default)]
struct World {
    signals: Signals,
    /// Signals that were sent and not delivered, by number; a standard one at most once.
    owed: BTreeMap<Signal, VecDeque<Info>>,
    bell: u64,
    /// Masks to go back to, and on which stack: the handlers that run.
    handlers: Vec<(SignalSet, bool)>,
    stopped: bool,
    sent: u64,
    count: u64,
}

impl World {
    fn effect(&mut self, effect: Effect) {
        assert_eq!((effect.end, effect.stop), (None, None), "everything used has a handler");
        self.bell |= effect.ring;
    }

    fn send(&mut self, signal: Signal) {
        self.sent += 1;
        let info = Info { signal, cause: Cause::Queued { by: 1, value: self.sent } };
        let owed = self.owed.entry(signal).or_default();
        match self.signals.pend(info) {
            Ok(()) if signal.is_queued() || owed.is_empty() => owed.push_back(info),
            Ok(()) => {}
            Err(QueueFull) => assert!(signal.is_queued()),
        }
        let effect = self.signals.settle(false);
        self.effect(effect);
    }

    fn delivered(&mut self, info: Info) {
        let first = self.owed.get_mut(&info.signal).and_then(VecDeque::pop_front);
        assert_eq!(first, Some(info), "lost, doubled or out of order");
        self.count += 1;
    }

    /// What `next` gave: the handler begins.
    fn fetch(&mut self, done: Option<SignalSet>, on_stack: bool) {
        let before = self.signals.mask();
        let delivery = self.signals.next(done, on_stack);
        if let Some(delivery) = delivery {
            assert!(!done.unwrap_or(before).contains(delivery.signals[0].signal), "it was blocked");
            delivery.signals.iter().for_each(|info| self.delivered(*info));
            self.handlers.push((delivery.restore, on_stack));
        }
        let effect = self.signals.settle(false);
        self.effect(effect);
    }

    fn answer_bell(&mut self) {
        if self.bell != 0 && !self.stopped {
            let on_stack = self.bell & proc_api::bell::ON_STACK != 0;
            self.bell &= !(if on_stack { proc_api::bell::ON_STACK } else { proc_api::bell::PLAIN });
            self.fetch(None, on_stack);
        }
    }

    fn end_handler(&mut self) {
        if let Some((restore, on_stack)) = self.handlers.pop() {
            self.fetch(Some(restore), on_stack);
        }
    }

    fn stop_or_go_on(&mut self, signal: Signal) {
        let _ = self.signals.undo(signal);
        if signal == Signal::STOP {
            self.signals.pend(Info { signal, cause: Cause::Sent { by: 1 } }).unwrap();
        }
        let effect = self.signals.settle(false);
        self.stopped = self.signals.stopped().is_some();
        assert_eq!(effect.stop.is_some(), signal == Signal::STOP && self.stopped);
        self.bell |= effect.ring;
    }

    fn act(&mut self, random: &mut Random) {
        let signal = random.signal();
        let flags = FLAGS[usize::try_from(random.below(4)).unwrap()];
        let action = Action { disposition: Disposition::Handled, flags, mask: random.set() };
        self.signals.set_action(signal, action).unwrap();
        let effect = self.signals.settle(false);
        self.effect(effect);
    }

    fn step(&mut self, random: &mut Random) {
        match random.below(20) {
            0..=7 => self.send(random.signal()),
            8..=10 => self.answer_bell(),
            11..=13 if !self.stopped => self.end_handler(),
            14 if !self.stopped => self.act(random),
            15 if !self.stopped => self.change_mask(random.set()),
            16 if !self.stopped => self.take(random.set()),
            17 if !self.stopped => {
                self.signals.suspend(random.set());
                let effect = self.signals.settle(false);
                self.effect(effect);
            }
            18 if !self.stopped => self.stop_or_go_on(Signal::STOP),
            _ => self.stop_or_go_on(Signal::CONT),
        }
    }

    fn change_mask(&mut self, set: SignalSet) {
        self.signals.change_mask(MaskChange::Set(set));
        let effect = self.signals.settle(false);
        self.effect(effect);
    }

    fn take(&mut self, set: SignalSet) {
        if let Some(info) = self.signals.take(set) {
            self.delivered(info);
        }
    }

    /// Lets all handlers end; then every signal has been delivered.
    fn finish(&mut self) {
        self.stop_or_go_on(Signal::CONT);
        self.drain();
        let idle = self.signals.pending().minus(self.signals.mask());
        assert!(idle.is_empty(), "the program is idle, and {idle:?} could come");
        self.change_mask(SignalSet::EMPTY);
        self.drain();
        assert!(self.owed.values().all(VecDeque::is_empty), "lost: {:?}", self.owed);
        assert!(self.signals.pending().is_empty());
    }

    fn drain(&mut self) {
        while self.bell != 0 || !self.handlers.is_empty() {
            self.answer_bell();
            self.end_handler();
        }
    }
}

#[test]
fn nothing_is_lost_doubled_or_out_of_order() {
    let mut count = 0;
    for seed in 1..=1_000_u64 {
        let mut random = Random(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
        let mut world = World::default();
        // The end of the seed that failed stands above the failure.
        print!("seed {seed}… ");
        USED.iter().for_each(|signal| {
            let action = Action { disposition: Disposition::Handled, ..Action::default() };
            world.signals.set_action(*signal, action).unwrap();
        });
        (0..400).for_each(|_| world.step(&mut random));
        world.finish();
        count += world.count;
    }
    assert!(count > 60_000, "only {count} signals were delivered");
}
