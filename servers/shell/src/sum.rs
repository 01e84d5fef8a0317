//! `$((…))`: sums of whole numbers and variables.

use alloc::format;
use alloc::string::String;
use core::iter::Peekable;
use core::str::Chars;

/// The most signs and parentheses in each other.
const DEPTH_MAX: u32 = 32;

/// Operators by how tightly they bind, the loosest first; of two that begin alike the longer one
/// stands first.
const LEVELS: [&[&str]; 6] =
    [&["||"], &["&&"], &["==", "!="], &["<=", ">=", "<", ">"], &["+", "-"], &["*", "/", "%"]];

/// The value of a sum. `value` tells that of a variable; without one it is 0.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn sum(text: &str, value: &dyn Fn(&str) -> String) -> Result<i64, String> {
    let mut reader = Reader { rest: text.chars().peekable(), value, depth: 0 };
    let result = reader.level(0).and_then(|result| match reader.peek() {
        None => Ok(result),
        Some(other) => Err(format!("`{other}` has no place there")),
    });
    result.map_err(|why| format!("$(({text})): {why}"))
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    value: &'a dyn Fn(&str) -> String,
    depth: u32,
}

impl Reader<'_> {
    /// The next character that is no space.
    fn peek(&mut self) -> Option<char> {
        while self.rest.next_if(|next| next.is_whitespace()).is_some() {}
        self.rest.peek().copied()
    }

    fn take(&mut self, wanted: &str) -> bool {
        self.peek();
        let found = wanted.chars().eq(self.rest.clone().take(wanted.len()));
        if found {
            self.rest.by_ref().take(wanted.len()).for_each(drop);
        }
        found
    }

    fn level(&mut self, level: usize) -> Result<i64, String> {
        let Some(operators) = LEVELS.get(level) else { return self.operand() };
        let mut left = self.level(level.saturating_add(1))?;
        while let Some(operator) = operators.iter().find(|operator| self.take(operator)) {
            let right = self.level(level.saturating_add(1))?;
            left = combined(left, operator, right)?;
        }
        Ok(left)
    }

    fn operand(&mut self) -> Result<i64, String> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > DEPTH_MAX {
            return Err(format!("more than {DEPTH_MAX} signs and parentheses in each other"));
        }
        let result = if self.take("-") {
            self.operand()?.checked_neg().ok_or_else(too_big)
        } else if self.take("+") {
            self.operand()
        } else if self.take("!") {
            Ok(i64::from(self.operand()? == 0))
        } else if self.take("(") {
            let inner = self.level(0)?;
            if self.take(")") { Ok(inner) } else { Err("a ( has no )".into()) }
        } else {
            self.number()
        };
        self.depth = self.depth.saturating_sub(1);
        result
    }

    fn number(&mut self) -> Result<i64, String> {
        self.take("$");
        let mut word = String::new();
        while let Some(next) = self.rest.next_if(|next| next.is_alphanumeric() || *next == '_') {
            word.push(next);
        }
        if word.starts_with(|first: char| first.is_ascii_digit()) {
            return word.parse().map_err(|_| format!("`{word}` is no number"));
        }
        if word.is_empty() {
            return Err(match self.peek() {
                None => "a number is missing at the end".into(),
                Some(other) => format!("a number is missing before `{other}`"),
            });
        }
        let value = (self.value)(&word);
        match value.trim() {
            "" => Ok(0),
            number => number.parse().map_err(|_| format!("{word} is `{value}`, no number")),
        }
    }
}

fn combined(left: i64, operator: &str, right: i64) -> Result<i64, String> {
    let result = match operator {
        "+" => left.checked_add(right),
        "-" => left.checked_sub(right),
        "*" => left.checked_mul(right),
        "/" | "%" if right == 0 => return Err("division by 0".into()),
        "/" => left.checked_div(right),
        "%" => left.checked_rem(right),
        _ => Some(i64::from(match operator {
            "||" => left != 0 || right != 0,
            "&&" => left != 0 && right != 0,
            "==" => left == right,
            "!=" => left != right,
            "<=" => left <= right,
            ">=" => left >= right,
            "<" => left < right,
            _ => left > right,
        })),
    };
    result.ok_or_else(too_big)
}

fn too_big() -> String {
    "the result has more than 64 bits".into()
}

#[cfg(test)]
mod tests {
    use super::sum;

    fn value(name: &str) -> String {
        match name {
            "a" => "7".into(),
            "text" => "x".into(),
            _ => String::new(),
        }
    }

    #[test]
    fn operators_bind_as_in_other_shells() {
        for (text, wanted) in [
            ("1 + 2*3", 7),
            ("(1+2)*3 - -4 % 3", 10),
            ("10 - 3 - 2", 5),
            ("a / 2 + none + $a", 10),
            ("1 < 2 && 2 <= 2 && !(3 > 4) && 1 != 2", 1),
            ("1 == 2 || 0", 0),
            (" 3>=4 ", 0),
            ("9223372036854775807", i64::MAX),
        ] {
            assert_eq!(sum(text, &value), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn wrong_sums_say_why() {
        for (text, why) in [
            ("1 / 0", "division by 0"),
            ("1 +", "a number is missing at the end"),
            ("* 2", "a number is missing before `*`"),
            ("(1", "a ( has no )"),
            ("1 2", "`2` has no place there"),
            ("text", "text is `x`, no number"),
            ("3x", "`3x` is no number"),
            ("9223372036854775807 + 1", "the result has more than 64 bits"),
        ] {
            assert_eq!(sum(text, &value), Err(format!("$(({text})): {why}")));
        }
        let deep = "(".repeat(1000);
        assert!(sum(&deep, &value).unwrap_err().contains("more than 32"));
    }
}
