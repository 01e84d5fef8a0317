use super::{Amounts, Found, Full, Gone, MAX_ENDED, MAX_PROGRAMS, Table, Waiter};
use manifest::Limits;
use proc_api::{
    Action, Cause, ChildStatus, Disposition, ExitStatus, Flags, Ids, Info, Lack, ProcError, Scarce,
    Signal, Target, WaitFor, Waited,
};

type Programs = Table<(), (), &'static str>;

/// What a program takes, and the sixteenth of what there is.
const LIMITS: Limits = Limits { pages: 100, handles: 10, threads: 1, objects: 10 };
const ALL: Limits = Limits { pages: 4800, handles: 480, threads: 48, objects: 480 };
const TAKES: Amounts = Amounts::of_program(LIMITS);

fn table() -> Programs {
    Programs::new(Amounts::of_spawner(ALL))
}

/// Starts a program with this process id; its slot.
fn start(table: &mut Programs, pid: u32, parent: u32) -> u8 {
    let place = table.reserve(parent, TAKES).unwrap();
    table.insert(place, pid, "hello", ());
    place.slot
}

fn end(table: &mut Programs, pid: u32, status: u64) -> Gone {
    let slot = table.alive(pid).unwrap().slot;
    let gone = table.mark_ended(slot, status).unwrap();
    table.forget_unwanted(&gone);
    gone
}

fn wait(table: &mut Programs, by: u32, target: Target, what: WaitFor) -> Option<Found> {
    table.wait(Waiter { by, target, what, reply: "w" });
    answer(table)
}

fn answer(table: &mut Programs) -> Option<Found> {
    let (_, found) = table.next_answer()?;
    if let Found::Happened(waited) = found {
        table.told(waited);
    }
    Some(found)
}

fn happened(pid: u32, status: ChildStatus) -> Option<Found> {
    Some(Found::Happened(Waited { pid, status }))
}

fn exited(status: u64) -> ChildStatus {
    ChildStatus::Ended(ExitStatus::Exited(status))
}

fn stop(table: &mut Programs, pid: u32) {
    let entry = table.alive(pid).unwrap();
    entry.signals.pend(Info { signal: Signal::STOP, cause: Cause::Sent { by: 0 } }).unwrap();
    assert_eq!(entry.signals.settle(false).stop, Some(Signal::STOP));
    entry.news = Some(ChildStatus::Stopped(19));
}

const END: WaitFor = WaitFor { stopped: false, continued: false, at_once: false };
const STOPS: WaitFor = WaitFor { stopped: true, ..END };
const AT_ONCE: WaitFor = WaitFor { at_once: true, ..END };

#[test]
fn waiting_before_and_after_the_end() {
    let mut table = table();
    start(&mut table, 7, 0);
    assert_eq!(wait(&mut table, 0, Target::Process(7), END), None);
    end(&mut table, 7, 3);
    assert_eq!(answer(&mut table), happened(7, exited(3)));
    assert_eq!(wait(&mut table, 0, Target::Process(7), END), Some(Found::NoChild));
    start(&mut table, 8, 0);
    end(&mut table, 8, 0);
    assert_eq!(table.all().count(), 1, "it is remembered");
    assert_eq!(wait(&mut table, 0, Target::Any, END), happened(8, exited(0)));
    assert_eq!(table.all().count(), 0);
}

#[test]
fn an_answer_that_did_not_arrive_is_for_the_next() {
    let mut table = table();
    start(&mut table, 7, 0);
    end(&mut table, 7, 3);
    for reply in ["gone", "here"] {
        table.wait(Waiter { by: 0, target: Target::Any, what: END, reply });
    }
    assert_eq!(table.next_answer().unwrap().0.reply, "gone");
    assert_eq!(answer(&mut table), happened(7, exited(3)));
}

