//! The whole server over the loopback interface of the real `net`, with clients that behave and
//! clients that do not.

mod hostile;
mod pages;

use executor::Executor;
use files::{How, Namespace};
use init_api::{
    FaultDetails, FaultRecord, GraphInfo, LinkInfo, MachineInfo, ProcessList, ServerInfo,
    ServerState, System as Init, SystemError,
};
use names_api::{Names, NamesError, ServiceEntry};
use net_api::{NetClient, NetError, Peer, TcpStream};
use service::Caller;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use sys::{Endpoint, OwnedHandle, Quota, Rights};
use testkit::System;
use volume::MemoryFs;

/// The badges of the server and of its client.
const WEB: u64 = 1;
const CLIENT: u64 = 2;

fn quota() -> Quota {
    Quota { pages: 2048, handles: 256, threads: 16, objects: 512, max_priority: 20, reserved: 0 }
}

/// An init with two servers, of which one has died so often.
struct FakeInit(Arc<AtomicU32>);

fn server(name: &str, restarts: u32) -> ServerInfo {
    ServerInfo {
        name: name.into(),
        pid: 7 + restarts,
        state: ServerState::Running,
        restarts,
        priority: 30,
        pages: 20,
        pages_limit: 256,
        handles: 4,
        threads: 1,
        user_ns: 0,
        kernel_ns: 0,
        started_ns: 0,
    }
}

impl Init for FakeInit {
    fn servers(&mut self, _: &Caller) -> Result<Vec<ServerInfo>, SystemError> {
        Ok(vec![server("template", self.0.load(Ordering::Relaxed)), server("<shell>", 0)])
    }
    fn faults(&mut self, _: &Caller) -> Result<Vec<FaultRecord>, SystemError> {
        Ok(Vec::new())
    }
    fn fault(&mut self, _: &Caller, server: String) -> Result<FaultDetails, SystemError> {
        Err(SystemError::NoFault { server })
    }
    fn graph(&mut self, _: &Caller) -> Result<GraphInfo, SystemError> {
        let link = LinkInfo { client: "shell".into(), server: "template".into() };
        Ok(GraphInfo { links: vec![link], unseen: 0 })
    }
    fn machine(&mut self, _: &Caller) -> Result<MachineInfo, SystemError> {
        Ok(MachineInfo { cpus: 1, ..MachineInfo::default() })
    }
    fn kill(&mut self, _: &Caller, _: String, _: u8) -> Result<(), SystemError> {
        Err(SystemError::NotAllowed)
    }
    fn processes(&mut self, _: &Caller) -> Result<ProcessList, SystemError> {
        Ok(ProcessList::default())
    }
    fn kill_process(&mut self, _: &Caller, _: u32, _: u8) -> Result<(), SystemError> {
        Err(SystemError::NotAllowed)
    }
    fn crash(&mut self, _: &Caller, _: String) -> Result<(), SystemError> {
        Err(SystemError::NotAllowed)
    }
    fn process(&mut self, _: &Caller, _: String) -> Result<sys::Process, SystemError> {
        Err(SystemError::NotAllowed)
    }
    fn restart(&mut self, _: &Caller, _: String) -> Result<(), SystemError> {
        Err(SystemError::NotAllowed)
    }
    fn adopt(&mut self, _: &Caller, _: sys::Process) -> Result<(), SystemError> {
        Err(SystemError::NotAllowed)
    }
    fn shutdown(&mut self, _: &Caller, _: u32) -> Result<(), SystemError> {
        Err(SystemError::NotAllowed)
    }
}

