//! Passive servers: they work on the time of their callers and as urgently as them.

use super::invariants::check;
use super::kit::{ENVELOPE, balance, boot};
use crate::hosted::Driver;
use crate::kernel::Sizes;
use crate::object::{SchedContextId, State, ThreadId};
use abi::{ContextFlags, Envelope, Error, FaultKind, Rights, Syscall};

const MS: u64 = 1_000_000;
const SLICE: u64 = 10 * MS;
/// The first program's handle of the resource.
const RESOURCE: u64 = 1;
/// How urgent passive servers are by themselves.
const LOW: u64 = 5;

/// A thread, and a handle of it and its endpoint that the first program has.
#[derive(Clone, Copy)]
struct Server {
    id: ThreadId,
    handle: u64,
    line: u64,
}

/// A passive server in the first process that waits for calls.
fn passive(driver: &mut Driver) -> Server {
    server(driver, true)
}

fn server(driver: &mut Driver, passive: bool) -> Server {
    let main = driver.running();
    let line = driver.make(Syscall::EndpointCreate, &[]);
    let (handle, id) = driver.thread(0, 31);
    driver.raw(Syscall::ThreadResume as u64, &[handle], 0);
    assert_eq!(driver.running(), id);
    driver.call(Syscall::ThreadPassive, &[0, u64::from(passive)]).unwrap();
    driver.raw(Syscall::Recv as u64, &[line], 0);
    assert_eq!(driver.running(), main);
    driver.call(Syscall::ThreadPriority, &[handle, LOW]).unwrap();
    Server { id, handle, line }
}

/// A thread of this priority in a process, started.
fn start(driver: &mut Driver, process: u64, priority: u64) -> (u64, ThreadId) {
    let (handle, id) = driver.thread(process, priority);
    driver.raw(Syscall::ThreadResume as u64, &[handle], 0);
    (handle, id)
}

/// A client in the first process with a context of 3 ms in 10, at priority 25.
fn client(driver: &mut Driver) -> (u64, ThreadId, SchedContextId) {
    let terms = [RESOURCE, 3 * MS, 10 * MS, 25, ContextFlags::NONE.bits()];
    let context = driver.make(Syscall::ContextCreate, &terms);
    let (handle, id) = driver.thread(0, 1);
    driver.call(Syscall::ContextBind, &[context, handle, 1]).unwrap();
    driver.call(Syscall::HandleClose, &[context]).unwrap();
    driver.call(Syscall::ThreadResume, &[handle]).unwrap();
    let context = driver.kernel.objects.threads[id].sched.own.unwrap();
    (handle, id, context)
}

/// The running thread calls; the server runs then.
fn call(driver: &mut Driver, to: Server) {
    driver.raw(Syscall::Call as u64, &[to.line, 1], 0);
    assert_eq!(driver.running(), to.id);
    check(&driver.kernel);
}

/// The running server answers and waits for the next call.
fn answer(driver: &mut Driver, from: Server) {
    assert_eq!(driver.running(), from.id);
    // Its only caller is still the one whose time it has, or that called it last.
    let caller = driver.kernel.objects.threads[from.id].sched.serving.unwrap();
    let token = driver.kernel.objects.threads[caller].ipc.token.value();
    driver.raw(Syscall::ReplyRecv as u64, &[token, from.line << 32], 0);
    check(&driver.kernel);
}

struct Chain {
    driver: Driver,
    head: ThreadId,
    head_handle: u64,
    context: SchedContextId,
    middle: ThreadId,
    servers: Vec<Server>,
}

/// A chain of this number of calls from an urgent client, while a thread of middle priority is
/// always ready. The last server runs.
fn chain(length: usize) -> Chain {
    let mut driver = boot();
    let servers: Vec<_> = (0..length).map(|_| passive(&mut driver)).collect();
    let (head_handle, head, context) = client(&mut driver);
    let (_, middle) = start(&mut driver, 0, 20);
    let main = driver.running();
    driver.raw(Syscall::Sleep as u64, &[u64::MAX - 1], 0);
    assert_eq!(driver.running(), head);
    for server in &servers {
        driver.advance(MS / 10);
        call(&mut driver, *server);
    }
    assert_eq!(driver.state(main), State::Sleeping);
    Chain { driver, head, head_handle, context, middle, servers }
}