#[test]
fn programs_wait_for_their_own_and_servers_for_all() {
    let mut table = table();
    start(&mut table, 7, 0);
    start(&mut table, 8, 7);
    start(&mut table, 9, 7);
    assert_eq!(wait(&mut table, 8, Target::Any, END), Some(Found::NoChild));
    assert_eq!(wait(&mut table, 8, Target::Process(9), END), Some(Found::NoChild));
    assert_eq!(wait(&mut table, 7, Target::Any, AT_ONCE), Some(Found::Nothing));
    table.alive(9).unwrap().ids.group = 9;
    end(&mut table, 8, 1);
    end(&mut table, 9, 2);
    assert_eq!(wait(&mut table, 7, Target::Group(9), END), happened(9, exited(2)));
    assert_eq!(wait(&mut table, 0, Target::Process(8), END), happened(8, exited(1)));
    assert_eq!(wait(&mut table, 7, Target::Group(0), END), Some(Found::NoChild));
}

#[test]
fn a_stop_is_reported_once_and_on_request() {
    let mut table = table();
    start(&mut table, 7, 0);
    stop(&mut table, 7);
    assert_eq!(wait(&mut table, 0, Target::Any, AT_ONCE), Some(Found::Nothing));
    let stopped = ChildStatus::Stopped(19);
    assert_eq!(wait(&mut table, 0, Target::Any, STOPS), happened(7, stopped));
    let what = WaitFor { at_once: true, ..STOPS };
    assert_eq!(wait(&mut table, 0, Target::Any, what), Some(Found::Nothing));
    table.alive(7).unwrap().news = Some(ChildStatus::Continued);
    assert_eq!(wait(&mut table, 0, Target::Any, what), Some(Found::Nothing));
    let what = WaitFor { continued: true, ..END };
    assert_eq!(wait(&mut table, 0, Target::Any, what), happened(7, ChildStatus::Continued));
}

#[test]
fn a_child_of_a_parent_that_does_not_wait_is_forgotten() {
    for (disposition, flags) in
        [(Disposition::Ignore, Flags::NONE), (Disposition::Default, Flags::NOCLDWAIT)]
    {
        let mut table = table();
        start(&mut table, 7, 0);
        let action = Action { disposition, flags, ..Action::default() };
        table.alive(7).unwrap().signals.set_action(Signal::CHLD, action).unwrap();
        start(&mut table, 8, 7);
        assert_eq!(wait(&mut table, 7, Target::Any, END), None);
        let slot = table.alive(8).unwrap().slot;
        let gone = table.mark_ended(slot, 0).unwrap();
        table.forget_unwanted(&gone);
        assert_eq!(answer(&mut table), Some(Found::NoChild));
    }
}

#[test]
fn children_of_an_ended_program_are_detached() {
    let mut table = table();
    start(&mut table, 7, 0);
    start(&mut table, 8, 7);
    start(&mut table, 9, 7);
    end(&mut table, 9, 0);
    end(&mut table, 7, 0);
    assert_eq!(table.alive(8).unwrap().ids.parent, 0);
    assert_eq!(table.all().count(), 2, "the ended child is forgotten");
    assert_eq!(wait(&mut table, 0, Target::Any, END), happened(7, exited(0)));
    end(&mut table, 8, 0);
    assert_eq!(table.all().count(), 0, "the other has no waiter");
}

#[test]
fn a_waiter_that_ended_is_told_nothing() {
    let mut table = table();
    start(&mut table, 7, 0);
    start(&mut table, 8, 7);
    assert_eq!(wait(&mut table, 7, Target::Any, END), None);
    end(&mut table, 7, 0);
    end(&mut table, 8, 0);
    assert_eq!(answer(&mut table), None);
}

#[test]
fn the_cause_goes_before_the_status() {
    let mut table = table();
    start(&mut table, 7, 0);
    table.alive(7).unwrap().cause = Some(ExitStatus::Killed(9));
    assert_eq!(end(&mut table, 7, 137).status, ExitStatus::Killed(9));
}

