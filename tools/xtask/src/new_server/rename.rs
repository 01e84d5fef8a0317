//! Renames the template in a text.

use super::name::ServerName;

/// Sentences that are true of the template alone.
const ABOUT_ITSELF: &str = ": copy it with `cargo xtask new-server NAME`.";

/// In text that is not Rust, `template` is always the package.
pub(super) fn plain(text: &str, name: &ServerName) -> String {
    text.replace("template", name.package()).replace("Template", &name.camel())
}

/// Rust: the package's name in comments and strings, the crate's in code.
pub(super) fn rust(text: &str, name: &ServerName) -> String {
    let mut result: String = text
        .replace(ABOUT_ITSELF, ".")
        .split_inclusive('\n')
        .map(|line| self::line(line, name))
        .collect();
    // The default name of a service is its trait's in small letters.
    if name.camel().to_lowercase() != name.package() && !result.contains("name = ") {
        let named = format!("service::interface(name = \"{}\", version", name.package());
        result = result.replace("service::interface(version", &named);
    }
    result
}

fn line(line: &str, name: &ServerName) -> String {
    let line = line.replace("Template", &name.camel());
    let (code, comment) = line.split_at(line.find("//").unwrap_or(line.len()));
    let mut in_string = false;
    let mut result = String::new();
    for (index, part) in code.split('"').enumerate() {
        if index > 0 {
            result.push('"');
            in_string = !in_string;
        }
        let new = if in_string { name.package().to_owned() } else { name.snake() };
        result.push_str(&part.replace("template", &new));
    }
    result + &comment.replace("template", name.package())
}

#[cfg(test)]
mod tests {
    use super::{plain, rust};

    #[test]
    fn packages_crates_and_types_get_their_form() {
        let name = "my-echo".parse().unwrap();
        assert_eq!(
            plain("template-api = { path = \"api\" }", &name),
            "my-echo-api = { path = \"api\" }"
        );
        assert_eq!(
            rust("use template_api::{Template, TemplateError}; // the template's\n", &name),
            "use my_echo_api::{MyEcho, MyEchoError}; // the my-echo's\n"
        );
        assert_eq!(
            rust("connect(\"template\", template::X)", &name),
            "connect(\"my-echo\", my_echo::X)"
        );
    }

    #[test]
    fn the_templates_words_about_itself_are_left_out() {
        let text = "//! The template server: copy it with `cargo xtask new-server NAME`.\n";
        assert_eq!(rust(text, &"echo".parse().unwrap()), "//! The echo server.\n");
    }

    #[test]
    fn a_service_whose_trait_reads_otherwise_is_named() {
        let text = "#[service::interface(version = 1)]\npub trait Template {";
        let named = "#[service::interface(name = \"my-echo\", version = 1)]\npub trait MyEcho {";
        assert_eq!(rust(text, &"my-echo".parse().unwrap()), named);
        let plain = "#[service::interface(version = 1)]\npub trait Echo {";
        assert_eq!(rust(text, &"echo".parse().unwrap()), plain);
    }
}
