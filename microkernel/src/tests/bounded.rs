//! What programs make large is worked off in pieces: no turn takes longer for their number.

use super::invariants::check;
use super::kit::{BYTES, CPU, ENVELOPE, balance};
use crate::exit::Next;
use crate::hosted::{Driver, Place, Smp};
use crate::kernel::Sizes;
use crate::machine::CpuId;
use crate::object::{Fault, Life, ProcessId, State, ThreadId};
use crate::work::Work;
use abi::{Envelope, Error, FOREVER, FaultKind, PAGE_SIZE, Syscall};

/// Threads in a crowd: more than one turn reaches.
const CROWD: usize = 100;
/// The most that one turn lets go, tells or starts.
const PER_TURN: usize = 20;

/// A machine with room for a crowd.
fn boot() -> Driver {
    Driver::boot(4096)
}

/// Threads that each make this call and wait in it, less urgent than the running one.
fn crowd(driver: &mut Driver, call: Syscall, arguments: &[u64], envelope: u64) -> Vec<ThreadId> {
    let main = driver.running();
    let crowd = (0..CROWD).map(|_| {
        let (handle, thread) = driver.thread(0, 31);
        driver.raw(Syscall::ThreadResume as u64, &[handle], 0);
        driver.raw(call as u64, arguments, envelope);
        assert_eq!(driver.next, Next::User(main));
        driver.call(Syscall::ThreadPriority, &[handle, 20]).unwrap();
        thread
    });
    crowd.collect()
}

/// Steps of the only CPU until it leaves the kernel, and how many of the crowd are ready for the
/// first time after each.
fn pieces(smp: &mut Smp, crowd: &[ThreadId]) -> Vec<usize> {
    let ready = |smp: &Smp| {
        crowd.iter().filter(|id| smp.kernel.objects.threads[**id].state == State::Ready).count()
    };
    let (mut pieces, mut before) = (Vec::new(), 0);
    loop {
        check(&smp.kernel);
        let now = ready(smp);
        pieces.push(now - before);
        before = now;
        if smp.place(CPU) != Place::Window {
            return pieces;
        }
        smp.turn(CPU);
    }
}

fn in_pieces(smp: &mut Smp, crowd: &[ThreadId], most: usize) {
    let pieces = pieces(smp, crowd);
    assert_eq!(pieces.iter().sum::<usize>(), CROWD, "{pieces:?}");
    assert!(pieces.iter().all(|piece| *piece <= most), "{pieces:?}");
}

/// An envelope that sends, and receives into, memory that is not there.
fn bad_envelope(driver: &mut Driver) {
    let bad = 0x7000_0000;
    driver.put_envelope(&Envelope {
        send_address: bad,
        send_len: 8,
        receive_address: bad,
        receive_capacity: 8,
        ..Envelope::EMPTY
    });
}

#[test]
fn a_receive_tells_one_bad_sender_in_a_hold() {
    let mut driver = boot();
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    bad_envelope(&mut driver);
    let crowd = crowd(&mut driver, Syscall::Send, &[endpoint, 1], ENVELOPE);
    let me = driver.running();
    let mut smp = Smp::from(driver);
    smp.syscall(CPU, Syscall::Recv as u64, &[endpoint], 0);
    in_pieces(&mut smp, &crowd, 1);
    let status = |id: ThreadId| Error::from_status(smp.kernel.frame(id).number_status);
    assert!(crowd.iter().all(|id| status(*id) == Some(Error::BadAddress)));
    assert!(
        matches!(smp.kernel.objects.threads[me].state, State::Receiving(_)),
        "it waits at last"
    );
}

#[test]
fn an_offer_tells_one_bad_receiver_in_a_hold() {
    let mut driver = boot();
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    bad_envelope(&mut driver);
    let crowd = crowd(&mut driver, Syscall::Recv, &[endpoint], ENVELOPE | abi::RECEIVES_ONLY);
    let me = driver.running();
    driver.put_envelope(&Envelope { send_address: BYTES, send_len: 8, ..Envelope::EMPTY });
    let bad = Envelope { receive_address: 0x7000_0000, receive_capacity: 8, ..Envelope::EMPTY };
    driver.poke(ENVELOPE + 4096, &super::kit::envelope_bytes(&bad));
    for id in &crowd {
        driver.kernel.objects.threads[*id].ipc.buffer =
            crate::object::IpcBuffer::Unread(ENVELOPE + 4096);
    }
    let mut smp = Smp::from(driver);
    smp.syscall(CPU, Syscall::Send as u64, &[endpoint, 1], ENVELOPE);
    in_pieces(&mut smp, &crowd, 1);
    assert!(matches!(smp.kernel.objects.threads[me].state, State::Sending(_)), "it waits at last");
}