#[test]
fn slots_are_used_again_and_instances_are_not() {
    let mut table = table();
    let first = start(&mut table, 7, 0);
    let instance = table.alive(7).unwrap().instance;
    assert_ne!(first, start(&mut table, 8, 0));
    end(&mut table, 7, 0);
    assert_eq!(start(&mut table, 9, 0), first);
    assert!(table.instance(instance).is_none());
    assert_eq!(table.slot(first).unwrap().ids.pid, 9, "the dead one does not hide the new one");
}

#[test]
fn there_is_an_end_to_it() {
    let mut table = table();
    for pid in 0..u32::from(MAX_PROGRAMS) {
        start(&mut table, pid + 10, 0);
    }
    assert_eq!(table.reserve(0, TAKES), Err(Full::Slots));
    end(&mut table, 15, 0);
    assert_eq!(table.reserve(0, TAKES).unwrap().slot, 5);
    for _ in 0..1000 {
        table.wait(Waiter { by: 0, target: Target::Process(16), what: END, reply: "w" });
    }
    assert_eq!(table.waiters.len(), 64);
}

#[test]
fn only_so_many_of_the_dead_are_remembered() {
    let mut table = table();
    for pid in 1..=u32::try_from(MAX_ENDED).unwrap() + 1 {
        start(&mut table, pid, 0);
        end(&mut table, pid, 0);
    }
    assert_eq!(table.all().count(), MAX_ENDED);
    let first = wait(&mut table, 0, Target::Process(1), END);
    assert_eq!(first, Some(Found::NoChild), "the oldest is forgotten");
    assert_eq!(wait(&mut table, 0, Target::Process(2), END), happened(2, exited(0)));
}

#[test]
fn groups_and_sessions_follow_the_rules() {
    let mut table = table();
    start(&mut table, 7, 0);
    start(&mut table, 8, 7);
    start(&mut table, 9, 0);
    let ids = |table: &mut Programs, pid| table.alive(pid).unwrap().ids;
    assert_eq!(ids(&mut table, 8), Ids { pid: 8, parent: 7, group: 7, session: 0 });
    let by = ids(&mut table, 7);
    table.set_group(by, 8, 0).unwrap();
    assert_eq!(ids(&mut table, 8).group, 8);
    table.set_group(by, 8, 7).unwrap();
    let refused = |result| matches!(result, Err(ProcError::NotAllowed { .. }));
    assert!(refused(table.set_group(by, 8, 1234)), "no such group");
    assert_eq!(table.set_group(by, 9, 7), Err(ProcError::NoSuchProcess { pid: 9 }));
    assert!(refused(table.new_session(7).map(drop)), "it leads a group");
    assert_eq!(table.new_session(8), Ok(8));
    assert!(refused(table.set_group(by, 8, 7)), "another session");
    let by = ids(&mut table, 8);
    assert!(refused(table.set_group(by, 0, 8)), "the leader of a session");
}

#[test]
fn the_foreground_is_a_group_and_ends_with_it() {
    let mut table = table();
    start(&mut table, 7, 0);
    start(&mut table, 8, 7);
    assert!(!table.set_foreground(0, None, 9), "there is no such program");
    assert!(table.set_foreground(0, None, 8), "a member of the group");
    assert_eq!(table.foreground(0), 7);
    end(&mut table, 7, 0);
    assert_eq!(table.foreground(0), 7, "a member is left");
    end(&mut table, 8, 0);
    assert_eq!(table.foreground(0), 0);
    assert!(!table.set_foreground(0, None, 7), "it has ended");
    assert!(table.set_foreground(0, None, 0));
    start(&mut table, 9, 0);
    start(&mut table, 10, 9);
    table.new_session(10).unwrap();
    assert!(!table.set_foreground(0, None, 10), "not of the console's session");
}

