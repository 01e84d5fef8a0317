//! The first chapter promises a small server.

/// Interface, server with its test, start, client: every line of them.
const FILES: [&str; 4] = [
    include_str!("../../../tests/programs/echo/api/src/lib.rs"),
    include_str!("../../../tests/programs/echo/src/lib.rs"),
    include_str!("../../../tests/programs/echo/src/main.rs"),
    include_str!("../../../tests/programs/echo-client/src/main.rs"),
];

#[test]
fn the_echo_server_is_under_60_lines_in_all() {
    let lines = FILES.map(|text| text.lines().count());
    assert!(lines.iter().all(|count| *count > 0), "{lines:?}");
    assert!(lines.iter().sum::<usize>() < 60, "{lines:?}");
    for wanted in ["service::interface", "#[test]", "rt::entry!", "EchoClient::connect"] {
        assert!(FILES.iter().any(|text| text.contains(wanted)), "no {wanted}");
    }
}