impl Chain {
    /// The first program runs and does something, then steps aside again.
    fn main(&mut self, act: impl FnOnce(&mut Driver)) {
        let main = self.driver.kernel.objects.threads.ids().next().unwrap();
        self.driver.kernel.unblock(main, 0);
        self.driver.interrupt(crate::machine::Interrupt::Ipi);
        assert_eq!(self.driver.running(), main);
        act(&mut self.driver);
        check(&self.driver.kernel);
        self.driver.raw(Syscall::Sleep as u64, &[u64::MAX - 1], 0);
        check(&self.driver.kernel);
    }

    fn priority(&self, server: usize) -> u8 {
        self.driver.kernel.objects.threads[self.servers[server].id].sched.priority
    }

    fn holder(&self) -> Option<ThreadId> {
        self.driver.kernel.objects.sched_contexts[self.context].holder
    }
}

/// The timer of a CPU can be late, for example where a host does not run it: a client whose
/// budget was spent is answered in its next period, which nothing has told of yet.
#[test]
fn an_answer_in_a_new_period_puts_the_client_in_one_place() {
    let sizes = Sizes::for_memory(2048 * abi::PAGE_SIZE, 2048);
    let mut driver = Driver::boot_with(&sizes, 2);
    let server = server(&mut driver, false);
    driver.call(Syscall::ThreadPriority, &[server.handle, 29]).unwrap();
    let (handle, head) = driver.thread(0, 1);
    driver.call(Syscall::ThreadAffinity, &[handle, 1]).unwrap();
    let terms = [RESOURCE, 3 * MS, 10 * MS, 25, ContextFlags::NONE.bits()];
    let context = driver.make(Syscall::ContextCreate, &terms);
    driver.call(Syscall::ContextBind, &[context, handle, 1]).unwrap();
    driver.call(Syscall::ThreadResume, &[handle]).unwrap();
    driver.raw(Syscall::Sleep as u64, &[u64::MAX - 1], 0);
    assert_eq!(driver.running(), head);
    driver.kernel.machine.now_ns += 3 * MS;
    call(&mut driver, server);
    assert!(driver.kernel.objects.threads[head].sched.spent);
    driver.kernel.sched().set_affinity(head, 3);
    driver.kernel.machine.now_ns += 10 * MS;
    answer(&mut driver, server);
    assert_eq!(driver.state(head), State::Ready);
}

#[test]
fn a_chain_of_eight_works_as_urgently_as_its_client() {
    let mut chain = chain(8);
    assert!((0..8).all(|server| chain.priority(server) == 25));
    assert_eq!(chain.holder(), Some(chain.servers[7].id));
    for server in chain.servers.clone().into_iter().rev() {
        chain.driver.advance(MS / 10);
        answer(&mut chain.driver, server);
    }
    assert_eq!(chain.driver.running(), chain.head);
    assert_eq!(chain.holder(), Some(chain.head));
    assert!((0..8).all(|server| chain.priority(server) == 5));
    let used = chain.driver.kernel.objects.sched_contexts[chain.context].used;
    assert_eq!(used, 16 * MS / 10, "all of it on the client's time");
    assert_eq!(chain.driver.kernel.objects.threads[chain.middle].user, 0, "nobody came in between");
}

#[test]
fn a_chain_stops_with_the_budget_of_its_client_and_goes_on_with_the_next() {
    let mut chain = chain(8);
    let last = chain.servers[7];
    chain.driver.advance(3 * MS - 8 * MS / 10 - 1);
    assert_eq!(chain.driver.running(), last.id);
    chain.driver.advance(1);
    assert_eq!(chain.driver.running(), chain.middle);
    check(&chain.driver.kernel);
    chain.driver.advance(7 * MS - 1);
    assert_eq!(chain.driver.running(), chain.middle);
    chain.driver.advance(1);
    assert_eq!(chain.driver.running(), last.id);
    for server in chain.servers.clone().into_iter().rev() {
        answer(&mut chain.driver, server);
    }
    assert_eq!(chain.driver.running(), chain.head);
}

#[test]
fn a_spent_budget_that_comes_back_with_the_answer_is_still_spent() {
    let mut chain = chain(1);
    chain.driver.kernel.machine.now_ns += 3 * MS;
    answer(&mut chain.driver, chain.servers[0]);
    assert_eq!(chain.driver.state(chain.head), State::Ready);
    assert_eq!(chain.driver.running(), chain.middle);
    chain.driver.advance(7 * MS);
    assert_eq!(chain.driver.running(), chain.head);
}