#[test]
fn an_orphaned_group_with_stopped_members_is_told_of() {
    let mut table = table();
    start(&mut table, 7, 0);
    start(&mut table, 8, 7);
    start(&mut table, 9, 7);
    let by = table.alive(7).unwrap().ids;
    table.set_group(by, 8, 8).unwrap();
    table.set_group(by, 9, 9).unwrap();
    assert!(!table.is_orphaned(7) && !table.is_orphaned(8));
    stop(&mut table, 8);
    assert_eq!(end(&mut table, 7, 0).orphaned, [8], "the other group has no stopped member");
    assert!(table.is_orphaned(8) && table.is_orphaned(9));
}

/// Lets programs start each other until none can: how many there are then.
fn fill(table: &mut Programs, first: u32, limits: Limits) -> (u32, Full) {
    let mut pid = first;
    loop {
        match table.reserve(pid, Amounts::of_program(limits)) {
            Ok(place) => table.insert(place, pid + 1, "hello", ()),
            Err(full) => return (pid - first + 1, full),
        }
        pid += 1;
    }
}

#[test]
fn a_program_and_its_descendants_leave_room_for_others() {
    let mut table = table();
    start(&mut table, 100, 0);
    let lack = |what, limit| Full::Share(Lack { what, limit });
    assert_eq!(fill(&mut table, 100, LIMITS), (24, lack(Scarce::Programs, 24)), "half the slots");
    start(&mut table, 200, 0);
    assert_eq!(fill(&mut table, 200, LIMITS), (12, lack(Scarce::Programs, 36)), "of all");
    for pid in 300..312 {
        start(&mut table, pid, 0);
    }
    assert_eq!(table.reserve(0, TAKES), Err(Full::Slots), "the rest is for servers");
}

#[test]
fn what_parents_leave_behind_counts_for_their_job() {
    let mut table = table();
    start(&mut table, 100, 0);
    fill(&mut table, 100, LIMITS);
    end(&mut table, 100, 0);
    assert!(table.reserve(123, TAKES).is_ok(), "one has ended");
    fill(&mut table, 123, LIMITS);
    assert!(matches!(table.reserve(110, TAKES), Err(Full::Share(_))));
}

#[test]
fn memory_is_shared_out_as_slots_are() {
    let mut table = table();
    start(&mut table, 100, 0);
    let large = Limits { pages: 1000, ..LIMITS };
    let full = Full::Share(Lack { what: Scarce::Pages, limit: 2400 });
    assert_eq!(fill(&mut table, 100, large), (3, full));
}

#[test]
fn a_number_that_an_entry_has_is_not_given_again() {
    let mut table = table();
    start(&mut table, 100, 0);
    table.last_instance = 0x7fff_ffff;
    assert_eq!(table.reserve(0, TAKES).unwrap().instance, 2, "1 is in use");
}

#[test]
fn the_terminal_goes_back_to_those_that_gave_it_away() {
    let mut table = table();
    for (pid, parent) in [(7, 0), (8, 7), (9, 8), (20, 0)] {
        start(&mut table, pid, parent);
        let ids = table.alive(pid).unwrap().ids;
        table.set_group(ids, 0, 0).unwrap();
    }
    let may = |table: &Programs| [7, 8, 9, 20].map(|group| table.may_give_terminal(0, group));
    assert_eq!(may(&table), [false; 4], "the shell has it");
    assert!(table.set_foreground(0, None, 7));
    assert_eq!(may(&table), [true, false, false, false], "not one in the background");
    assert!(table.set_foreground(0, Some(7), 8) && table.set_foreground(0, Some(8), 9));
    assert_eq!(may(&table), [true, true, true, false]);
    end(&mut table, 9, 0);
    assert_eq!(table.foreground(0), 8, "it has it back");
    end(&mut table, 8, 0);
    assert_eq!((table.foreground(0), may(&table)), (7, [true, false, false, false]));
    assert!(table.set_foreground(0, Some(7), 20) && table.set_foreground(0, Some(7), 7));
    assert_eq!(may(&table), [true, false, false, false], "taken back");
    assert!(table.set_foreground(0, None, 0));
    assert_eq!(may(&table), [false; 4], "what a server says is the end of that");
    end(&mut table, 7, 0);
    assert_eq!(table.foreground(0), 0);
}

