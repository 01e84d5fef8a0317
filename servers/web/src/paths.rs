//! Paths of targets.

use alloc::string::String;
use alloc::vec::Vec;

/// The path of a target: decoded, without its query. `None` for what is none, has `.`, `..` or
/// empty names in it, or control characters.
pub(crate) fn of(target: &str) -> Option<String> {
    let path = match target.strip_prefix("http://") {
        Some(rest) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"),
        None => target,
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let path = String::from_utf8(decoded(path)?).ok()?;
    let names = path.strip_prefix('/')?;
    let last = names.split('/').count();
    let good = |(number, name): (usize, &str)| {
        // The path of a directory ends with a slash.
        !matches!(name, "." | "..") && (!name.is_empty() || number == last)
    };
    let all_good = (1..).zip(names.split('/')).all(good);
    (all_good && !path.contains(|c: char| c.is_control() || c == '\\')).then_some(path)
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut all = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        all.push(match byte {
            b'%' => digit(bytes.next()?)? << 4 | digit(bytes.next()?)?,
            byte => byte,
        });
    }
    Some(all)
}

fn digit(byte: u8) -> Option<u8> {
    let value = char::from(byte).to_digit(16)?;
    u8::try_from(value).ok()
}

/// The type of a file's content, by the end of its name.
pub(crate) fn type_of(path: &str) -> &'static str {
    let end = path.rsplit_once('.').map_or("", |(_, end)| end);
    match end {
        "html" | "htm" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "txt" | "md" | "toml" | "rs" | "log" => "text/plain; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "pdf" => "application/pdf",
        "wasm" => "application/wasm",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::{of, type_of};

    #[test]
    fn paths_stay_below_the_root() {
        assert_eq!(of("/").as_deref(), Some("/"));
        assert_eq!(of("/a/b.txt?q#f").as_deref(), Some("/a/b.txt"));
        assert_eq!(of("/a%2fb/%C3%A9/").as_deref(), Some("/a/b/é/"));
        for wrong in [
            "",
            "a",
            "*",
            "..",
            "/..",
            "/../a",
            "/a/../b",
            "/a/..",
            "/%2e%2e/a",
            "/%2E./a",
            "/./a",
            "//a",
            "/a//b",
            "/a%2f%2e%2e%2fb",
            "/%",
            "/%4",
            "/%zz",
            "/%00",
            "/%0a",
            "/%ff",
            "/\\..\\a",
            "http:/a",
            "https://h/a",
        ] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
        assert_eq!(of("http://host").as_deref(), Some("/"));
    }

    #[test]
    fn contents_have_types() {
        assert_eq!(type_of("/a.b/c.png"), "image/png");
        assert_eq!(type_of("/readme"), "application/octet-stream");
    }
}
