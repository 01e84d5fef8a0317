//! Call, reply, server death, client death: each call has one end, and no thread hangs.

use super::checker::{Leave, Scene, State, boot};
use super::script::{Ended, Step, Value, call, call_with, park, reply, reply_receive};
use crate::hosted::Smp;
use crate::object::Fault;
use crate::tests::kit::ENVELOPE;
use abi::{Envelope, Error, FaultKind, FaultReply, Rights, Syscall};

/// Who is killed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dies {
    Nobody,
    Server,
    Client,
}

/// How the client's calls may end.
fn end(state: &State) {
    let good =
        |ended: &Ended| matches!(ended.0, None | Some(Error::PeerDied | Error::OutcomeUnknown));
    assert!(state.progress[0].ended.iter().all(good), "{:?}", state.progress[0].ended);
    let kernel = &state.smp.kernel;
    for id in kernel.objects.processes.ids() {
        assert!(
            kernel.objects.processes[id].ipc.callers.is_empty(),
            "a caller waits for an answer for ever"
        );
    }
    let endpoints = &kernel.objects.endpoints;
    assert!(endpoints.ids().all(|id| endpoints[id].senders.is_empty()), "a caller hangs");
}

/// Server and client in a process each, on two CPUs; a third thread kills one of them.
fn scene(dies: Dies) -> Scene {
    let mut driver = boot();
    let first = driver.running();
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let (child, _) = driver.child(0);
    let rights = if dies == Dies::Client { Rights::ALL } else { Rights::RECEIVE };
    let in_child = driver.give(child, endpoint, rights, 0);
    let (far, other) = driver.thread(child, 31);
    let (near, killer) = driver.thread(0, 29);
    // Only one side can receive: when it is gone, its clients are told.
    let send = driver.make(Syscall::HandleCopy, &[endpoint, u64::from(Rights::SEND.bits()), 0]);
    if dies != Dies::Client {
        driver.call(Syscall::HandleClose, &[endpoint]).unwrap();
    }
    for handle in [near, far] {
        driver.raw(Syscall::ThreadResume as u64, &[handle], 0);
    }
    let mut start = Smp::from(driver);
    start.settle();
    let client =
        |send: u64| vec![call(Syscall::Call, &[send, 5]), call(Syscall::Call, &[send, 6]), park()];
    let server = |receive: u64| {
        vec![
            call(Syscall::Recv, &[receive]),
            reply_receive(receive),
            reply(),
            // Used twice: refused.
            reply(),
            call(Syscall::HandleClose, &[receive]),
            park(),
        ]
    };
    let kill = match dies {
        Dies::Nobody => call(Syscall::Yield, &[]),
        _ => call(Syscall::ProcessKill, &[child, 1]),
    };
    let scripts = match dies {
        Dies::Client => {
            vec![(other, client(in_child)), (first, server(endpoint)), (killer, vec![kill, park()])]
        }
        _ => vec![(first, client(send)), (other, server(in_child)), (killer, vec![kill, park()])],
    };
    let name = match dies {
        Dies::Nobody => "call, reply",
        Dies::Server => "call, reply, server death",
        Dies::Client => "call, reply, client death",
    };
    Scene { name, start, scripts, lines: vec![], end, leave: Leave::Faithful }
}

#[test]
fn exit_09_every_call_is_answered_once() {
    let mut scene = scene(Dies::Nobody);
    scene.end = |state| {
        end(state);
        let answered = [Ended(None, 0), Ended(None, 0)];
        assert_eq!(state.progress[0].ended[..2], answered);
        assert_eq!(state.progress[1].ended[3].0, Some(Error::BadReply), "a reply is used once");
    };
    scene.holds();
}

#[test]
fn exit_09_a_server_that_dies_at_any_point_fails_its_calls() {
    scene(Dies::Server).holds();
}

#[test]
fn exit_09_a_client_that_dies_at_any_point_leaves_nothing() {
    scene(Dies::Client).holds();
}

/// A call that does not wait for ever, and a server that may be too late.
fn late() -> Scene {
    let mut driver = boot();
    let first = driver.running();
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    driver.put_envelope(&Envelope { deadline_ns: 1000, ..Envelope::EMPTY });
    let (handle, server) = driver.thread(0, 29);
    driver.raw(Syscall::ThreadResume as u64, &[handle], 0);
    let mut start = Smp::from(driver);
    start.settle();
    let scripts = vec![
        (first, vec![call_with(Syscall::Call, &[endpoint, 5], ENVELOPE), park()]),
        (server, vec![call(Syscall::Recv, &[endpoint]), reply(), park()]),
    ];
    let end = |state: &State| {
        let (called, answered) = (state.progress[0].ended[0], state.progress[1].ended.get(1));
        match called.0 {
            None => assert_eq!(answered.map(|ended| ended.0), Some(None)),
            Some(error) => {
                assert_eq!(error, Error::TimedOut);
                let refused = answered.is_none_or(|ended| ended.0 == Some(Error::BadReply));
                assert!(refused, "an answer to nobody");
            }
        }
    };
    let leave = Leave::Faithful;
    Scene { name: "call, reply, time-out", start, scripts, lines: vec![], end, leave }
}

/// A thread faults; its handler resumes it while another thread kills it.
fn faults() -> Scene {
    let mut driver = boot();
    let first = driver.running();
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let (child, _) = driver.child(0);
    driver.call(Syscall::ProcessFaults, &[child, endpoint, 9]).unwrap();
    let (far, faulty) = driver.thread(child, 31);
    let (near, killer) = driver.thread(0, 29);
    for handle in [near, far] {
        driver.raw(Syscall::ThreadResume as u64, &[handle], 0);
    }
    let mut start = Smp::from(driver);
    start.settle();
    let resume = vec![Value::Token, Value::Is(FaultReply::Resume as u64)];
    let answer = Step::Call(Syscall::Reply, resume, 0);
    let fault = Step::Fault(Fault { kind: FaultKind::Page, code: 0, address: 0 });
    let kill = call(Syscall::ProcessKill, &[child, 1]);
    let handler = vec![call(Syscall::Recv, &[endpoint]), answer, park()];
    let scripts = vec![
        (first, handler),
        (faulty, vec![fault, call(Syscall::Yield, &[]), park()]),
        (killer, vec![kill, park()]),
    ];
    Scene {
        name: "fault, resume, kill",
        start,
        scripts,
        lines: vec![],
        end,
        leave: Leave::Faithful,
    }
}

#[test]
fn exit_09_a_call_ends_by_its_answer_or_by_its_deadline() {
    late().holds();
}

#[test]
fn exit_30_a_fault_at_any_point_is_told_or_its_thread_dead() {
    let mut scene = faults();
    scene.end = |state| {
        let kernel = &state.smp.kernel;
        assert!(
            kernel
                .objects
                .endpoints
                .ids()
                .all(|id| kernel.objects.endpoints[id].senders.is_empty())
        );
        assert!(
            kernel
                .objects
                .processes
                .ids()
                .all(|id| kernel.objects.processes[id].ipc.callers.is_empty())
        );
    };
    scene.holds();
}