#[test]
fn a_long_answer_and_the_next_message_are_two_holds() {
    let mut driver = boot();
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let server = driver.running();
    let room = Envelope { receive_address: BYTES, receive_capacity: 8192, ..Envelope::EMPTY };
    driver.put_envelope(&room);
    let clients = [(); 2].map(|()| {
        let (handle, thread) = driver.thread(0, 31);
        driver.raw(Syscall::ThreadResume as u64, &[handle], 0);
        driver.raw(Syscall::Call as u64, &[endpoint, 1], ENVELOPE | abi::RECEIVES_ONLY);
        driver.call(Syscall::ThreadPriority, &[handle, 20]).unwrap();
        thread
    });
    let token = driver.call(Syscall::Recv, &[endpoint]).unwrap().token;
    driver.put_envelope(&Envelope { send_address: BYTES, send_len: 8192, ..Envelope::EMPTY });
    let mut smp = Smp::from(driver);
    let arguments = [token, endpoint << 32 | 5];
    smp.syscall(CPU, Syscall::ReplyRecv as u64, &arguments, ENVELOPE | abi::SENDS_BYTES);
    let state = |smp: &Smp, id: ThreadId| smp.kernel.objects.threads[id].state;
    assert_eq!(smp.place(CPU), Place::Window);
    assert_eq!(state(&smp, clients[0]), State::Ready, "it has the answer");
    assert!(matches!(state(&smp, clients[1]), State::Sending(_)), "its message waits");
    smp.turn(CPU);
    assert_eq!(smp.place(CPU), Place::User(server));
    assert!(
        matches!(state(&smp, clients[1]), State::AwaitReply(_)),
        "{:?}",
        state(&smp, clients[1])
    );
}

#[test]
fn a_message_between_two_pieces_ends_with_its_endpoint() {
    let mut driver = boot();
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    bad_envelope(&mut driver);
    let crowd = crowd(&mut driver, Syscall::Send, &[endpoint, 1], ENVELOPE);
    let me = driver.running();
    let process = driver.kernel.objects.threads[me].process;
    let mut smp = Smp::from(driver);
    smp.syscall(CPU, Syscall::Recv as u64, &[endpoint], 0);
    assert_eq!(smp.place(CPU), Place::Window, "more pieces to come");
    let handle = abi::Handle(u32::try_from(endpoint).unwrap());
    smp.kernel.close(process, handle).unwrap();
    in_pieces(&mut smp, &crowd, PER_TURN);
    let status = Error::from_status(smp.kernel.frame(me).number_status);
    assert_eq!(status, Some(Error::PeerDied));
    assert_eq!(smp.kernel.objects.endpoints.len(), 0);
}

#[test]
fn a_dead_endpoint_lets_few_threads_go_in_one_turn() {
    let mut driver = boot();
    let before = balance(&driver);
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let crowd = crowd(&mut driver, Syscall::Call, &[endpoint, 1], 0);
    let mut smp = Smp::from(driver);
    smp.syscall(CPU, Syscall::HandleClose as u64, &[endpoint], 0);
    in_pieces(&mut smp, &crowd, PER_TURN);
    let status = |id: ThreadId| Error::from_status(smp.kernel.frame(id).number_status);
    assert!(crowd.iter().all(|id| status(*id) == Some(Error::PeerDied)));
    assert_eq!(smp.kernel.objects.endpoints.len(), 0, "the object goes with the last of them");
    assert_eq!(smp.kernel.system_info().objects, before[4]);
}

