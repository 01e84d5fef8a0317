//! No program contains the path of the tree in which it was compiled: in a copied or moved clone
//! cargo takes the old build results for fresh, and they would work on the old tree.

use super::{sources, tokens};
use crate::workspace;
use anyhow::Result;
use proc_macro2::{TokenStream, TokenTree};
use std::path::Path;

/// Variables of cargo whose values are paths in the tree.
const VARIABLES: [&str; 4] =
    ["CARGO_BIN_EXE_", "CARGO_MANIFEST_", "CARGO_TARGET_TMPDIR", "OUT_DIR"];

/// Checks all sources of the repository.
pub(super) fn check() -> Result<()> {
    let problems = compiled_in(&workspace::root())?;
    super::verdict::verdict(&problems)
}

fn compiled_in(root: &Path) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for file in sources(root)? {
        let place = file.strip_prefix(root).unwrap_or(&file);
        for line in lines(tokens::read(&file)?) {
            problems.push(format!(
                "{}:{line}: env! compiles the tree's path in; read it when the program runs",
                place.display()
            ));
        }
    }
    Ok(problems)
}

/// The lines with `env!` or `option_env!` of such a variable.
fn lines(tokens: TokenStream) -> Vec<usize> {
    let mut lines = Vec::new();
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for window in tokens.windows(3) {
        if let [TokenTree::Ident(name), TokenTree::Punct(bang), TokenTree::Group(group)] = window
            && (name == "env" || name == "option_env")
            && bang.as_char() == '!'
            && VARIABLES.iter().any(|variable| group.to_string().contains(variable))
        {
            lines.push(name.span().start().line);
        }
    }
    for token in tokens {
        if let TokenTree::Group(group) = token {
            lines.extend(self::lines(group.stream()));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{lines, tokens};

    #[test]
    fn paths_that_are_read_at_run_time_are_good() {
        let text = "// env!(\"OUT_DIR\")\nfn a() { b(env!(\"CARGO_MANIFEST_DIR\")) }\n\
            const C: &str = concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/c\");\n\
            include!(concat!(env!(\"OUT_DIR\"), \"/d\"));\nfn e() { var(\"OUT_DIR\") }\n\
            const F: &str = env!(\"CARGO_PKG_NAME\");";
        assert_eq!(lines(tokens::parse(text).unwrap()), [2, 3, 4]);
    }
}
