//! Each command over files.

use super::{check, printed};

#[test]
fn ls_shows_names_and_all_about_them() {
    check(
        &["mkdir /d; touch /d/b /d/a /d/.h; ls /d; ls -a1 /d; ls /d/a; cd /d; ls; ls -1"],
        "a  b\n.h\na\nb\n/d/a\na  b\na\nb\n",
    );
    let (text, status) = printed(&["mkdir -p /d/sub; echo abc > /d/f; ln -s f /d/l; ls -l /d"]);
    let rows: Vec<&str> = text.lines().collect();
    assert_eq!((rows.len(), status), (4, 0), "{text}");
    assert!(rows[0].starts_with("MODE") && rows[0].ends_with("NAME"), "{text}");
    assert!(rows[1].starts_with("-rw-r--r--") && rows[1].ends_with(" f"), "{text}");
    assert!(rows[1].contains(" 4 "), "{text}");
    assert!(rows[2].starts_with('l') && rows[2].ends_with("l -> f"), "{text}");
    assert!(rows[3].starts_with("drwxr-xr-x") && rows[3].ends_with("sub/"), "{text}");
}

#[test]
fn ls_shows_mount_points_and_several_directories() {
    check(&["mkdir /a; touch /a/x; ls /; ls /a /tmp"], "a/    tmp/\n/a:\nx\n\n/tmp:\n");
    let (text, status) = printed(&["ls /none /tmp"]);
    assert_eq!((text.as_str(), status), ("ls: /none: no such file or directory\n/tmp:\n", 1));
}

#[test]
fn cd_and_pwd() {
    check(&["pwd; cd /tmp; pwd; cd ..; pwd; mkdir /home; cd; pwd"], "/\n/tmp\n/\n/home\n");
    let (text, status) = printed(&["touch /f; cd /f; cd /none"]);
    let wanted = "cd: /f: not a directory\ncd: /none: no such file or directory\n";
    assert_eq!((text.as_str(), status), (wanted, 1));
}

#[test]
fn directories_are_made_and_removed() {
    check(&["mkdir -p /a/b/c; mkdir -p /a/b; rmdir /a/b/c; ls /a/b; ls /a"], "b/\n");
    let (text, _) =
        printed(&["mkdir /a /a; mkdir /x/y; touch /f; mkdir -p /f/g; touch /a/f; rmdir /a"]);
    assert_eq!(
        text,
        "mkdir: /a: exists already\nmkdir: /x/y: no such file or directory\n\
         mkdir: /f: exists already\nrmdir: /a: the directory is not empty\n"
    );
}

#[test]
fn cp_copies_files_links_and_trees() {
    check(
        &[
            "mkdir -p /a/b; echo x > /a/f; echo y > /a/b/g; ln -s f /a/l",
            "cp -r /a /tmp; cat /tmp/a/f /tmp/a/b/g /tmp/a/l; cp /a/f /copy; cat /copy",
            "cp /a/f /a/b/g /tmp; ls -1 /tmp",
        ],
        "x\ny\nx\nx\na/\nf\ng\n",
    );
    let (text, _) = printed(&[
        "mkdir /a; echo x > /f; ln /f /g; cp /a /b; cp -r /a /a/c; cp /f /f; cp /f /g; cp /f /g /f; cat /f",
    ]);
    assert_eq!(
        text,
        "cp: /a: is a directory: use -r\ncp: /a/c: cannot copy /a into itself\n\
         cp: /f: cannot copy /f into itself\ncp: /f and /g are the same file\n\
         cp: /f: not a directory\nx\n"
    );
}

#[test]
fn mv_renames_and_moves_between_volumes() {
    check(
        &[
            "echo x > /f; mv /f /g; cat /g; mkdir /d; mv /g /d; ls /d",
            "mv /d /tmp; ls -1 / /tmp; cat /tmp/d/g",
        ],
        "x\ng\n/:\ntmp/\n\n/tmp:\nd/\nx\n",
    );
}

