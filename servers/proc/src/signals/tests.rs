use super::{BATCH, Effect, QUEUE_MAX, QueueFull, Signals};
use proc_api::{Action, Cause, Disposition, Flags, Info, MaskChange, Signal, SignalSet, bell};

fn sent(signal: Signal) -> Info {
    Info { signal, cause: Cause::Sent { by: 7 } }
}

fn queued(signal: Signal, value: u64) -> Info {
    Info { signal, cause: Cause::Queued { by: 7, value } }
}

fn send(signals: &mut Signals, signal: Signal) -> Effect {
    let go_on = signals.undo(signal);
    signals.pend(sent(signal)).unwrap();
    Effect { go_on, ..signals.settle(false) }
}

fn handle(signals: &mut Signals, signal: Signal, flags: Flags) {
    let action = Action { disposition: Disposition::Handled, flags, ..Action::default() };
    signals.set_action(signal, action).unwrap();
}

fn with_handler(signal: Signal, flags: Flags) -> Signals {
    let mut signals = Signals::default();
    handle(&mut signals, signal, flags);
    signals
}

fn block(signals: &mut Signals, blocked: &[Signal]) {
    signals.change_mask(MaskChange::Block(SignalSet::of(blocked)));
}

const RINGS: Effect = Effect { end: None, stop: None, go_on: false, ring: bell::PLAIN };
const NOTHING: Effect = Effect { ring: 0, ..RINGS };

#[test]
fn a_new_program_does_what_signals_do_by_default() {
    let effect = |signal| send(&mut Signals::default(), signal);
    for signal in [Signal::INT, Signal::KILL, Signal::USR1, Signal::RTMAX] {
        assert_eq!(effect(signal), Effect { end: Some(signal), ..NOTHING });
    }
    for signal in [Signal::STOP, Signal::TSTP, Signal::TTIN] {
        assert_eq!(effect(signal), Effect { stop: Some(signal), ..NOTHING });
    }
    for signal in [Signal::CHLD, Signal::URG, Signal::CONT] {
        assert_eq!(effect(signal), NOTHING);
    }
}

#[test]
fn kill_and_stop_cannot_be_changed_or_blocked() {
    let mut signals = Signals::default();
    for signal in [Signal::KILL, Signal::STOP] {
        assert_eq!(signals.set_action(signal, Action::default()), None);
    }
    signals.change_mask(MaskChange::Set(SignalSet::ALL));
    assert!(!signals.mask().contains(Signal::KILL) && !signals.mask().contains(Signal::STOP));
    assert_eq!(send(&mut signals, Signal::KILL).end, Some(Signal::KILL));
}

#[test]
fn what_is_blocked_waits_and_comes_once() {
    let mut signals = with_handler(Signal::USR1, Flags::NONE);
    block(&mut signals, &[Signal::USR1]);
    assert_eq!(send(&mut signals, Signal::USR1), NOTHING);
    assert_eq!(send(&mut signals, Signal::USR1), NOTHING);
    assert!(signals.pending().contains(Signal::USR1));
    signals.change_mask(MaskChange::Set(SignalSet::EMPTY));
    assert_eq!(signals.settle(false), RINGS);
    let delivery = signals.next(None, false).unwrap();
    assert_eq!(delivery.signals, [sent(Signal::USR1)]);
    assert_eq!(signals.next(Some(delivery.restore), false), None);
}

#[test]
fn a_handler_runs_with_its_mask_and_the_one_before_comes_back() {
    let mut signals = Signals::default();
    let mask = SignalSet::of(&[Signal::USR2, Signal::KILL]);
    let action = Action { disposition: Disposition::Handled, flags: Flags::NONE, mask };
    signals.set_action(Signal::USR1, action).unwrap();
    block(&mut signals, &[Signal::HUP]);
    let _ = send(&mut signals, Signal::USR1);
    let delivery = signals.next(None, false).unwrap();
    assert_eq!(signals.mask(), SignalSet::of(&[Signal::HUP, Signal::USR1, Signal::USR2]));
    assert_eq!(signals.next(Some(delivery.restore), false), None);
    assert_eq!(signals.mask(), SignalSet::of(&[Signal::HUP]));
}