struct FakeNames(Vec<(&'static str, Endpoint)>);

impl Names for FakeNames {
    fn open(&mut self, caller: &Caller, service: String) -> Result<OwnedHandle, NamesError> {
        let found = self.0.iter().find(|(name, _)| *name == service);
        let (_, endpoint) = found.ok_or(NamesError::NotFound { service })?;
        let badged = endpoint.badged(Rights::SEND | Rights::TRANSFER, caller.badge());
        badged.map(OwnedHandle::from).map_err(|_| NamesError::Exhausted)
    }

    fn list(&mut self, _: &Caller) -> Result<Vec<ServiceEntry>, NamesError> {
        Ok(Vec::new())
    }
}

/// What a client has: the network, and how often `template` has died.
struct Visitor {
    net: NetClient,
    restarts: Arc<AtomicU32>,
}

/// Runs the server and a visitor of it. The files are those that the tests ask for.
fn with_visitor<T: Send + 'static>(work: impl FnOnce(Visitor) -> T + Send + 'static) -> T {
    testkit::run(|system: &System| {
        let endpoints = || Endpoint::create().unwrap();
        let (net_line, root, boot, init) = (endpoints(), endpoints(), endpoints(), endpoints());
        let all = Rights::ALL;
        let restarts = Arc::new(AtomicU32::new(0));
        let deaths = restarts.clone();
        let _init = system.program("init").handle("served", &init, all).serve(move |env| {
            let mut init = FakeInit(deaths.clone());
            Executor::new()?.serve::<dyn Init>(env.handle("served")?, &mut init)?;
            Ok(())
        });
        let _net = system
            .program("net")
            .quota(quota())
            .handle("endpoint", &net_line, all)
            .fact("client", "1 web")
            .fact("client", "2 client")
            .arg("web=listen:tcp:80")
            .arg("client=connect:tcp:*")
            .serve(net_core::alone);
        let _volumes = [("root", &root), ("boot", &boot)].map(|(name, served)| {
            let program = system.program(name).quota(quota()).fact("access", "1 / write");
            program.handle("endpoint", served, all).serve(|env| {
                let clock = Arc::new(|| files::Time(sys::clock()));
                volume::run(&env, MemoryFs::new(4 << 20, 64, clock))
            })
        });
        let names = system
            .program("names")
            .handle("net", &net_line, all)
            .handle("root", &root, all)
            .handle("boot", &boot, all)
            .serve(|env| {
                let given = ["net", "root", "boot"].map(|name| (name, env.handle(name).unwrap()));
                let mut names = FakeNames(Vec::from(given));
                Executor::new()?.serve::<dyn Names>(env.handle("endpoint")?, &mut names)?;
                Ok(())
            });
        let with_volumes = |name: &str| {
            let program = system.program(name).quota(quota());
            let program = program.fact("volume", "root /").fact("volume", "boot /boot");
            program.handle("names", &names.endpoint(WEB), all)
        };
        with_volumes("writer").script(|env| fill(&Namespace::of(&env).unwrap())).join();
        let _web = with_volumes("web")
            .badged("supervisor", &init, Rights::SEND | Rights::TRANSFER, WEB)
            .serve(crate::run);
        let client = system.program("client").quota(quota());
        let client = client.badged("net", &net_line, Rights::SEND | Rights::TRANSFER, CLIENT);
        client
            .script(move |env| {
                let net = NetClient::from_endpoint(env.handle("net").unwrap());
                work(Visitor { net, restarts })
            })
            .join()
    })
}

/// Bytes of the file `/www/data/big`.
const BIG: usize = 200_000;

fn big() -> Vec<u8> {
    (0..BIG).map(|place| u8::try_from(place % 251).unwrap()).collect()
}

fn fill(files: &Namespace) {
    for folder in ["/www", "/www/data", "/www/empty"] {
        files.make_directory(folder).unwrap();
    }
    let hello: &[u8] = b"<p>hello</p>\n";
    for (path, content) in [
        ("/www/hello.html", hello),
        ("/www/data/index.html", b"index"),
        ("/www/data/big", &big()),
        ("/secret", b"secret"),
    ] {
        files.open(path, How::CREATE).unwrap().write_at(0, content).unwrap();
    }
    let manifest = manifest::encode(&small_system());
    files.open("/boot/manifest", How::CREATE).unwrap().write_at(0, &manifest).unwrap();
}

fn small_system() -> manifest::System {
    let server = |name: &str, clients: &[&str]| manifest::Server {
        name: name.into(),
        service: true,
        clients: clients.iter().copied().map(String::from).collect(),
        ..manifest::Server::default()
    };
    let servers = vec![server("template", &["shell"]), server("shell", &[]), server("names", &[])];
    manifest::System { servers, programs: Vec::new() }
}

impl Visitor {
    /// Connects, again when it is refused: the server does not listen yet, or has as many
    /// connections to accept as may wait.
    fn connect(&self) -> TcpStream {
        let to = Peer::new([127, 0, 0, 1], 80);
        loop {
            match TcpStream::connect(&self.net, to) {
                Err(NetError::Refused) => sys::sleep_for(1_000_000),
                stream => return stream.unwrap().with_timeout(60_000_000_000),
            }
        }
    }

    /// Sends bytes: all that comes until the end of the connection.
    fn all_of(&self, request: &[u8]) -> Vec<u8> {
        let mut stream = self.connect();
        stream.write_all(request).unwrap();
        to_the_end(&mut stream)
    }

    /// The answer to a request of a path, without a kept connection.
    fn get(&self, path: &str, lines: &str) -> Answer {
        let request = format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{lines}\r\n");
        Answer::of(&self.all_of(request.as_bytes()))
    }
}

/// All that comes until the end; a reset is one.
fn to_the_end(stream: &mut TcpStream) -> Vec<u8> {
    let (mut all, mut piece) = (Vec::new(), vec![0; 16 << 10]);
    loop {
        match stream.read(&mut piece) {
            Ok(0) | Err(NetError::Reset) => return all,
            Ok(count) => all.extend_from_slice(&piece[..count]),
            Err(error) => panic!("{error}"),
        }
    }
}

/// An answer in its parts.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn of(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no head: {:?}", String::from_utf8_lossy(bytes)));
        let head = String::from_utf8(bytes[..end + 2].to_vec()).unwrap();
        let status = head.strip_prefix("HTTP/1.1 ").and_then(|it| it.get(..3)).unwrap();
        Self { status: status.parse().unwrap(), body: bytes[end + 4..].to_vec(), head }
    }

    fn line(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