#[test]
fn rm_removes_what_it_is_told() {
    check(&["mkdir -p /a/b/c; touch /a/f /a/b/g /x; rm -r /a; rm /x; rm -f /none; ls /"], "tmp/\n");
    let (text, status) = printed(&["mkdir /a; rm /a; rm /none; rm"]);
    assert_eq!(
        (text.as_str(), status),
        (
            "rm: /a: is a directory: use -r\nrm: /none: no such file or directory\n\
          usage: rm [-r] [-f] PATH…\n",
            2
        )
    );
}

#[test]
fn links_stat_and_touch() {
    check(&["echo x > /f; ln /f /g; ln -s /f /s; cat /g /s; rm /f; cat /g"], "x\nx\nx\n");
    let (text, status) = printed(&["echo x > /f; ln /f /g; stat /f; touch /f; cat /f; stat /none"]);
    assert!(text.contains("/f: file\n  size 2,") && text.contains("names 2"), "{text}");
    assert!(text.contains("volume root (memory)") && text.contains("\nx\nstat: /none"), "{text}");
    assert_eq!(status, 1);
}

#[test]
fn df_du_and_sync() {
    let (text, status) = printed(&["mkdir /d; echo x > /d/f; du /d; df; sync; df /tmp"]);
    assert_eq!(status, 0, "{text}");
    assert!(text.lines().filter(|line| line.starts_with("tmp ")).count() == 2, "{text}");
    assert!(text.contains("64 KiB"), "{text}");
    assert!(text.contains("/d\n") && text.contains("writable"), "{text}");
}

#[test]
fn filters_read_files_and_go_on_after_a_missing_one() {
    check(
        &[
            "echo 'a\nb' > /1; echo c > /2; head -n 1 /1 /2; tail -n1 /1; wc /1 /2; grep -n c /1 /2; sort -r /1 /2",
        ],
        "==> /1 <==\na\n\n==> /2 <==\nc\nb\n      2       2       4 /1\n      1       1       2 /2\n      3       3       6 total\n/2:1:c\nc\nb\na\n",
    );
    let (text, status) =
        printed(&["echo x > /1; cat /none /1; hexdump /1; echo -n | sha256sum /1"]);
    assert!(
        text.starts_with("cat: /none: no such file or directory\nx\n00000000  78 0a"),
        "{text}"
    );
    assert!(
        text.ends_with("73cb3858a687a8494ca3323053016282f3dad39d42cf62ca4e79dda2aac7d9ac  /1\n"),
        "{text}"
    );
    assert_eq!(status, 0);
}

#[test]
fn trees_are_listed_and_searched() {
    check(&["mkdir -p /a/b; touch /a/x /a/b/y; ls -R /a"], "/a:\nb/  x\n\n/a/b:\ny\n");
    check(
        &["mkdir -p /a/b; touch /a/x.rs /a/b/y.rs; find /a; find /a -name '*.rs'"],
        "/a\n/a/b\n/a/b/y.rs\n/a/x.rs\n/a/b/y.rs\n/a/x.rs\n",
    );
    let (text, status) = printed(&["find /none; find -x"]);
    let wanted = "find: /none: no such file or directory\nusage: find [PATH…] [-name PATTERN]\n";
    assert_eq!((text.as_str(), status), (wanted, 2));
}

#[test]
fn output_longer_than_a_message_is_printed_whole() {
    let text: String = (1..=2000).map(|number| format!("{number}\n")).collect();
    check(&["seq 2000 > /f; cat /f"], &text);
}

#[test]
fn tee_writes_files_and_its_output() {
    check(
        &["echo x | tee /a /b | wc -l; cat /a /b; echo y | tee -a /a; cat /a"],
        "      1\nx\nx\ny\nx\ny\n",
    );
    check(&["seq 3 | tee /a | head -1; wc -l /a"], "1\n      3 /a\n");
}

#[test]
fn what_goes_to_dev_null_is_gone() {
    check(
        &["echo x > /dev/null; wc -c < /dev/null; true && echo yes; false || echo no"],
        "      0\nyes\nno\n",
    );
}

