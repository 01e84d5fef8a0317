//! Lines as people type them, wrong ones, and random ones.

use super::{Control, Direction, Part, Place, Step, SyntaxErrorKind, When, parse};

/// The words as text: variables as `<NAME>`, quoted text in `[…]`.
fn shown(step: &Step) -> Vec<Vec<String>> {
    let part = |part: &Part| match part {
        Part::Plain(text) => text.clone(),
        Part::Quoted(text) => format!("[{text}]"),
        Part::Variable(name) => format!("<{name}>"),
        Part::Sum(text) => format!("<<{text}>>"),
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
        ("a &&", 1, 3, SyntaxErrorKind::NoEnd("&&")),
        ("a && ; b", 1, 3, SyntaxErrorKind::NoCommand("&&")),
        ("if a; then b", 1, 1, SyntaxErrorKind::Open { word: "if", wants: "fi" }),
        ("a\nwhile a\nb", 2, 1, SyntaxErrorKind::Open { word: "while", wants: "do" }),
        ("{ a", 1, 1, SyntaxErrorKind::Open { word: "{", wants: "}" }),
        ("for", 1, 1, SyntaxErrorKind::Open { word: "for", wants: "done" }),
        ("x $(for a; do b)", 1, 3, SyntaxErrorKind::OpenInside { word: "for", wants: "done" }),
        ("if a; done", 1, 7, SyntaxErrorKind::Stray("done")),
        ("a; fi", 1, 4, SyntaxErrorKind::Stray("fi")),
        ("if; then a; fi", 1, 5, SyntaxErrorKind::NoCommand("then")),
        ("while a; do done", 1, 13, SyntaxErrorKind::NoCommand("done")),
        ("if a; then b; fi c", 1, 18, SyntaxErrorKind::Behind("fi")),
        ("for 1 in a; do b; done", 1, 5, SyntaxErrorKind::NoName),
        ("for a b; do c; done", 1, 7, SyntaxErrorKind::NoDo),
        ("for a in b & do c; done", 1, 12, SyntaxErrorKind::NoDo),
        ("a 2>&1 > b", 1, 8, SyntaxErrorKind::Joined),
        ("a 2>&3", 1, 4, SyntaxErrorKind::Number),
        ("| a", 1, 1, SyntaxErrorKind::NoCommand("|")),
        ("a & & b", 1, 5, SyntaxErrorKind::NoCommand("&")),
        ("x\necho a > ; b", 2, 8, SyntaxErrorKind::NoFile(">")),
        ("a >", 1, 3, SyntaxErrorKind::NoFile(">")),
        ("a 3> b", 1, 4, SyntaxErrorKind::Number),
        ("a $", 1, 3, SyntaxErrorKind::BadVariable),
        ("a ${b", 1, 3, SyntaxErrorKind::BadVariable),
        ("a \"${1x}\"", 1, 4, SyntaxErrorKind::BadVariable),
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

#[test]
fn random_loops_are_read_or_refused() {
    let mut random = fastrand::Rng::with_seed(18);
    let whole = "if a ; then b ; elif c ; then { d ; } > e ; else while f ; do g ; done ; fi | \
                 for h in i $@ ; do j $((1)) 2>&1 ; done && ! until k ; do l ; done \n";
    let words: Vec<&str> = whole.split(' ').collect();
    let (mut read, mut unfinished) = (0, 0);
    for _ in 0..20_000 {
        let mut text = words.clone();
        for _ in 0..random.usize(0..4) {
            let (from, to) = (random.usize(0..words.len()), random.usize(0..text.len()));
            match random.u8(0..3) {
                0 if text.len() > 1 => drop(text.remove(to)),
                1 => text.insert(to, words[from]),
                _ => text.truncate(to + 1),
            }
        }
        match parse(&text.join(" ")) {
            Ok(steps) => {
                read += usize::from(steps.iter().any(|step| step.commands[0].control.is_some()))
            }
            Err(error) => unfinished += usize::from(error.is_unfinished()),
        }
    }
    assert!(read > 1000 && unfinished > 1000, "{read} {unfinished}");
    let deep = "if a; then ".repeat(1000);
    assert_eq!(parse(&deep).unwrap_err().kind, SyntaxErrorKind::TooDeep);
}

#[test]
fn loops_and_conditions_are_read() {
    let control =
        |text: &str| (*parse(text).unwrap()[0].commands[0].control.clone().unwrap()).clone();
    let Control::If { branches, otherwise } =
        control("if a; b\nthen c; elif d; then e; else f; g; fi")
    else {
        panic!("no condition")
    };
    let lengths: Vec<_> = branches.iter().map(|(one, other)| (one.len(), other.len())).collect();
    assert_eq!((lengths, otherwise.len()), (vec![(2, 1), (1, 1)], 2));
    assert!(matches!(control("until a; do b; done"), Control::While { until: true, .. }));
    let Control::For { name, words, body } = control("for A in x $B 'c'\n do d; done") else {
        panic!("no loop")
    };
    assert_eq!((name.as_str(), words.map(|words| words.len()), body[0].line), ("A", Some(3), 2));
    assert!(matches!(control("for A do b; done"), Control::For { words: None, .. }));
    assert!(matches!(control("! { a | b; } > c"), Control::Group(..)));
    let steps = parse("a\n\nb \\\n c\nd $(\ne)").unwrap();
    assert_eq!(steps.iter().map(|step| step.line).collect::<Vec<_>>(), [1, 3, 5]);
    assert_eq!(
        all("echo if then; echo }; a=1 for"),
        [vec![vec!["echo", "if", "then"]], vec![vec!["echo", "}"]], vec![vec!["for"]]]
    );
    assert_eq!(one("echo $((1 + (2))) ${10} $@$#"), [["echo", "<<1 + (2)>>", "<10>", "<@><#>"]]);
}

#[test]
fn redirections_of_error_texts() {
    let directions = |text: &str| -> Vec<Direction> {
        let command = parse(text).unwrap().remove(0).commands.remove(0);
        command.redirects.iter().map(|redirect| redirect.direction).collect()
    };
    assert_eq!(directions("a > b 2>&1"), [Direction::Replace, Direction::ErrorsToOutput]);
    assert_eq!(
        directions("a 2>b 2>> c 1>d"),
        [Direction::ErrorsReplace, Direction::ErrorsAppend, Direction::Replace]
    );
    assert_eq!(directions("a >&2"), [Direction::ToErrors]);
    assert_eq!(one("a b2>c 2 >d"), [["a", "b2", "2"]]);
}
