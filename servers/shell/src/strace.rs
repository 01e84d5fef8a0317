//! System calls as text: names, arguments and results by what they mean.

use abi::{Error, FOREVER, NOTIFIED_LABEL, Syscall};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// How a register is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum As {
    /// A handle; 0 is the caller itself or nothing.
    Handle,
    /// A number.
    Number,
    /// Bits or an address.
    Hex,
    /// A deadline.
    Time,
    /// A message's label: the method of the service.
    Label,
    /// A message's label, and an endpoint above it.
    LabelAndHandle,
    /// Message words.
    Words,
}

use As::{Handle, Hex, Label, LabelAndHandle, Number, Time, Words};

/// A register's name and how it is shown.
type Shown = (&'static str, As);

/// Arguments and results of a call, in the order of the registers.
#[rustfmt::skip]
fn shape(call: Syscall) -> (&'static [Shown], &'static [Shown]) {
    match call {
        Syscall::Call => (&[("endpoint", Handle), ("", Label), ("", Words)], &[]),
        Syscall::Send => (&[("endpoint", Handle), ("", Label), ("", Words)], &[]),
        Syscall::Recv => (&[("endpoint", Handle)], &[("badge", Hex), ("", Label), ("", Words)]),
        Syscall::Reply => (&[("token", Hex), ("label", Number), ("", Words)], &[]),
        Syscall::ReplyRecv => (&[("token", Hex), ("", LabelAndHandle), ("", Words)],
                               &[("badge", Hex), ("", Label), ("", Words)]),
        Syscall::ReplyWaits => (&[("token", Hex)], &[("waits", Number)]),
        Syscall::CallsWatch => (&[("", Handle), ("bits", Hex)], &[]),
        Syscall::LifelineCreate =>
            (&[("", Handle), ("bits", Hex)], &[("watch", Handle), ("holder", Handle)]),
        Syscall::LifelineHeld => (&[("watch", Handle)], &[("held", Number)]),
        Syscall::HandleClose => (&[("", Handle)], &[]),
        Syscall::HandleCopy => (&[("", Handle), ("rights", Hex), ("badge", Hex)], &[("", Handle)]),
        Syscall::HandleGive => (&[("process", Handle), ("", Handle), ("rights", Hex), ("badge", Hex)],
                                &[("", Handle)]),
        Syscall::HandleInfo => (&[("", Handle)], &[("kind", Number), ("rights", Hex)]),
        Syscall::EndpointCreate | Syscall::NotificationCreate => (&[], &[("", Handle)]),
        Syscall::Signal => (&[("", Handle), ("bits", Hex)], &[]),
        Syscall::Wait => (&[("", Handle), ("until", Time)], &[("bits", Hex)]),
        Syscall::Bind | Syscall::IrqAck => (&[("", Handle)], &[]),
        Syscall::UpcallRegister =>
            (&[("", Handle), ("entry", Hex), ("stack", Hex), ("mask", Hex), ("size", Hex),
               ("bits", Hex)], &[]),
        Syscall::UpcallMask => (&[("mask", Hex)], &[("old", Hex)]),
        Syscall::UpcallReturn => (&[("frame", Hex)], &[]),
        Syscall::MemoryCreate => (&[("pages", Number), ("process", Handle), ("flags", Hex)],
                                  &[("", Handle)]),
        Syscall::MemoryDevice =>
            (&[("resource", Handle), ("address", Hex), ("pages", Number)], &[("", Handle)]),
        Syscall::MemoryLend => (&[("memory", Handle), ("first", Number), ("pages", Number),
            ("protection", Number)], &[("", Handle)]),
        Syscall::MemoryInfo => (&[("", Handle)], &[("pages", Number), ("device", Number)]),
        Syscall::Map => (&[("process", Handle), ("memory", Handle), ("address", Hex),
                           ("first", Number), ("pages", Number), ("protection", Number)], &[]),
        Syscall::Unmap => (&[("process", Handle), ("address", Hex), ("pages", Number)], &[]),
        Syscall::Protect => (&[("process", Handle), ("address", Hex), ("pages", Number),
                               ("protection", Number)], &[]),
        Syscall::ProcessCreate => (&[("name", Hex), ("length", Number), ("quota", Hex),
                                     ("death", Handle), ("bits", Hex)], &[("", Handle)]),
        Syscall::ProcessFaults | Syscall::ProcessDispatch =>
            (&[("process", Handle), ("endpoint", Handle), ("badge", Hex)], &[]),
        Syscall::ProcessKill => (&[("process", Handle), ("status", Number)], &[]),
        Syscall::ProcessInfo | Syscall::SystemInfo => (&[("process", Handle), ("into", Hex)], &[]),
        Syscall::ProcessSuspend | Syscall::ProcessResume => (&[("process", Handle)], &[]),
        Syscall::ProcessMemory => (&[("process", Handle), ("address", Hex), ("buffer", Hex),
                                     ("length", Number), ("write", Number)], &[]),
        Syscall::ProcessHandles => (&[("process", Handle), ("first", Number), ("into", Hex),
                                      ("room", Number)], &[("records", Number), ("next", Number)]),
        Syscall::ProcessThread => (&[("process", Handle), ("index", Number)], &[("", Handle)]),
        Syscall::ProcessTrace => (&[("process", Handle), ("endpoint", Handle), ("badge", Hex),
                                    ("flags", Hex)], &[]),
        Syscall::ProcessFilter => (&[("process", Handle), ("low", Hex), ("high", Hex)], &[]),
        Syscall::FaultRaise => (&[("kind", Number), ("text", Hex), ("length", Number)], &[]),
        Syscall::ThreadCreate => (&[("process", Handle), ("entry", Hex), ("stack", Hex),
                                    ("argument", Hex), ("priority", Number)], &[("", Handle)]),
        Syscall::ThreadResume | Syscall::ThreadSuspend | Syscall::ThreadKill =>
            (&[("thread", Handle)], &[]),
        Syscall::ThreadPriority => (&[("thread", Handle), ("priority", Number)], &[]),
        Syscall::ThreadRegisters | Syscall::ThreadDebug =>
            (&[("thread", Handle), ("registers", Hex), ("write", Number)], &[]),
        Syscall::ThreadPointer => (&[("thread", Handle), ("address", Hex)], &[]),
        Syscall::ThreadClock => (&[("thread", Handle), ("may", Number)], &[("could", Number)]),
        Syscall::ContextCreate => (&[("resource", Handle), ("budget", Number), ("period", Number),
                                     ("priority", Number), ("flags", Hex)], &[("", Handle)]),
        Syscall::ContextConfigure => (&[("context", Handle), ("budget", Number),
            ("period", Number), ("priority", Number), ("flags", Hex)], &[]),
        Syscall::ContextBind =>
            (&[("context", Handle), ("thread", Handle), ("bind", Number)], &[]),
        Syscall::ContextInfo =>
            (&[("context", Handle)], &[("used", Number), ("exhaustions", Number)]),
        Syscall::ThreadPassive =>
            (&[("thread", Handle), ("passive", Number)], &[("was", Number)]),
        Syscall::ProcessFind => (&[("resource", Handle), ("slot", Number)],
                                 &[("", Handle), ("next", Number)]),
        Syscall::PortAllow => (&[("ports", Handle)], &[]),
        Syscall::ThreadAffinity => (&[("thread", Handle), ("mask", Hex)], &[("old", Hex)]),
        Syscall::Yield => (&[], &[]),
        Syscall::Sleep => (&[("until", Time)], &[]),
        Syscall::TimerCreate => (&[("notification", Handle), ("bits", Hex)], &[("", Handle)]),
        Syscall::TimerArm => (&[("timer", Handle), ("at", Time)], &[]),
        Syscall::Clock => (&[], &[("", Time)]),
        Syscall::IrqCreate => (&[("resource", Handle), ("line", Number), ("notification", Handle),
                                 ("bits", Hex)], &[("", Handle)]),
        Syscall::IrqInfo =>
            (&[("irq", Handle)], &[("interrupts", Number), ("unacknowledged", Number)]),
        Syscall::MsiCreate => (&[("resource", Handle), ("cpu", Number), ("notification", Handle),
                                 ("bits", Hex)], &[("", Handle), ("message", Hex)]),
        Syscall::IoSpaceCreate => (&[("resource", Handle), ("function", Hex), ("limit", Number),
                                     ("flags", Hex)], &[("", Handle), ("mappings", Number)]),
        Syscall::IoMap => (&[("space", Handle), ("memory", Handle), ("first", Number),
                             ("pages", Number), ("direction", Number)],
                           &[("address", Hex), ("pages", Number)]),
        Syscall::IoUnmap => (&[("space", Handle), ("address", Hex), ("pages", Number)], &[]),
        Syscall::IoSpaceClear => (&[("space", Handle)], &[("left", Number)]),
        Syscall::PortCreate =>
            (&[("resource", Handle), ("first", Hex), ("ports", Number)], &[("", Handle)]),
        Syscall::PortRead =>
            (&[("ports", Handle), ("offset", Number), ("width", Number)], &[("", Hex)]),
        Syscall::PortWrite => (&[("ports", Handle), ("offset", Number), ("width", Number),
                                 ("value", Hex)], &[]),
        Syscall::PortWriteBytes => (&[("ports", Handle), ("offset", Number), ("bytes", Hex),
                                      ("length", Number)], &[]),
        Syscall::LogWrite => (&[("bytes", Hex), ("length", Number)], &[]),
        Syscall::Shutdown => (&[("resource", Handle), ("code", Number)], &[]),
        Syscall::TraceRead => (&[("resource", Handle), ("first", Number), ("into", Hex),
                                 ("room", Number)], &[("records", Number), ("next", Number)]),
        Syscall::LogRead => (&[("resource", Handle), ("first", Number), ("into", Hex),
                               ("room", Number)], &[("bytes", Number), ("next", Number)]),
        Syscall::CpuInfo => (&[("cpu", Number), ("into", Hex)], &[]),
    }
}

/// What a label and the words after it mean, as far as the traced service tells.
pub type Method<'a> = &'a dyn Fn(u64, &[u64]) -> Option<String>;

/// `Name(arguments)` of a call: its number and the argument registers.
pub fn call_text(number: u64, arguments: &[u64], method: Method<'_>) -> String {
    match Syscall::from_number(number) {
        Some(call) => format!("{}({})", call.name(), registers(shape(call).0, arguments, method)),
        None => format!("call {number:#x}(…)"),
    }
}

/// The result of a call: its number, status, values and the first message words.
pub fn result_text(number: u64, status: u64, values: &[u64], method: Method<'_>) -> String {
    if let Some(error) = Error::from_status(status) {
        return format!("refused: {error}");
    }
    let Some(call) = Syscall::from_number(number) else { return format!("{status}") };
    match (shape(call).1, values) {
        ([], _) => String::from("done"),
        (_, [bits, label, ..]) if waits(call) && *label == u64::from(NOTIFIED_LABEL) => {
            format!("notified of {bits:#x}")
        }
        (results, _) => registers(results, values, method),
    }
}

fn waits(call: Syscall) -> bool {
    matches!(call, Syscall::Recv | Syscall::ReplyRecv)
}

fn registers(shown: &[Shown], values: &[u64], method: Method<'_>) -> String {
    let mut parts = Vec::new();
    for (place, (name, as_what)) in shown.iter().enumerate() {
        let Some(value) = values.get(place) else { break };
        match as_what {
            // The label tells what the words after it are.
            Words => {}
            Label | LabelAndHandle => parts.push(label(*as_what, *value, values, place, method)),
            plain => parts.push(named(name, &register(*plain, *value))),
        }
    }
    parts.join(", ")
}

fn label(as_what: As, value: u64, values: &[u64], place: usize, method: Method<'_>) -> String {
    let words = values.get(place + 1..).unwrap_or_default();
    if as_what == LabelAndHandle {
        let (low, endpoint) = (value & u64::from(u32::MAX), value >> 32);
        return format!("label {low}, endpoint {}", handle(endpoint));
    }
    method(value, words).unwrap_or_else(|| match words {
        [] => format!("label {value:#x}"),
        words => format!("label {value:#x}, {}", hex_words(words)),
    })
}

fn hex_words(words: &[u64]) -> String {
    words.iter().map(|word| format!("{word:#x}")).collect::<Vec<_>>().join(" ")
}

fn named(name: &str, value: &str) -> String {
    if name.is_empty() { value.into() } else { format!("{name} {value}") }
}

fn register(as_what: As, value: u64) -> String {
    match as_what {
        Handle => handle(value),
        Number => format!("{value}"),
        Time if value == FOREVER => String::from("for ever"),
        Time if value == 0 => String::from("now"),
        Time => crate::units::time(value),
        _ => format!("{value:#x}"),
    }
}

/// Handles carry a generation in their upper bits.
fn handle(value: u64) -> String {
    let Ok(number) = u32::try_from(value) else { return format!("{value:#x}") };
    match abi::Handle(number) {
        abi::Handle::NONE => String::from("self"),
        handle if handle.generation() == 0 => format!("#{}", handle.slot()),
        handle => format!("#{}.{}", handle.slot(), handle.generation()),
    }
}

#[cfg(test)]
mod tests {
    use super::{call_text, result_text};
    use abi::{FOREVER, Handle, Syscall};

    fn unknown(_: u64, _: &[u64]) -> Option<String> {
        None
    }

    #[test]
    fn calls_are_named_with_their_arguments() {
        let wait = call_text(Syscall::Wait as u64, &[3, FOREVER, 0, 0, 0, 0], &unknown);
        assert_eq!(wait, "Wait(#3, until for ever)");
        let sleep = call_text(Syscall::Sleep as u64, &[1_500_000_000], &unknown);
        assert_eq!(sleep, "Sleep(until 1.500 s)");
        assert_eq!(call_text(99, &[1], &unknown), "call 0x63(…)");
        let own = call_text(Syscall::ProcessInfo as u64, &[0, 0x1000], &unknown);
        assert_eq!(own, "ProcessInfo(process self, into 0x1000)");
    }

    #[test]
    fn messages_are_told_by_the_service() {
        let method = |label: u64, words: &[u64]| (label == 7).then(|| format!("add{words:?}"));
        let endpoint = u64::from(Handle::new(2, 5).0);
        let sent = call_text(Syscall::Call as u64, &[endpoint, 7, 40, 2], &method);
        assert_eq!(sent, "Call(endpoint #2.5, add[40, 2])");
        let unknown = call_text(Syscall::Send as u64, &[2, 9, 1, 0], &method);
        assert_eq!(unknown, "Send(endpoint #2, label 0x9, 0x1 0x0)");
    }

    #[test]
    fn results_are_values_or_reasons() {
        let recv = Syscall::Recv as u64;
        assert_eq!(result_text(recv, 10, &[0, 0, 0], &unknown), "refused: timed out");
        let bits = result_text(recv, 0, &[4, u64::from(abi::NOTIFIED_LABEL), 0], &unknown);
        assert_eq!(bits, "notified of 0x4");
        assert_eq!(result_text(Syscall::Yield as u64, 0, &[0, 0], &unknown), "done");
        let made = u64::from(Handle::new(1, 1).0);
        assert_eq!(result_text(Syscall::EndpointCreate as u64, 0, &[made, 0], &unknown), "#1.1");
    }

    #[test]
    fn every_call_has_a_shape() {
        for call in Syscall::ALL {
            assert!(call_text(*call as u64, &[1; 6], &unknown).starts_with(call.name()));
        }
    }
}