#[test]
fn when_the_client_dies_the_chain_goes_on_by_itself() {
    let mut chain = chain(8);
    let contexts = chain.driver.kernel.objects.sched_contexts.len();
    let head = chain.head_handle;
    chain.main(|driver| {
        driver.call(Syscall::ThreadKill, &[head]).unwrap();
    });
    assert_eq!(chain.driver.kernel.objects.sched_contexts.len(), contexts - 1);
    assert!((0..8).all(|server| chain.priority(server) == 5));
    assert_eq!(chain.driver.running(), chain.middle);
}

#[test]
fn when_a_server_dies_its_caller_has_the_time_back() {
    let mut chain = chain(8);
    let victim = chain.servers[3];
    chain.main(|driver| {
        driver.call(Syscall::ThreadKill, &[victim.handle]).unwrap();
    });
    // Another thread of the process could still answer, so the third one waits on.
    let third = chain.servers[2].id;
    assert_eq!(chain.holder(), Some(third));
    assert!((0..3).all(|server| chain.priority(server) == 25));
    assert!((4..8).all(|server| chain.priority(server) == 5));
    assert_eq!(chain.driver.running(), chain.middle);
}

#[test]
fn when_a_servers_process_dies_its_caller_runs_on_the_time_it_has_back() {
    let mut driver = boot();
    let line = driver.make(Syscall::EndpointCreate, &[]);
    let (child, _) = driver.child(0);
    let receives = driver.give(child, line, Rights::ALL, 0);
    let (_, server) = start(&mut driver, child, 31);
    driver.call(Syscall::ThreadPassive, &[0, 1]).unwrap();
    driver.raw(Syscall::Recv as u64, &[receives], 0);
    let (_, client, context) = client(&mut driver);
    let main = driver.raw(Syscall::Sleep as u64, &[MS], 0);
    driver.raw(Syscall::Call as u64, &[line, 1], 0);
    assert_eq!(driver.running(), server);
    assert_eq!(driver.kernel.objects.sched_contexts[context].holder, Some(server));
    driver.advance(MS);
    assert_eq!(driver.running(), server, "31 by itself");
    driver.raw(Syscall::ProcessKill as u64, &[0, 3], 0);
    assert_eq!(driver.running(), main);
    driver.raw(Syscall::Sleep as u64, &[u64::MAX - 1], 0);
    assert_eq!(driver.running(), client);
    assert_eq!(driver.result(client), Err(Error::OutcomeUnknown));
    assert_eq!(driver.kernel.objects.sched_contexts[context].holder, Some(client));
    check(&driver.kernel);
}

#[test]
fn a_client_that_is_out_of_time_takes_its_time_along() {
    let mut driver = boot();
    let servers = [passive(&mut driver), passive(&mut driver)];
    let (_, client, context) = client(&mut driver);
    let (_, middle) = start(&mut driver, 0, 20);
    driver.raw(Syscall::Sleep as u64, &[u64::MAX - 1], 0);
    let deadline_ns = driver.kernel.machine.now_ns + MS;
    driver.put_envelope(&Envelope { deadline_ns, ..Envelope::EMPTY });
    driver.raw(Syscall::Call as u64, &[servers[0].line, 1], ENVELOPE);
    call(&mut driver, servers[1]);
    driver.advance(MS);
    assert_eq!(driver.running(), client);
    assert_eq!(driver.result(client), Err(Error::TimedOut));
    assert_eq!(driver.kernel.objects.sched_contexts[context].used, MS);
    check(&driver.kernel);
    driver.raw(Syscall::Sleep as u64, &[u64::MAX - 1], 0);
    assert_eq!(driver.running(), middle, "the servers are less urgent by themselves");
}

#[test]
fn a_server_that_asks_for_its_next_message_gives_the_time_back() {
    let mut chain = chain(1);
    let server = chain.servers[0];
    chain.driver.raw(Syscall::Recv as u64, &[server.line], 0);
    check(&chain.driver.kernel);
    assert_eq!(chain.driver.running(), chain.middle);
    assert_eq!(chain.holder(), Some(chain.head));
    assert_eq!(chain.priority(0), 5);
}

