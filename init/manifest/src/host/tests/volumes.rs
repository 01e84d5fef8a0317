//! `[volume.NAME]`.

use super::{GOOD, PROGRAMS, check};
use crate::{Restart, System, decode, encode};
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

const VOLUMES: &str = r#"
[server.blk]
priority = 42
pages = 50
service = true
clients = ["shell"]
args = ["shell=*:read"]

[volume.root]
type = "ext4"
device = "blk0p1"
path = "/"
priority = 38
pages = 100
access = ["shell", "hello=/home:read"]

[volume.tmp]
type = "memory"
path = "/tmp"
read_only = true
priority = 38
pages = 50
access = ["shell"]
"#;

fn read(text: &str) -> Result<System, Vec<String>> {
    let programs: Vec<&str> = PROGRAMS.into_iter().chain(["blk", "ext4", "memory"]).collect();
    let found = check(text, "s.toml", &programs, 1000);
    found.map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

/// The good volumes with one text replaced have exactly this problem.
#[track_caller]
fn one(old: &str, new: &str, expected: &str) {
    assert!(VOLUMES.contains(old), "{old}");
    let found = read(&format!("{GOOD}{}", VOLUMES.replacen(old, new, 1)));
    assert_eq!(found.err(), Some(vec![expected.to_string()]));
}

#[test]
fn a_volume_is_a_server_that_its_clients_are_told_of() {
    let system = read(&format!("{GOOD}{VOLUMES}")).unwrap();
    let root = system.server("root").unwrap();
    assert_eq!((root.file(), root.service, root.restart.when), ("ext4", true, Restart::Always));
    assert_eq!(
        (root.args.as_slice(), root.clients.as_slice()),
        (&["device=blk0p1".to_string()][..], &["shell".to_string(), "hello".to_string()][..],)
    );
    let blk = system.server("blk").unwrap();
    assert_eq!(
        (&blk.clients[..], &blk.args[..]),
        (
            &["shell".to_string(), "root".to_string()][..],
            &["shell=*:read".to_string(), "root=blk0p1".to_string()][..],
        )
    );
    assert_eq!(system.volume_lines("shell"), ["root /", "tmp /tmp"]);
    assert_eq!(system.volume_lines("hello"), ["root /home"]);
    let lines = root.volume.as_ref().unwrap().access_lines(&system);
    assert_eq!(lines, ["4 / write", "8 /home read"]);
    let tmp = system.server("tmp").unwrap().volume.as_ref().unwrap();
    assert_eq!(tmp.access_lines(&system), ["4 / read"], "nothing writes to it");
    assert!(system.program_files().ends_with(&["blk", "ext4", "memory", "hello"]));
    assert_eq!(decode(&encode(&system)), Some(system));
}

#[test]
fn what_is_wrong_with_a_volume() {
    let (root, tmp) = ("s.toml:41: volume `root`", "s.toml:49: volume `tmp`");
    one("type = \"ext4\"\n", "", &format!("{root}: `type` is missing; add `type = \"ext4\"`"));
    one("path = \"/\"\n", "", &format!("{root}: `path` is missing; add `path = \"/mnt\"`"));
    one(
        "path = \"/tmp\"",
        "path = \"/\"",
        "s.toml:49: server `tmp`: the volume in line 41 has the path `/` too; choose another",
    );
    one(
        "\"hello=/home:read\"",
        "\"hello=home\"",
        "s.toml:47: volume `root`: `access` is `hello=home`, but must be like `shell=/home:read`",
    );
    one(
        "type = \"memory\"",
        "type = \"memori\"",
        &format!("{tmp}: no program `memori` is built; did you mean `memory`?"),
    );
    one(
        "read_only = true",
        "clients = []",
        "s.toml:52: volume `tmp`: a volume has `access` instead of `clients`; write \
         `access = [\"CLIENT\"]`",
    );
    let wrong = VOLUMES.replace("[server.blk]", "[server.disks]").replace("blk0p1", "x");
    let found = read(&format!("{GOOD}{wrong}")).unwrap_err().join("\n");
    assert!(found.contains("there is no [server.blk]; add it"), "{found}");
}

#[test]
fn one_program_stands_for_those_of_volumes() {
    let any = "[program.user]\npriority = 10\npages = 64\nany = true\n";
    let system = read(&format!("{GOOD}{any}")).unwrap();
    assert_eq!(system.any_program().map(|it| it.name.as_str()), Some("user"));
    assert!(!system.program_files().contains(&"user"), "it is no file");
    let two = format!("{GOOD}{any}{}", any.replace("user", "other"));
    let found = read(&two).unwrap_err();
    assert_eq!(found, ["s.toml:37: program `other`: another one has `any`; remove one"]);
}

#[test]
fn a_program_of_a_volume_may_use_a_quarter_of_what_the_spawner_is_given() {
    let any = "[program.user]\npriority = 10\npages = 64\nany = true\n";
    let mut system = read(&format!("{GOOD}{any}")).unwrap();
    let pages = |system: &System| {
        let spawner = system.spawner().map(|server| server.limits.pages);
        (spawner, system.any_program().map(|program| program.limits.pages))
    };
    let (least, others) = (pages(&system), system.programs[0].limits);
    system.give_spawner(0);
    assert_eq!(pages(&system), least, "the manifest's are the least");
    system.give_spawner(4003);
    assert_eq!(pages(&system), (Some(4003), Some(1000)));
    assert_eq!(system.programs[0].limits, others, "a named program has what its section says");
}