#[test]
fn wrong_options_show_the_usage() {
    let (text, status) = printed(&["ls -q", "head -n x /f", "cp /a"]);
    let wanted = "usage: ls [-l] [-a] [-1] [-R] [PATH…]\nusage: head [-n LINES|-c BYTES] [FILE…]\nusage: cp [-r] FROM… TO\n";
    assert_eq!((text.as_str(), status), (wanted, 2));
}

#[test]
fn paths_are_taken_apart() {
    check(
        &["for A in /a/b.c b.c / a/ //; do basename $A .c; dirname $A; done"],
        "b\n/a\nb\n.\n/\n/\na\n.\n/\n/\n",
    );
    assert_eq!(printed(&["dirname"]).1, 2);
}

#[test]
fn modes_are_changed() {
    let (text, status) = printed(&[
        "touch /f; chmod 640 /f; ls -l /f; chmod a+x /f; ls -l /f; chmod -wr /f; ls -l /f; chmod 755 /none; chmod 8 /f; chmod +q /f",
    ]);
    let modes: Vec<&str> =
        text.lines().filter(|line| line.starts_with('-')).map(|line| &line[..10]).collect();
    assert_eq!(modes, ["-rw-r-----", "-rwxr-x--x", "---x--x--x"], "{text}");
    assert!(
        text.contains("chmod: /none: no such file or directory\nusage: chmod") && status == 2,
        "{text}"
    );
}

#[test]
fn temporary_files_are_new() {
    check(
        &["A=$(mktemp); B=$(mktemp -d); [ -f $A ] && [ ! -s $A ] && [ -d $B ] && dirname $A"],
        "/tmp\n",
    );
}

#[test]
fn words_are_printed_by_a_format() {
    check(
        &[
            "printf '%s=%d\\n' a 1 b 2; printf '%-3s|%03d|%3s|%x%c%%\\n' ä -7 b 255 xyz",
            "printf 'no words\\n' a; printf '%s,%d\\n'; printf '%03d\\n' 1234",
        ],
        "a=1\nb=2\nä  |-07|  b|ffx%\nno words\n,0\n1234\n",
    );
    for (line, why) in [
        ("printf %d x", "printf: `x` is no number\n"),
        ("printf %q", "printf: `%q`: a % without d, s, x, c or %\n"),
        (
            "printf %99999999999999999999s",
            "printf: `%99999999999999999999s`: a % without d, s, x, c or %\n",
        ),
    ] {
        assert_eq!(super::with_shell(&[], move |shell| shell.run_line(line)).1, why);
    }
}

#[test]
fn xargs_runs_a_command_with_words() {
    check(
        &[
            "seq 5 | xargs -n 2 echo x | tail -2; echo a b | xargs; seq 2 | xargs | wc -l",
            "echo one > /1; echo two > /2; find / -name '[12]' | xargs cat | sort -r; echo | xargs cat",
        ],
        "x 3 4\nx 5\na b\n      1\ntwo\none\n",
    );
    let (text, status) = printed(&["echo /none /tmp | xargs -n 1 ls", "xargs -n 0 echo"]);
    assert_eq!(
        (text.as_str(), status),
        ("ls: /none: no such file or directory\nusage: xargs [-n WORDS] [COMMAND…]\n", 2)
    );
}

#[test]
fn sequences_have_steps() {
    check(&["echo $(seq 2 3 9) $(seq 3 -1 1) $(seq 2)"], "2 5 8 3 2 1 1 2\n");
    assert_eq!(printed(&["seq 1 0 2"]).0, "seq: a step of 0 has no end\n");
}

#[test]
fn names_are_explained() {
    let (text, status) = printed(&["mkdir /bin; touch /bin/x; which x cd; type /bin/x nope"]);
    assert_eq!(
        (text.as_str(), status),
        ("/bin/x\ncd: a command of the shell\n/bin/x\nwhich: no `nope`\n", 1)
    );
}
