//! Sources as tokens: code apart from comments, strings and documentation.

use anyhow::{Context as _, Result};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::path::Path;
use std::str::FromStr as _;

/// The tokens of a source text.
pub(crate) fn parse(text: &str) -> Result<TokenStream> {
    // The lexer's error is only a place.
    TokenStream::from_str(text).map_err(|error| anyhow::anyhow!("{error}"))
}

/// The tokens of a file.
pub(crate) fn read(file: &Path) -> Result<TokenStream> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    parse(&text).with_context(|| format!("{} is no Rust", file.display()))
}

/// The lines with this word.
pub(crate) fn lines_with(tokens: TokenStream, word: &str) -> Vec<usize> {
    let mut lines = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) => lines.extend(lines_with(group.stream(), word)),
            TokenTree::Ident(ident) if ident == word => lines.push(ident.span().start().line),
            _ => {}
        }
    }
    lines
}

/// All identifiers, with repetitions.
pub(crate) fn words(tokens: TokenStream) -> Vec<String> {
    let mut words = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) => words.extend(self::words(group.stream())),
            TokenTree::Ident(ident) => words.push(ident.to_string()),
            _ => {}
        }
    }
    words
}

/// Whether the file begins with `#![forbid(unsafe_code)]`, among other attributes.
pub(super) fn forbids_unsafe(tokens: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    tokens.windows(3).any(|window| match window {
        [TokenTree::Punct(hash), TokenTree::Punct(bang), TokenTree::Group(group)] => {
            hash.as_char() == '#'
                && bang.as_char() == '!'
                && group.delimiter() == Delimiter::Bracket
                && is_forbid(group.stream())
        }
        _ => false,
    })
}

fn is_forbid(attribute: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = attribute.into_iter().collect();
    match tokens.as_slice() {
        [TokenTree::Ident(name), TokenTree::Group(arguments)] => {
            name == "forbid" && !lines_with(arguments.stream(), "unsafe_code").is_empty()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{forbids_unsafe, lines_with, parse};

    #[test]
    fn only_code_counts() {
        let text = "//! unsafe\n/* unsafe */ /// unsafe\nfn a() { \"unsafe\"; r#\"unsafe\"#; }\n\
            #![forbid(unsafe_code)]\nfn b() { [unsafe { f() }] }\nunsafe impl A for B {}";
        assert_eq!(lines_with(parse(text).unwrap(), "unsafe"), [5, 6]);
    }

    #[test]
    fn the_attribute_is_found_among_others() {
        let found = |text: &str| forbids_unsafe(parse(text).unwrap());
        assert!(found("//! Doc.\n#![no_std]\n#![forbid(unsafe_code)]\nfn a() {}"));
        assert!(found("#![forbid(missing_docs, unsafe_code)]"));
        assert!(!found("#![deny(unsafe_code)]"));
        assert!(!found("// #![forbid(unsafe_code)]"));
    }

    #[test]
    fn what_is_no_rust_is_an_error() {
        assert!(parse("fn a( {").is_err());
    }
}
