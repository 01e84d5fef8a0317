//! `selftest`: a few checks of the running system. (`cargo xtask selftest` runs them all.)

use crate::shell::Shell;
use crate::trouble::{Outcome, Trouble};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use init_api::{NO_DEVICE, ServerInfo, ServerState};
use template_api::{TemplateClient, TemplateError};

type Check = (&'static str, fn(&Shell) -> Result<(), Trouble>);

static CHECKS: &[Check] = &[
    ("the clock goes forward", clock),
    ("every server runs", servers),
    ("names knows every service", names),
    ("a typed call is answered", typed_call),
    ("a typed error arrives", typed_error),
    ("memory comes back", memory),
    ("a program runs and ends", program),
];

pub(crate) fn selftest(shell: &mut Shell, words: &[&str]) -> Outcome {
    if !words.is_empty() {
        return Err(Trouble::Usage);
    }
    let mut failed = 0;
    for (name, check) in CHECKS {
        let text = match check(shell) {
            Ok(()) => format!("ok     {name}\n"),
            Err(trouble) => {
                failed += 1;
                format!("failed {name}: {}\n", why(trouble))
            }
        };
        shell.print(&text);
    }
    shell.print(&format!("{} passed, {failed} failed\n", CHECKS.len() - failed));
    Ok(u64::from(failed > 0))
}

fn why(trouble: Trouble) -> String {
    match trouble {
        Trouble::Failed(why) | Trouble::Named(why) => why,
        _ => String::new(),
    }
}

fn ensure(holds: bool, otherwise: &str) -> Result<(), Trouble> {
    if holds { Ok(()) } else { Err(Trouble::new(otherwise)) }
}

fn clock(_: &Shell) -> Result<(), Trouble> {
    let before = sys::clock();
    sys::sleep_for(1_000_000);
    ensure(sys::clock() >= before + 1_000_000, "1 ms of sleep was shorter")
}

/// The servers that run on this machine: all but drivers whose device is not there.
fn expected(shell: &Shell) -> Result<Vec<ServerInfo>, Trouble> {
    let lacks_device = |state: &ServerState| match state {
        ServerState::GivenUp { why } => why.starts_with(NO_DEVICE),
        _ => false,
    };
    let servers = shell.system().servers()?.into_iter();
    Ok(servers.filter(|server| !lacks_device(&server.state)).collect())
}

fn servers(shell: &Shell) -> Result<(), Trouble> {
    let idle = expected(shell)?.into_iter().find(|server| server.state != ServerState::Running);
    idle.map_or(Ok(()), |server| Err(Trouble::new(format!("{} does not", server.name))))
}

fn names(shell: &Shell) -> Result<(), Trouble> {
    let expected = expected(shell)?;
    for service in shell.names()?.list()?.iter().filter(|service| service.allowed) {
        if expected.iter().any(|server| server.name == service.name) {
            service::describe(&shell.endpoint(&service.name)?)?;
        }
    }
    Ok(())
}

fn template(shell: &Shell) -> Result<TemplateClient, Trouble> {
    Ok(TemplateClient::from_endpoint(shell.endpoint("template")?))
}

fn typed_call(shell: &Shell) -> Result<(), Trouble> {
    let sum = template(shell)?.add(40, 2)?;
    ensure(sum == 42, "40 + 2 is not 42")
}

fn typed_error(shell: &Shell) -> Result<(), Trouble> {
    match template(shell)?.greet("") {
        Err(service::CallError::Service(TemplateError::NoName)) => Ok(()),
        other => Err(Trouble::new(format!("{other:?}"))),
    }
}

fn memory(_: &Shell) -> Result<(), Trouble> {
    let before = sys::system_info()?.frames_free;
    let pages = sys::Pages::create(64)?;
    ensure(pages.iter().all(|byte| *byte == 0), "fresh memory is not zero")?;
    ensure(sys::system_info()?.frames_free <= before - 64, "64 pages cost less")?;
    drop(pages);
    // Page tables stay, for the next mapping.
    ensure(sys::system_info()?.frames_free + 4 >= before, "it did not come back")
}

fn program(shell: &Shell) -> Result<(), Trouble> {
    let proc = shell.proc()?;
    let pid = proc.spawn("hello", [String::from("selftest")], false)?;
    let status = proc.wait(pid)?;
    ensure(status.is_success(), &format!("hello {status}"))
}