#[test]
fn a_queued_call_brings_its_time_when_it_is_received() {
    let mut driver = boot();
    let server = passive(&mut driver);
    let (_, client, context) = client(&mut driver);
    let (_, middle) = start(&mut driver, 0, 20);
    driver.raw(Syscall::Call as u64, &[server.line, 1], 0);
    assert_eq!(driver.running(), server.id, "30, from the first program");
    driver.kernel.sched().reconsider(client);
    let main = driver.kernel.objects.threads[server.id].sched.donor.unwrap();
    // While it works, the client calls too, from another CPU as it were.
    driver.raw(Syscall::Sleep as u64, &[driver_now(&driver) + MS], 0);
    assert_eq!(driver.running(), client);
    driver.raw(Syscall::Call as u64, &[server.line, 1], 0);
    assert_eq!(driver.running(), middle);
    driver.advance(MS);
    answer(&mut driver, server);
    assert_eq!(driver.running(), main);
    driver.raw(Syscall::Sleep as u64, &[u64::MAX - 1], 0);
    assert_eq!(driver.running(), server.id);
    assert_eq!(driver.kernel.objects.threads[server.id].sched.priority, 25);
    assert_eq!(driver.kernel.objects.sched_contexts[context].holder, Some(server.id));
    check(&driver.kernel);
}

fn driver_now(driver: &Driver) -> u64 {
    driver.kernel.machine.now_ns
}

#[test]
fn senders_are_received_by_urgency() {
    let mut driver = boot();
    let line = driver.make(Syscall::EndpointCreate, &[]);
    let mut senders = Vec::new();
    for priority in [31, 33, 32, 33] {
        let (handle, id) = start(&mut driver, 0, priority);
        driver.raw(Syscall::Call as u64, &[line, priority], 0);
        senders.push((handle, id));
    }
    // One that waits already can become more urgent.
    driver.call(Syscall::ThreadPriority, &[senders[0].0, 34]).unwrap();
    check(&driver.kernel);
    let order = [0, 1, 3, 2].map(|at: usize| senders[at].1);
    for id in order {
        driver.call(Syscall::Recv, &[line]).unwrap();
        assert!(matches!(driver.state(id), State::AwaitReply(_)));
    }
}

#[test]
fn a_client_without_a_context_lends_priority_share_and_slice() {
    let mut driver = boot();
    let server = passive(&mut driver);
    let ((caller, _), (worker, _)) = (driver.child_of(0, 20), driver.child_of(0, 20));
    let sends = driver.give(caller, server.line, Rights::SEND, 0);
    let (_, client) = start(&mut driver, caller, 20);
    let (_, other) = start(&mut driver, worker, 20);
    driver.raw(Syscall::Sleep as u64, &[u64::MAX - 1], 0);
    let mut times = [0_u64; 3];
    for _ in 0..4000 {
        let running = driver.running();
        let place = [client, server.id, other].iter().position(|id| *id == running).unwrap();
        driver.advance(SLICE / 20);
        times[place] += 1;
        if driver.running() != running {
            continue;
        }
        if running == client {
            driver.raw(Syscall::Call as u64, &[sends, 1], 0);
        } else if running == server.id && times[place].is_multiple_of(7) {
            answer(&mut driver, server);
        }
    }
    assert_eq!(
        driver.kernel.objects.threads[client].sched.debt, 0,
        "nothing is owed: it was its own share"
    );
    assert!(times[1] > times[0] * 4, "the server works for it: {times:?}");
    assert!((1900..=2100).contains(&times[2]), "the other one has half: {times:?}");
}

#[test]
fn a_call_that_ends_a_slice_is_no_new_slice() {
    let mut driver = boot();
    let server = passive(&mut driver);
    let ((caller, _), (worker, _)) = (driver.child_of(0, 20), driver.child_of(0, 20));
    let sends = driver.give(caller, server.line, Rights::SEND, 0);
    let (_, client) = start(&mut driver, caller, 20);
    let (_, other) = start(&mut driver, worker, 20);
    driver.raw(Syscall::Sleep as u64, &[u64::MAX - 1], 0);
    assert_eq!(driver.running(), client);
    // The slice ends while the call is made: the timer's interrupt comes in the kernel.
    driver.kernel.machine.now_ns += SLICE;
    driver.raw(Syscall::Call as u64, &[sends, 1], 0);
    driver.advance(1);
    assert_eq!(driver.running(), other);
}

#[test]
fn who_is_passive_has_no_context_of_its_own() {
    let mut driver = boot();
    let before = balance(&driver);
    let terms = [RESOURCE, 3 * MS, 10 * MS, 40, 0];
    let context = driver.make(Syscall::ContextCreate, &terms);
    assert_eq!(driver.call(Syscall::ThreadPassive, &[0, 2]), Err(Error::BadArgument));
    driver.call(Syscall::ThreadPassive, &[0, 1]).unwrap();
    assert_eq!(driver.call(Syscall::ContextBind, &[context, 0, 1]), Err(Error::BadState));
    assert_eq!(driver.call(Syscall::ThreadPassive, &[0, 0]).unwrap().values.0, 1);
    driver.call(Syscall::ContextBind, &[context, 0, 1]).unwrap();
    assert_eq!(driver.call(Syscall::ThreadPassive, &[0, 1]), Err(Error::BadState));
    driver.call(Syscall::ContextBind, &[context, 0, 0]).unwrap();
    driver.call(Syscall::HandleClose, &[context]).unwrap();
    assert_eq!(balance(&driver), before);
    let mut chain = chain(1);
    assert_eq!(chain.driver.call(Syscall::ThreadPassive, &[0, 0]), Err(Error::BadState));
}

