use super::NameServer;
use manifest::AccessTable;
use names_api::{Names, NamesClient, NamesError};
use service::{CallError, Caller};
use sys::{Endpoint, FOREVER, Received, Rights};

fn shell() -> Caller {
    Caller::with_badge(1)
}

/// `shell` (1) may call `console`, the program `hello` (2) may not; `lost` has no endpoint.
fn server(console: &Endpoint) -> NameServer {
    let lines = ["client shell", "client hello", "service console 1", "service lost 1"];
    let table = AccessTable::parse(lines.into_iter());
    let copy = console.copy(Rights::ALL).unwrap();
    let mut endpoint = Some(copy);
    NameServer::new(table, |name| if name == "console" { endpoint.take() } else { None })
}

#[test]
fn an_allowed_client_gets_a_handle_with_its_own_badge() {
    let console = Endpoint::create().unwrap();
    // An instance number in the upper half changes nothing about what is allowed.
    let badge = 1 | 7 << 32;
    let handle = server(&console).open(&Caller::with_badge(badge), "console".into()).unwrap();
    let sender = std::thread::spawn(move || Endpoint::from(handle).send(5, &[0; 7]));
    let Ok(Received::Message(message)) = console.receive(FOREVER, &mut []) else {
        panic!("no message came")
    };
    assert_eq!((message.badge, message.label), (badge, 5));
    sender.join().unwrap().unwrap();
}

#[test]
fn the_handle_cannot_receive_or_be_badged_again() {
    let console = Endpoint::create().unwrap();
    let handle = server(&console).open(&shell(), "console".into()).unwrap();
    let (_, rights) = handle.info().unwrap();
    assert_eq!(rights, Rights::SEND | Rights::TRANSFER);
}

#[test]
fn refusals_name_the_service_and_the_client() {
    let console = Endpoint::create().unwrap();
    let mut server = server(&console);
    let refused = server.open(&Caller::with_badge(2), "console".into()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "`hello` may not use `console`: it is not in `clients` of [server.console]"
    );
    let refused = server.open(&Caller::with_badge(99), "console".into()).unwrap_err();
    assert!(refused.to_string().starts_with("`client 99` may not use"), "{refused}");
    let unknown = server.open(&shell(), "printer".into()).unwrap_err();
    assert_eq!(unknown, NamesError::NotFound { service: "printer".into() });
    let lost = server.open(&shell(), "lost".into()).unwrap_err();
    assert_eq!(lost, NamesError::NotFound { service: "lost".into() });
}

#[test]
fn the_list_says_what_is_allowed() {
    let console = Endpoint::create().unwrap();
    let mut server = server(&console);
    let list = server.list(&Caller::with_badge(2)).unwrap();
    let list: Vec<_> = list.iter().map(|entry| (entry.name.as_str(), entry.allowed)).collect();
    assert_eq!(list, [("console", false), ("lost", false)]);
    assert!(server.list(&shell()).unwrap().iter().all(|entry| entry.allowed));
    assert_eq!(server.count(), 1, "the lost one is not there");
}

/// Clients 1 and 2, by their badges, ask the program itself, before and after it was killed.
#[test]
fn each_life_of_the_program_serves_allowed_clients_only() {
    testkit::run(|system| {
        let console = Endpoint::create().unwrap();
        let names = system.program("names").arg("client shell").arg("client hello");
        let names = names.arg("service console 1");
        let names = names.handle("service:console", &console, Rights::ALL).serve(crate::main);
        for _ in 0..2 {
            let open = |badge| NamesClient::from_endpoint(names.endpoint(badge)).open("console");
            assert_eq!(open(1).unwrap().info().unwrap().1, Rights::SEND | Rights::TRANSFER);
            assert!(matches!(open(2), Err(CallError::Service(NamesError::NotAllowed { .. }))));
            names.restart();
        }
    });
}

/// init kills a hung `names`: clients that wait get an answer from the next life.
#[test]
fn the_next_life_of_a_hung_server_answers_waiting_clients() {
    testkit::run(|system| {
        let names = system.program("names").arg("client shell").arg("service lost 1");
        let names = names.serve(crate::main);
        names.hang();
        let ask = |endpoint| NamesClient::from_endpoint(endpoint).list().unwrap().len();
        let shell = names.client("shell", ask);
        system.settle();
        names.restart();
        assert_eq!(shell.join(), 1);
    });
}