#[test]
fn flags_of_a_handler() {
    let mut signals = with_handler(Signal::USR1, Flags::NODEFER);
    let _ = send(&mut signals, Signal::USR1);
    signals.next(None, false).unwrap();
    assert!(signals.mask().is_empty(), "not deferred");
    assert_eq!(send(&mut signals, Signal::USR1), RINGS, "it comes into its own handler");

    let mut signals = with_handler(Signal::USR1, Flags::RESETHAND);
    let _ = send(&mut signals, Signal::USR1);
    let delivery = signals.next(None, false).unwrap();
    assert_eq!(signals.action(Signal::USR1).disposition, Disposition::Default);
    signals.next(Some(delivery.restore), false);
    assert_eq!(send(&mut signals, Signal::USR1).end, Some(Signal::USR1));
}

#[test]
fn each_stack_has_its_bell() {
    let mut signals = with_handler(Signal::USR1, Flags::ONSTACK);
    handle(&mut signals, Signal::USR2, Flags::NONE);
    assert_eq!(send(&mut signals, Signal::USR1).ring, bell::ON_STACK);
    assert_eq!(send(&mut signals, Signal::USR2).ring, bell::PLAIN);
    assert_eq!(signals.next(None, false).unwrap().signals[0].signal, Signal::USR2);
    assert_eq!(signals.next(None, true).unwrap().signals[0].signal, Signal::USR1);
}

#[test]
fn an_ignored_signal_is_gone_also_when_it_was_pending() {
    let mut signals = Signals::default();
    block(&mut signals, &[Signal::INT, Signal::RTMIN]);
    let _ = send(&mut signals, Signal::INT);
    let _ = send(&mut signals, Signal::RTMIN);
    let ignore = Action { disposition: Disposition::Ignore, ..Action::default() };
    for signal in [Signal::INT, Signal::RTMIN] {
        signals.set_action(signal, ignore).unwrap();
        assert!(!signals.pending().contains(signal));
    }
    signals.change_mask(MaskChange::Set(SignalSet::EMPTY));
    assert_eq!(signals.settle(false), NOTHING);
}

#[test]
fn a_stopped_program_only_ends_by_kill_until_it_goes_on() {
    let mut signals = with_handler(Signal::USR1, Flags::NONE);
    assert_eq!(send(&mut signals, Signal::TSTP).stop, Some(Signal::TSTP));
    assert_eq!(send(&mut signals, Signal::USR1), NOTHING);
    assert_eq!(send(&mut signals, Signal::CONT), Effect { go_on: true, ..RINGS });
    let _ = send(&mut signals, Signal::STOP);
    assert_eq!(send(&mut signals, Signal::TERM), NOTHING);
    assert_eq!(send(&mut signals, Signal::KILL).end, Some(Signal::KILL));
}

#[test]
fn stops_and_continue_undo_each_other() {
    let mut signals = with_handler(Signal::CONT, Flags::NONE);
    block(&mut signals, &[Signal::TSTP, Signal::CONT]);
    let _ = send(&mut signals, Signal::TSTP);
    let _ = send(&mut signals, Signal::CONT);
    assert_eq!(signals.pending(), SignalSet::of(&[Signal::CONT]));
    let _ = send(&mut signals, Signal::TSTP);
    assert_eq!(signals.pending(), SignalSet::of(&[Signal::TSTP]));
}

#[test]
fn cont_lets_it_go_on_even_when_it_is_blocked_or_ignored() {
    let mut signals = Signals::default();
    block(&mut signals, &[Signal::CONT]);
    let _ = send(&mut signals, Signal::STOP);
    assert!(send(&mut signals, Signal::CONT).go_on);
    assert_eq!(signals.stopped(), None);
}

#[test]
fn the_terminal_does_not_stop_an_orphan() {
    let mut signals = Signals::default();
    signals.pend(sent(Signal::TSTP)).unwrap();
    assert_eq!(signals.settle(true), NOTHING);
    signals.pend(sent(Signal::STOP)).unwrap();
    assert_eq!(signals.settle(true).stop, Some(Signal::STOP));
}

