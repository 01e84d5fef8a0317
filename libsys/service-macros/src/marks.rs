//! The marks on methods: `#[idempotent]` and its kin.

use syn::{Attribute, Error, Expr, Lit, Meta, Path, Result};

/// What is marked on a method.
#[derive(Default)]
pub(crate) struct Marks {
    pub(crate) idempotent: bool,
    pub(crate) deferred: bool,
    pub(crate) returns_handle: bool,
    pub(crate) connector: bool,
    /// The interface of the session that it opens.
    pub(crate) opens: Option<Path>,
    /// Documentation and other attributes that stay on the server's method.
    pub(crate) kept: Vec<Attribute>,
}

const KNOWN: &str = "`idempotent`, `deferred`, `returns_handle`, `connector` and `opens`";

impl Marks {
    pub(crate) fn read(attributes: Vec<Attribute>) -> Result<Self> {
        let mut marks = Self::default();
        for attribute in attributes {
            let Some(name) = attribute.path().get_ident().map(ToString::to_string) else {
                marks.kept.push(attribute);
                continue;
            };
            match name.as_str() {
                "idempotent" => set(&mut marks.idempotent, &attribute)?,
                "deferred" => set(&mut marks.deferred, &attribute)?,
                "returns_handle" => set(&mut marks.returns_handle, &attribute)?,
                "connector" => set(&mut marks.connector, &attribute)?,
                "opens" => {
                    if marks.opens.replace(attribute.parse_args()?).is_some() {
                        return Err(Error::new_spanned(attribute, "marked twice"));
                    }
                }
                "handle" => {
                    let text = "`handle` marks an argument; a result is marked with \
                                `#[returns_handle]` on the method";
                    return Err(Error::new_spanned(attribute, text));
                }
                "doc" | "allow" | "expect" => marks.kept.push(attribute),
                other => {
                    let text = format!("no mark `{other}`: methods have {KNOWN}");
                    return Err(Error::new_spanned(attribute, text));
                }
            }
        }
        Ok(marks)
    }

    /// Only the documentation.
    pub(crate) fn docs(&self) -> impl Iterator<Item = &Attribute> {
        self.kept.iter().filter(|attribute| attribute.path().is_ident("doc"))
    }

    /// The first line of the documentation.
    pub(crate) fn help(&self) -> String {
        self.docs().find_map(doc_text).unwrap_or_default()
    }

    /// All lines of the documentation.
    pub(crate) fn text(&self) -> Vec<String> {
        self.docs().filter_map(doc_text).collect()
    }

    /// The marks that it has, for people.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        let flags = [
            (self.idempotent, "idempotent"),
            (self.deferred, "deferred"),
            (self.returns_handle, "returns handles"),
            (self.connector, "connector"),
            (self.opens.is_some(), "opens a session"),
        ];
        flags.into_iter().filter_map(|(set, name)| set.then_some(name)).collect()
    }
}

fn set(flag: &mut bool, attribute: &Attribute) -> Result<()> {
    attribute.meta.require_path_only()?;
    if core::mem::replace(flag, true) {
        return Err(Error::new_spanned(attribute, "marked twice"));
    }
    Ok(())
}

fn doc_text(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else { return None };
    let Expr::Lit(literal) = &pair.value else { return None };
    let Lit::Str(text) = &literal.lit else { return None };
    Some(text.value().trim().to_owned())
}
