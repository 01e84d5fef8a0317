//! Sources as tokens: code apart from comments, strings and documentation.

use anyhow::{Context as _, Result, anyhow};
use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use std::path::Path;

/// The tokens of a source text.
pub(crate) fn parse(text: &str) -> Result<TokenStream> {
    // The lexer's error is only a place.
    text.parse().map_err(|error| anyhow!("this is no Rust: {error}"))
}

/// The tokens of a file.
pub(crate) fn read(file: &Path) -> Result<TokenStream> {
    parse(&fs_err::read_to_string(file)?).with_context(|| file.display().to_string())
}

/// All tokens, those in groups in the place of their groups.
pub(crate) fn leaves(tokens: TokenStream) -> Vec<TokenTree> {
    let mut leaves = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) => leaves.extend(self::leaves(group.stream())),
            leaf => leaves.push(leaf),
        }
    }
    leaves
}

/// All tokens as they are written, in a row: delimiters and `::` are tokens of their own.
pub(crate) fn flat(tokens: TokenStream) -> Vec<String> {
    let mut flat: Vec<String> = Vec::new();
    let mut joint = false;
    for token in tokens {
        let was_joint = std::mem::take(&mut joint);
        if let TokenTree::Group(group) = token {
            let (open, close) = match group.delimiter() {
                Delimiter::Parenthesis => ("(", ")"),
                Delimiter::Bracket => ("[", "]"),
                Delimiter::Brace => ("{", "}"),
                Delimiter::None => ("", ""),
            };
            flat.push(open.to_owned());
            flat.extend(self::flat(group.stream()));
            flat.push(close.to_owned());
            continue;
        }
        joint = matches!(&token, TokenTree::Punct(mark) if mark.spacing() == Spacing::Joint);
        let word = token.to_string();
        match flat.last_mut() {
            Some(last) if was_joint && last == ":" && word == ":" => last.push(':'),
            _ => flat.push(word),
        }
    }
    flat
}

/// All identifiers, with repetitions.
pub(crate) fn words(tokens: TokenStream) -> impl Iterator<Item = proc_macro2::Ident> {
    leaves(tokens).into_iter().filter_map(|leaf| match leaf {
        TokenTree::Ident(word) => Some(word),
        _ => None,
    })
}

/// The lines with this word.
pub(crate) fn lines_with(tokens: TokenStream, word: &str) -> Vec<usize> {
    words(tokens).filter(|ident| ident == word).map(|ident| ident.span().start().line).collect()
}

#[cfg(test)]
mod tests {
    use super::{lines_with, parse};

    #[test]
    fn only_code_counts() {
        let text = "//! unsafe\n/* unsafe */ /// unsafe\nfn a() { \"unsafe\"; r#\"unsafe\"#; }\n\
            #![forbid(unsafe_code)]\nfn b() { [unsafe { f() }] }\nunsafe impl A for B {}";
        assert_eq!(lines_with(parse(text).unwrap(), "unsafe"), [5, 6]);
    }

    #[test]
    fn what_is_no_rust_is_an_error() {
        assert!(parse("fn a( {").is_err());
    }
}
