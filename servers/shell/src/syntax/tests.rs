//! Lines as people type them, wrong ones, and random ones.

use super::{Direction, Part, Place, Step, SyntaxErrorKind, When, parse};

/// The words as text: variables as `<NAME>`, quoted text in `[…]`.
fn shown(step: &Step) -> Vec<Vec<String>> {
    let part = |part: &Part| match part {
        Part::Plain(text) => text.clone(),
        Part::Quoted(text) => format!("[{text}]"),
        Part::Variable(name) => format!("<{name}>"),
        Part::Output { steps, quoted } => format!("$({} steps, {quoted})", steps.len()),
    };
    let word = |word: &super::Word| word.0.iter().map(part).collect::<String>();
    step.commands.iter().map(|command| command.words.iter().map(word).collect()).collect()
}

fn all(text: &str) -> Vec<Vec<Vec<String>>> {
    parse(text).unwrap().iter().map(shown).collect()
}

fn one(text: &str) -> Vec<Vec<String>> {
    let mut steps = all(text);
    assert_eq!(steps.len(), 1, "{text}");
    steps.remove(0)
}

#[test]
fn words_and_commands() {
    assert_eq!(all(" ps ;run  hello you;"), [[vec!["ps"]], [vec!["run", "hello", "you"]]]);
    assert!(all(" ; ;; ").is_empty());
    assert_eq!(all("ps # and more; x"), [[["ps"]]]);
    assert_eq!(one("a#b"), [["a#b"]]);
    assert_eq!(one("a | b c|d"), [vec!["a"], vec!["b", "c"], vec!["d"]]);
}

#[test]
fn quotes_keep_what_they_hold() {
    assert_eq!(one("echo 'a; b' \"c  'd'\""), [["echo", "[a; b]", "[c  'd']"]]);
    assert_eq!(one(r#"echo "a\"b\\c\d" e\ f ''"#), [["echo", r#"[a"b\c\d]"#, "e[ ]f", "[]"]]);
    assert_eq!(one("say 'a'\"b\"c"), [["say", "[ab]c"]]);
    assert_eq!(one(r#"x '*'* "$A\$B" '$A'"#), [["x", "[*]*", "[]<A>[$B]", "[$A]"]]);
}

#[test]
fn variables_and_the_status() {
    assert_eq!(one("echo $A_1.x ${B}c $?d"), [["echo", "<A_1>.x", "<B>c", "<?>d"]]);
    let step = parse("A=1 B='x y'$C prog D=2").unwrap().remove(0);
    let names: Vec<&str> = step.commands[0].sets.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!((names, shown(&step)), (vec!["A", "B"], vec![vec!["prog".into(), "D=2".into()]]));
    assert_eq!(one("1=2 'A'=b"), [["1=2", "[A]=b"]]);
}

#[test]
fn lists_know_when_they_go_on() {
    let whens = |text: &str| parse(text).unwrap().iter().map(|step| step.when).collect::<Vec<_>>();
    assert_eq!(
        whens("a && b || c; d\ne"),
        [When::Always, When::Success, When::Failure, When::Always, When::Always]
    );
    let background: Vec<bool> =
        parse("a & b | c & d").unwrap().iter().map(|step| step.background).collect();
    assert_eq!(background, [true, true, false]);
    assert_eq!(all("a |\n b &&\n\n c \\\n d"), [vec![vec!["a"], vec!["b"]], vec![vec!["c", "d"]]]);
}

#[test]
fn redirections_may_stand_anywhere() {
    let step = parse("< in a >out>> \"more\" b").unwrap().remove(0);
    assert_eq!(shown(&step), [["a", "b"]]);
    let directions = step.commands[0].redirects.iter().map(|redirect| redirect.direction);
    assert!(directions.eq([Direction::Input, Direction::Replace, Direction::Append]));
}

#[test]
fn errors_name_their_place() {
    let cases = [
        ("echo 'a", 1, 6, SyntaxErrorKind::OpenQuote('\'')),
        ("echo \"a\\", 1, 6, SyntaxErrorKind::OpenQuote('"')),
        ("echo a\\", 1, 7, SyntaxErrorKind::OpenBackslash),
        ("a | | b", 1, 5, SyntaxErrorKind::NoCommand("|")),
        ("a &&", 1, 3, SyntaxErrorKind::NoCommand("&&")),
        ("| a", 1, 1, SyntaxErrorKind::NoCommand("|")),
        ("a & & b", 1, 5, SyntaxErrorKind::NoCommand("&")),
        ("x\necho a > ; b", 2, 8, SyntaxErrorKind::NoFile(">")),
        ("a >", 1, 3, SyntaxErrorKind::NoFile(">")),
        ("a 2> b", 1, 4, SyntaxErrorKind::Number),
        ("a $", 1, 3, SyntaxErrorKind::BadVariable),
        ("a ${b", 1, 3, SyntaxErrorKind::BadVariable),
        ("a \"$1\"", 1, 4, SyntaxErrorKind::BadVariable),
    ];
    for (text, line, character, kind) in cases {
        let error = parse(text).unwrap_err();
        assert_eq!((error.place, error.kind), (Place { line, character }, kind), "{text}");
    }
    assert_eq!(
        parse("a\nb 'c").unwrap_err().to_string(),
        "line 2, character 3: a ' has no partner"
    );
}

#[test]
fn any_text_is_read_or_refused() {
    let mut random = fastrand::Rng::with_seed(15);
    let alphabet: Vec<char> = "ab=$?{}*[]'\"\\;&|<># \n\tä€".chars().collect();
    let mut read = 0;
    for _ in 0..100_000 {
        let len = random.usize(0..24);
        let text: String = (0..len).map(|_| alphabet[random.usize(0..alphabet.len())]).collect();
        match parse(&text) {
            Ok(steps) => {
                read += 1;
                assert!(steps.iter().all(|step| !step.commands.is_empty()), "{text:?}");
                let commands = steps.iter().flat_map(|step| &step.commands);
                for command in commands {
                    assert_ne!(*command, super::Command::default(), "{text:?}");
                }
            }
            Err(error) => {
                let lines = text.split('\n').count();
                assert!(error.place.line <= lines && error.place.character <= 25, "{text:?}");
            }
        }
    }
    assert!(read > 1000, "{read}");
}