#[test]
fn queued_signals_are_kept_in_order_up_to_a_bound() {
    let mut signals = with_handler(Signal::RTMIN, Flags::NONE);
    for value in 0..QUEUE_MAX as u64 {
        signals.pend(queued(Signal::RTMIN, value)).unwrap();
    }
    assert_eq!(signals.pend(queued(Signal::RTMIN, 0)), Err(QueueFull));
    assert_eq!(signals.pend(sent(Signal::HUP)), Ok(()), "standard signals have their places");
    signals.take(SignalSet::of(&[Signal::HUP])).unwrap();
    let (mut values, mut done) = (Vec::new(), None);
    while let Some(delivery) = signals.next(done, false) {
        assert!(delivery.signals.len() <= BATCH);
        values.extend(delivery.signals.iter().map(|info| info.cause));
        done = Some(delivery.restore);
    }
    let wanted = (0..QUEUE_MAX as u64).map(|value| Cause::Queued { by: 7, value });
    assert!(values.into_iter().eq(wanted));
}

#[test]
fn the_lowest_number_first() {
    let mut signals = Signals::default();
    let order = [Signal::HUP, Signal::USR2, Signal::RTMIN, Signal::RTMAX];
    for signal in order.into_iter().rev() {
        handle(&mut signals, signal, Flags::NODEFER);
        let _ = send(&mut signals, signal);
    }
    for signal in order {
        assert_eq!(signals.next(None, false).unwrap().signals[0].signal, signal);
    }
}

#[test]
fn a_wait_with_another_mask_goes_back_to_the_one_before() {
    let mut signals = with_handler(Signal::USR1, Flags::NONE);
    block(&mut signals, &[Signal::USR1]);
    let before = signals.mask();
    let _ = send(&mut signals, Signal::USR1);
    for _ in 0..2 {
        signals.suspend(SignalSet::EMPTY);
    }
    assert_eq!(signals.settle(false), RINGS);
    let delivery = signals.next(None, false).unwrap();
    assert_eq!(delivery.restore, before);
}

#[test]
fn a_fault_comes_first_and_only_to_a_handler_that_can_run() {
    let mut signals = with_handler(Signal::SEGV, Flags::NONE);
    handle(&mut signals, Signal::HUP, Flags::NONE);
    let _ = send(&mut signals, Signal::HUP);
    assert!(signals.pend_fault(queued(Signal::SEGV, 1)));
    let delivery = signals.next(None, false).unwrap();
    assert_eq!(delivery.signals, [queued(Signal::SEGV, 1)]);
    assert!(!signals.pend_fault(queued(Signal::SEGV, 2)), "its handler runs already");
    assert!(!signals.pend_fault(queued(Signal::FPE, 3)), "there is no handler");
}

#[test]
fn a_child_has_the_mask_and_ignores_the_same() {
    let mut signals = with_handler(Signal::USR1, Flags::NONE);
    let ignore = Action { disposition: Disposition::Ignore, ..Action::default() };
    signals.set_action(Signal::HUP, ignore).unwrap();
    block(&mut signals, &[Signal::USR2]);
    let _ = send(&mut signals, Signal::USR2);
    let child = signals.inherited();
    assert_eq!(child.action(Signal::USR1).disposition, Disposition::Default);
    assert_eq!(child.action(Signal::HUP).disposition, Disposition::Ignore);
    assert_eq!(child.mask(), signals.mask());
    assert!(child.pending().is_empty());
}

#[test]
fn a_blocked_signal_is_kept_for_sigwait_even_if_ignored() {
    let mut signals = Signals::default();
    block(&mut signals, &[Signal::CHLD]);
    let _ = send(&mut signals, Signal::CHLD);
    let set = SignalSet::of(&[Signal::CHLD]);
    let info = signals.take(set).unwrap();
    signals.put_back(info);
    assert_eq!(signals.take(set), Some(info));
    assert_eq!(signals.take(set), None);
}