#[test]
fn a_closed_notification_lets_few_threads_go_in_one_turn() {
    let mut driver = boot();
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let crowd = crowd(&mut driver, Syscall::Wait, &[bell, FOREVER], 0);
    let mut smp = Smp::from(driver);
    smp.syscall(CPU, Syscall::HandleClose as u64, &[bell], 0);
    in_pieces(&mut smp, &crowd, PER_TURN);
    let status = |id: ThreadId| Error::from_status(smp.kernel.frame(id).number_status);
    assert!(crowd.iter().all(|id| status(*id) == Some(Error::BadHandle)));
    assert_eq!(smp.kernel.objects.notifications.len(), 0);
}

/// Threads of a child that are ready, and less urgent than the caller.
fn ready_child(driver: &mut Driver) -> (u64, Vec<ThreadId>) {
    let before: Vec<ThreadId> = driver.kernel.objects.threads.ids().collect();
    driver.poke(BYTES, b"child");
    let quota: Vec<u8> =
        [64_u32, 16, 200, 16, 40, 0].iter().flat_map(|it| it.to_le_bytes()).collect();
    driver.poke(BYTES + 64, &quota);
    let child = driver.make(Syscall::ProcessCreate, &[BYTES, 5, BYTES + 64, 0, 1]);
    for _ in 0..CROWD {
        let (thread, _) = driver.thread(child, 20);
        driver.call(Syscall::ThreadResume, &[thread]).unwrap();
        driver.call(Syscall::HandleClose, &[thread]).unwrap();
    }
    let crowd = driver.kernel.objects.threads.ids().filter(|id| !before.contains(id)).collect();
    (child, crowd)
}

#[test]
fn a_process_is_suspended_at_once_and_resumed_in_pieces() {
    let mut driver = boot();
    let (child, crowd) = ready_child(&mut driver);
    driver.call(Syscall::ProcessSuspend, &[child]).unwrap();
    let mut smp = Smp::from(driver);
    let main = smp.running(CPU).unwrap();
    let queued =
        |smp: &Smp| crowd.iter().filter(|id| smp.kernel.objects.threads[**id].sched.queued).count();
    // None of them runs, and whatever looks for a thread to run drops few at a time.
    smp.syscall(CPU, Syscall::Sleep as u64, &[1_000], 0);
    let mut before = queued(&smp);
    while smp.place(CPU) == Place::Window {
        check(&smp.kernel);
        smp.turn(CPU);
        assert!(before - queued(&smp) <= 2 * PER_TURN, "{before} to {}", queued(&smp));
        before = queued(&smp);
    }
    assert_eq!((smp.place(CPU), queued(&smp)), (Place::Idle, 0));
    smp.timer_fires(CPU);
    smp.settle();
    assert_eq!(smp.place(CPU), Place::User(main));
    smp.syscall(CPU, Syscall::ProcessResume as u64, &[child], 0);
    let mut before = 0;
    while smp.place(CPU) == Place::Window {
        check(&smp.kernel);
        // The call does one piece, the turn that follows another one.
        assert!(queued(&smp) - before <= 2 * PER_TURN);
        before = queued(&smp);
        smp.turn(CPU);
    }
    assert_eq!(queued(&smp), CROWD);
    assert_eq!(smp.kernel.frame(main).number_status, 0);
}

#[test]
fn a_process_is_resumed_even_if_its_manager_dies_in_between() {
    let mut driver = boot();
    let (child, crowd) = ready_child(&mut driver);
    let (thread, manager) = driver.thread(0, 31);
    driver.call(Syscall::ProcessSuspend, &[child]).unwrap();
    driver.raw(Syscall::ThreadResume as u64, &[thread], 0);
    assert_eq!(driver.next, Next::User(manager));
    let mut smp = Smp::from(driver);
    smp.syscall(CPU, Syscall::ProcessResume as u64, &[child], 0);
    assert_eq!(smp.place(CPU), Place::Window);
    let unfinished = smp.kernel.kill_thread(manager);
    let operation = unfinished.expect("others rely on it");
    let mut left = Some(operation);
    while let Some(operation) = left {
        left = smp.kernel.piece_alone(operation);
    }
    assert!(crowd.iter().all(|id| smp.kernel.objects.threads[*id].sched.queued), "all of them");
}