#[test]
fn each_change_of_the_foreground_or_its_members_is_counted() {
    let mut table = table();
    let mut last = table.moves();
    let mut moved =
        |table: &Programs| core::mem::replace(&mut last, table.moves()) != table.moves();
    start(&mut table, 7, 0);
    assert!(moved(&table), "a program");
    table.set_foreground(0, None, 7);
    assert!(moved(&table), "the foreground");
    start(&mut table, 8, 7);
    assert!(moved(&table), "a member");
    let ids = table.alive(8).unwrap().ids;
    assert!(!moved(&table), "nothing");
    table.set_group(ids, 0, 0).unwrap();
    assert!(moved(&table), "one in another group");
    end(&mut table, 7, 0);
    assert!(moved(&table), "an end");
}

#[test]
fn an_empty_group_is_not_in_the_foreground() {
    let mut table = table();
    start(&mut table, 7, 0);
    start(&mut table, 8, 7);
    table.set_foreground(0, None, 7);
    let ids = table.alive(8).unwrap().ids;
    table.set_group(ids, 0, 0).unwrap();
    let ids = table.alive(7).unwrap().ids;
    table.set_group(ids, 7, 8).unwrap();
    assert_eq!(table.foreground(0), 0, "both are in group 8 now");
}

#[test]
fn a_program_signals_its_own_job_and_a_server_all() {
    let mut table = table();
    for (pid, parent) in [(7, 0), (8, 7), (9, 8), (20, 0), (21, 20)] {
        start(&mut table, pid, parent);
    }
    let allowed = |table: &Programs, by: u32| {
        [7, 8, 9, 20, 21].into_iter().filter(|pid| table.may_signal(by, *pid)).collect::<Vec<_>>()
    };
    assert_eq!(allowed(&table, 0), [7, 8, 9, 20, 21]);
    assert_eq!(allowed(&table, 9), [7, 8, 9]);
    assert_eq!(allowed(&table, 20), [20, 21]);
    // Neither an adoption nor a session of its own takes a program out of its job.
    end(&mut table, 7, 0);
    table.new_session(9).unwrap();
    assert_eq!(allowed(&table, 9), [8, 9]);
    assert_eq!(allowed(&table, 77), [0; 0]);
}

#[test]
fn a_session_on_another_terminal_has_its_own_foreground() {
    let mut table = table();
    start(&mut table, 7, 0);
    assert!(table.set_foreground(0, None, 7));
    let place = table.reserve(0, TAKES).unwrap();
    table.insert(super::Place { leads: true, ..place }, 20, "sh", ());
    for (pid, parent) in [(21, 20), (22, 21), (23, 20)] {
        start(&mut table, pid, parent);
    }
    let ids = |table: &mut Programs, pid| table.alive(pid).unwrap().ids;
    assert_eq!(ids(&mut table, 20), Ids { pid: 20, parent: 0, group: 20, session: 20 });
    assert_eq!(ids(&mut table, 21), Ids { pid: 21, parent: 20, group: 21, session: 20 });
    assert_eq!(ids(&mut table, 22), Ids { pid: 22, parent: 21, group: 21, session: 20 });
    assert!(!table.set_foreground(0, None, 21), "it is not of the console");
    assert!(!table.set_foreground(20, None, 7) && !table.set_foreground(9, None, 0));
    assert!(table.set_foreground(20, None, 21));
    assert_eq!((table.foreground(0), table.foreground(20)), (7, 21));
    assert!(table.may_give_terminal(20, 21) && !table.may_give_terminal(0, 21));
    assert!(!table.is_orphaned(21), "the leader can continue it");
    end(&mut table, 22, 0);
    end(&mut table, 21, 0);
    assert_eq!((table.foreground(0), table.foreground(20)), (7, 0));
    assert_eq!(end(&mut table, 20, 0).hung_up, [23]);
    assert!(!table.has_terminal(20) && table.has_terminal(0));
}
