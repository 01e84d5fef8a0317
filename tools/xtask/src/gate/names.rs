//! Which properties a test shows, by its name.

/// How many properties there are.
pub(super) const PROPERTIES: u8 = 43;

/// The numbers in a name like `exit_03_…`, `exit-30-34-…` or `module::exit_03_…`.
pub(super) fn numbers(name: &str) -> Vec<u8> {
    let name = name.rsplit("::").next().unwrap_or(name);
    let mut words = name.split(['_', '-']);
    if words.next() != Some("exit") {
        return Vec::new();
    }
    words.map_while(number).collect()
}

fn number(word: &str) -> Option<u8> {
    let two_digits = word.len() == 2 && word.bytes().all(|byte| byte.is_ascii_digit());
    word.parse().ok().filter(|number| two_digits && (1..=PROPERTIES).contains(number))
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn numbers_stand_behind_the_word_exit() {
        assert_eq!(numbers("tests::gate::exit_03_a_flag_is_seen"), [3]);
        assert_eq!(numbers("exit-30-34-storm-of-99"), [30, 34]);
        assert_eq!(numbers("exit_43"), [43]);
    }

    #[test]
    fn other_names_show_nothing() {
        for name in ["exit_status_is_kept", "exit_44_x", "exit_00_x", "exit_3_x", "fault-03-x", ""]
        {
            assert_eq!(numbers(name), [0; 0], "{name}");
        }
    }
}