#[test]
fn each_thread_of_a_large_process_is_found_and_watched() {
    let mut driver = boot();
    let (child, crowd) = ready_child(&mut driver);
    for index in [0, 1, CROWD - 1] {
        let handle = driver.make(Syscall::ProcessThread, &[child, index as u64]);
        driver.call(Syscall::HandleClose, &[handle]).unwrap();
    }
    let beyond = [child, CROWD as u64];
    assert_eq!(driver.call(Syscall::ProcessThread, &beyond), Err(Error::BadArgument));
    driver.call(Syscall::ProcessFilter, &[child, 0, 0]).unwrap();
    assert!(crowd.iter().all(|id| driver.kernel.objects.threads[*id].calls.plain_end == 0));
}

#[test]
fn a_thread_gets_its_process_s_ports_when_it_uses_one() {
    let other = CpuId(1);
    let sizes = Sizes::for_memory(1024 * PAGE_SIZE, 1024);
    let mut driver = Driver::boot_with(&sizes, 2);
    let ports = driver.make(Syscall::PortCreate, &[1, 0x300, 4]);
    let (handle, thread) = driver.thread(0, 30);
    driver.call(Syscall::ThreadAffinity, &[handle, 1 << 1]).unwrap();
    driver.raw(Syscall::ThreadResume as u64, &[handle], 0);
    let mut smp = Smp::from(driver);
    smp.settle();
    assert_eq!(smp.place(other), Place::User(thread));
    smp.syscall(CPU, Syscall::PortAllow as u64, &[ports], 0);
    smp.settle();
    let count = |smp: &Smp| smp.kernel.machine.cpus[1].ports[0].count;
    assert_eq!(count(&smp), 0, "it has none yet");
    let fault = Fault { kind: FaultKind::Protection, code: 0, address: 0 };
    smp.fault(other, &fault);
    smp.settle();
    assert_eq!((smp.place(other), count(&smp)), (Place::User(thread), 4), "it runs again");
    // With the ports it is a fault like any other.
    smp.fault(other, &fault);
    let process = smp.kernel.objects.threads[thread].process;
    assert_ne!(smp.kernel.objects.processes[process].life, Life::Alive);
}

#[test]
fn accounts_are_nested_to_a_depth() {
    let mut driver = boot();
    let mut quotas = 0;
    let mut parent = driver.kernel.objects.processes
        [driver.kernel.objects.threads[driver.running()].process]
        .accounts
        .quota;
    let none = crate::object::Amounts::default();
    loop {
        driver.kernel.memory().ensure_capacity(|objects| &mut objects.quotas).unwrap();
        match driver.kernel.objects.quotas.open(Some(parent), none) {
            Ok(child) => (parent, quotas) = (child, quotas + 1),
            Err(error) => break assert_eq!(error, Error::QuotaExceeded),
        }
    }
    assert_eq!(quotas, 32);
}

#[test]
fn lost_calls_of_many_servers_are_forgotten_one_by_one() {
    let mut driver = boot();
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let servers: Vec<_> = (0..5).map(|_| driver.child(0).1).collect();
    let first = driver.kernel.objects.notifications.ids().next().unwrap();
    for server in &servers {
        driver.kernel.watch_calls(*server, Some((first, 1)));
        let process = &mut driver.kernel.objects.processes[*server];
        process.ipc.in_abandoned = true;
        let next = driver.kernel.objects.abandoned_calls.replace(*server);
        driver.kernel.objects.processes[*server].ipc.next_abandoned = next;
        if let Some(next) = next {
            driver.kernel.objects.processes[next].ipc.previous_abandoned = Some(*server);
        }
    }
    driver
        .kernel
        .cpu(CPU)
        .work
        .fetch_or(Work::LostCalls.flag(), core::sync::atomic::Ordering::Relaxed);
    for index in [2, 0, 4] {
        driver.kernel.objects.forget_abandoned(servers[index]);
    }
    let abandoned = |id: &ProcessId| driver.kernel.objects.processes[*id].ipc.next_abandoned;
    let left: Vec<_> =
        std::iter::successors(driver.kernel.objects.abandoned_calls, abandoned).collect();
    assert_eq!(left, [servers[3], servers[1]]);
    driver.call(Syscall::Clock, &[]).unwrap();
    assert_eq!(driver.kernel.objects.abandoned_calls, None);
    check(&driver.kernel);
    let bits = driver.call(Syscall::Wait, &[bell, 0]).unwrap();
    assert_eq!(bits.values.0, 1);
}
