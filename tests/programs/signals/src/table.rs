//! The table of POSIX's rules of signals, each with its test.
//!
//! Each test runs in a program of its own (`signals row N`), so that none finds what another
//! left behind; the table prints one line of TAP for each.

use crate::context::{Context, Outcome, Why};
use crate::rows::{calls, dispositions, faults, groups, masks, queued, stops, waits};
use alloc::format;
use alloc::string::ToString;
use alloc::vec;
use console_api::stdio::Stdio;
use proc_api::{ExitStatus, ProcClient};
use rt::Failure;

type Test = fn(&Context<'_>) -> Outcome;

/// A rule and its test.
#[rustfmt::skip]
pub(crate) static TABLE: &[(&str, Test)] = &[
    ("a signal whose default is to terminate ends the program, and the status names it", dispositions::default_ends),
    ("SIGCHLD, SIGURG and SIGCONT do nothing to a program that does not handle them", dispositions::default_ignores),
    ("an ignored signal does nothing, and ignoring a pending one drops it", dispositions::ignored),
    ("a handler runs once for each delivery, and the program goes on", dispositions::handled),
    ("sigaction tells the action before, with flags and mask", dispositions::action_tells_the_one_before),
    ("SIGKILL and SIGSTOP cannot be handled, ignored or blocked", dispositions::fixed),
    ("SIGKILL ends a program that blocks and ignores everything", dispositions::kill_ends_every_program),
    ("siginfo tells who sent it and how, and the value", dispositions::info_tells_the_sender),
    ("a signal waits while its own handler runs", dispositions::deferred),
    ("SA_NODEFER: it does not", dispositions::not_deferred),
    ("another signal's handler runs inside of a handler", dispositions::nested),
    ("signals of sa_mask wait while the handler runs", dispositions::masked_in_the_handler),
    ("the mask before is back after a handler", dispositions::mask_is_back),
    ("SA_RESETHAND: the handler runs once, then the default is back", dispositions::reset),
    ("a started program has the mask and the ignored signals, no handlers, nothing pending", dispositions::inherited),
    ("a blocked signal is pending, and comes before the unblocking sigprocmask returns", masks::pending),
    ("a standard signal that is pending takes in further ones", masks::coalesce),
    ("sigprocmask blocks, unblocks and sets, and tells the mask before", masks::changes),
    ("pending signals come lowest number first", masks::order),
    ("sigsuspend waits with another mask, and goes back to the one before", masks::suspend),
    ("sigsuspend misses no signal that came before it", masks::suspend_misses_nothing),
    ("sigwait takes a pending signal, and its handler does not run", masks::wait_takes),
    ("sigwait waits for one that comes later", masks::wait_waits),
    ("sigwait gets a blocked signal whose default is to be ignored", masks::wait_takes_what_is_ignored),
    ("sigtimedwait gives up at its deadline, and takes nothing later", masks::wait_gives_up),
    ("sigwait that another signal's handler cuts short is an error", masks::wait_is_cut_short),
    ("sigqueue: values come in the order in which they were sent", queued::in_order),
    ("sigqueue: each one that was sent comes", queued::each_comes),
    ("sigqueue: the queue is bounded, a full one is an error, and loses nothing", queued::bounded),
    ("sigwait takes queued signals one by one", queued::waits_take_one_each),
    ("a signal that a program sends itself comes before kill returns", calls::self_sent_comes_first),
    ("a sleep that a handler cut short is an error", calls::sleep_fails),
    ("SA_RESTART: it goes on", calls::sleep_restarts),
    ("a receive is cut short, or with SA_RESTART made again", calls::receive_fails_or_restarts),
    ("a wait for a child that a handler cut short is an error, and takes nothing", calls::wait_fails),
    ("SA_RESTART: it is made again", calls::wait_restarts),
    ("alarm: SIGALRM comes once", calls::alarm_once),
    ("alarm: a new one replaces the one before and tells what was left; 0 ends it", calls::alarm_is_replaced),
    ("setitimer: SIGALRM comes again and again", calls::alarm_again),
    ("stop signals stop, SIGCONT continues; wait tells both (WUNTRACED, WCONTINUED)", stops::stop_and_go_on),
    ("wait reports stops on request only, and once", stops::not_told_unasked),
    ("a handled SIGTSTP does not stop", stops::handled_stop),
    ("a stopped program gets other signals when it goes on; SIGKILL at once", stops::stopped_waits),
    ("a stop signal drops a pending SIGCONT, SIGCONT pending stop signals", stops::undo_each_other),
    ("SIGCONT continues also a program that blocks and ignores it", stops::continue_when_blocked),
    ("SIGCHLD tells the parent of stop, continuation and end, with the status", stops::child_signal),
    ("SA_NOCLDSTOP: only of the end", stops::child_signal_without_stops),
    ("SIGCHLD ignored, SA_NOCLDWAIT: nothing is left to wait for, wait fails", stops::no_zombies),
    ("wait tells the exit status, once", waits::exit_status),
    ("the status is kept for a later wait", waits::status_waits),
    ("wait tells which signal ended the program", waits::killed),
    ("WNOHANG: nothing to tell is no error, and does not wait", waits::at_once),
    ("wait for any child tells of each in turn", waits::any),
    ("wait for a group tells of its members only", waits::group),
    ("wait without children is an error", waits::no_children),
    ("wait for a program that is no child is an error", waits::only_own_children),
    ("children of a program that ended are adopted", waits::adopted),
    ("kill with number 0 looks whether there is such a program", waits::probe),
    ("kill of a group reaches its members and no other program", groups::kill_group),
    ("kill of group 0 reaches the caller's own", groups::kill_own_group),
    ("a started program is in its parent's group and session", groups::inherited),
    ("setpgid: own children only, groups of the session only", groups::setpgid_rules),
    ("setsid: a session and a group of its own; not for the leader of a group", groups::setsid),
    ("a stop or continuation of a group is told for each member", groups::stop_of_a_group),
    ("an orphaned group with a stopped member gets SIGHUP and SIGCONT", groups::orphans_are_released),
    ("terminal stop signals do not stop an orphaned group", groups::orphans_do_not_stop),
    ("the terminal's signals go to the group in the foreground", groups::foreground),
    ("a read from the background stops the group by SIGTTIN, until it is in the foreground", groups::background_read),
    ("SIGTTIN ignored: a read from the background is an error", groups::background_read_fails),
    ("SIGSEGV: the handler learns address, kind and instruction, and sees the registers", faults::segv),
    ("a fault that the handler does not repair ends the program", faults::useless),
    ("a fault whose signal is blocked ends the program", faults::blocked),
    #[cfg(target_arch = "x86_64")]
    ("SIGILL, SIGFPE and SIGTRAP come from their instructions", faults::instructions),
    #[cfg(target_arch = "x86_64")]
    ("a program goes on behind a breakpoint that it handles", faults::trap_goes_on),
    ("SA_ONSTACK: the handler runs on the alternate stack, others do not", faults::alternate_stack),
    #[cfg(target_arch = "x86_64")]
    ("sigaltstack: a program handles the overflow of its stack", faults::overflow),
];

/// Runs one row: the program ends with 0 when the rule holds.
pub(crate) fn run_row(env: &rt::Env, number: &str) -> Result<(), Failure> {
    let row = number.parse::<usize>().ok().and_then(|number| TABLE.get(number.wrapping_sub(1)));
    let (_, test) = row.ok_or("no row has this number")?;
    if let Err(Why(why)) = test(&Context::new(env)?) {
        Stdio::open(env).print(format!("# {number}: {why}\n"))?;
        rt::exit(1);
    }
    Ok(())
}

/// Runs all rows.
pub(crate) fn run_all(env: &rt::Env) -> Result<(), Failure> {
    let mut stdio = Stdio::open(env);
    let proc = ProcClient::from_endpoint(env.handle("proc")?);
    let mut failed = 0;
    for (number, (rule, _)) in (1..).zip(TABLE) {
        let pid = proc.spawn(env.name(), vec!["row".into(), u32::to_string(&number)], false)?;
        let good = proc.wait(pid)? == ExitStatus::Exited(0);
        failed += u64::from(!good);
        let word = if good { "ok" } else { "not ok" };
        stdio.print(format!("{word} {number} - {rule}\n"))?;
    }
    stdio.print(format!("1..{}\n", TABLE.len()))?;
    rt::exit(u64::from(failed > 0));
}