#[test]
fn a_handler_of_faults_works_on_its_own_time() {
    let mut driver = boot();
    let server = passive(&mut driver);
    driver.call(Syscall::ProcessFaults, &[0, server.line, 7]).unwrap();
    let (_, client, context) = client(&mut driver);
    driver.raw(Syscall::Sleep as u64, &[u64::MAX - 1], 0);
    driver.fault(&crate::object::Fault { kind: FaultKind::Page, code: 0, address: 8 });
    assert_eq!(driver.running(), server.id);
    assert_eq!(driver.kernel.objects.threads[server.id].sched.priority, 5);
    assert_eq!(driver.kernel.objects.sched_contexts[context].holder, Some(client));
}

#[test]
fn an_active_server_within_a_chain_is_paid_by_it() {
    let mut driver = boot();
    let first = passive(&mut driver);
    let line = driver.make(Syscall::EndpointCreate, &[]);
    let (child, _) = driver.child(0);
    let receives = driver.give(child, line, Rights::ALL, 0);
    let (_, active) = start(&mut driver, child, 31);
    driver.raw(Syscall::Recv as u64, &[receives], 0);
    let (_, client, context) = client(&mut driver);
    driver.raw(Syscall::Sleep as u64, &[u64::MAX - 1], 0);
    call(&mut driver, first);
    driver.raw(Syscall::Call as u64, &[line, 1], 0);
    assert_eq!(driver.running(), active);
    driver.advance(MS);
    let active = Server { id: active, handle: 0, line: receives };
    answer(&mut driver, active);
    assert_eq!(driver.running(), first.id);
    answer(&mut driver, first);
    assert_eq!(driver.running(), client);
    assert_eq!(driver.kernel.objects.sched_contexts[context].used, MS);
}

#[test]
fn a_context_that_is_taken_away_leaves_the_chain_to_itself() {
    let mut chain = chain(3);
    chain.driver.kernel.sched().unbind_context(chain.context);
    chain.driver.interrupt(crate::machine::Interrupt::Ipi);
    check(&chain.driver.kernel);
    assert!((0..3).all(|server| chain.priority(server) == 5), "the client is at 1 by itself");
    assert_eq!(chain.driver.running(), chain.middle);
}

#[test]
fn a_chain_follows_the_priority_of_its_client() {
    let mut chain = chain(3);
    let terms = crate::object::Terms {
        priority: 10,
        ..chain.driver.kernel.objects.sched_contexts[chain.context].terms
    };
    chain.driver.kernel.sched().configure_context(chain.context, terms);
    chain.driver.interrupt(crate::machine::Interrupt::Ipi);
    check(&chain.driver.kernel);
    assert!((0..3).all(|server| chain.priority(server) == 10));
    assert_eq!(chain.driver.running(), chain.middle);
}

#[test]
fn very_deep_calls_lend_nothing_but_work() {
    let mut driver = boot();
    let servers: Vec<_> = (0..40).map(|_| passive(&mut driver)).collect();
    for server in &servers {
        driver.raw(Syscall::Call as u64, &[server.line, 1], 0);
        check(&driver.kernel);
        assert_eq!(driver.running(), server.id);
    }
    let donor = |at: usize| driver.kernel.objects.threads[servers[at].id].sched.donor;
    assert!((0..32).chain(33..40).all(|at| donor(at).is_some()));
    assert_eq!(donor(32), None, "a new chain begins there");
}

#[test]
fn a_server_that_is_not_passive_lends_nothing() {
    let mut driver = boot();
    let server = server(&mut driver, false);
    let (_, client, context) = client(&mut driver);
    driver.raw(Syscall::Sleep as u64, &[u64::MAX - 1], 0);
    call(&mut driver, server);
    assert_eq!(driver.kernel.objects.threads[server.id].sched.priority, 5);
    assert_eq!(driver.kernel.objects.sched_contexts[context].holder, Some(client));
}
