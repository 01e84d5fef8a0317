//! The trait, read and checked: everything that could go wrong later is said here, at the
//! place in the source where it is.

use crate::marks::Marks;
use crate::names;
use crate::passing::{Passing, refuse_borrowed};
use crate::schema;
use crate::settings::{NAME, Settings, is_service_name};
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::{
    Attribute, Error, FnArg, GenericArgument, Generics, Ident, ItemTrait, Pat, PathArguments,
    Result, ReturnType, Signature, TraitItem, TraitItemFn, Type, Visibility,
};

/// As many handles as a message carries: `abi::MESSAGE_HANDLES`.
const MOST_HANDLES: usize = 4;

pub(crate) struct Interface {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) ident: Ident,
    pub(crate) name: String,
    pub(crate) version: u32,
    pub(crate) max_message: u32,
    pub(crate) max_lend: u32,
    /// Whether only clients with an open session may call it.
    pub(crate) session: bool,
    pub(crate) schema: String,
    /// The type parameter of its client.
    pub(crate) connection: Ident,
    pub(crate) methods: Vec<Method>,
}

pub(crate) struct Method {
    pub(crate) marks: Marks,
    pub(crate) ident: Ident,
    pub(crate) arguments: Vec<Argument>,
    /// The whole `Result<T, E>`.
    pub(crate) output: Type,
    pub(crate) good: Type,
    pub(crate) error: Type,
}

pub(crate) struct Argument {
    pub(crate) ident: Ident,
    /// The variable that holds it where the author's name is not seen.
    pub(crate) local: Ident,
    pub(crate) kind: Type,
    pub(crate) passing: Passing,
}

impl Interface {
    pub(crate) fn read(settings: Settings, item: ItemTrait) -> Result<Self> {
        check_trait(&item)?;
        let connection = names::fresh("C", item.to_token_stream());
        let methods: Vec<Method> =
            item.items.into_iter().map(Method::read).collect::<Result<_>>()?;
        let connectors: Vec<_> = methods.iter().filter(|m| m.marks.connector).collect();
        if let [_, second, ..] = connectors.as_slice() {
            return Err(Error::new(second.ident.span(), "an interface has one connector"));
        }
        names::check(&methods, settings.session)?;
        let name = match settings.name {
            Some(name) => name,
            None => name_of(&item.ident)?,
        };
        let schema = schema::text(&name, settings.version, &methods);
        Ok(Self {
            attributes: item.attrs,
            visibility: item.vis,
            ident: item.ident,
            name,
            version: settings.version,
            max_message: settings.max_message,
            max_lend: settings.max_lend,
            session: settings.session,
            schema,
            connection,
            methods,
        })
    }
}

/// The service's name when it is not given: the trait's.
fn name_of(ident: &Ident) -> Result<String> {
    let name = ident.unraw().to_string().to_lowercase();
    if is_service_name(&name) {
        return Ok(name);
    }
    let text = format!("`{name}` cannot be the service's name, which {NAME}: give `name = \"…\"`");
    Err(Error::new(ident.span(), text))
}

fn check_trait(item: &ItemTrait) -> Result<()> {
    refuse_generics(&item.generics, "an interface")?;
    if let Some(unsafety) = &item.unsafety {
        return Err(Error::new_spanned(unsafety, "an interface cannot be unsafe"));
    }
    if !item.supertraits.is_empty() {
        let text = "an interface has no supertraits: a client implements only what is here";
        return Err(Error::new_spanned(&item.supertraits, text));
    }
    Ok(())
}

fn refuse_generics(generics: &Generics, what: &str) -> Result<()> {
    if generics.params.is_empty() && generics.where_clause.is_none() {
        return Ok(());
    }
    let text = format!("{what} has no generic parameters: messages carry values of fixed types");
    Err(Error::new_spanned(generics, text))
}

impl Method {
    fn read(item: TraitItem) -> Result<Self> {
        let TraitItem::Fn(TraitItemFn { attrs, sig, default, .. }) = item else {
            return Err(Error::new_spanned(item, "an interface has only methods"));
        };
        if let Some(body) = default {
            return Err(Error::new_spanned(body, "a method of an interface has no body"));
        }
        let marks = Marks::read(attrs)?;
        let (output, good, error) = output(&sig)?;
        let arguments = arguments(&sig)?;
        let method = Self { marks, ident: sig.ident, arguments, output, good, error };
        method.check_marks()?;
        Ok(method)
    }

    fn check_marks(&self) -> Result<()> {
        let fail = |text: &str| Err(Error::new(self.ident.span(), text));
        if self.marks.deferred && self.marks.returns_handle {
            return fail("a deferred method cannot return a handle");
        }
        if self.marks.opens.is_some() && (self.marks.deferred || self.marks.returns_handle) {
            return fail("a method that opens a session is neither deferred nor returns a handle");
        }
        if self.marks.idempotent && self.arguments.iter().any(|a| !a.passing.repeatable()) {
            return fail(
                "a method that takes a handle cannot be idempotent: it is moved once \
                 (`#[handle(copy, …)]` can be sent again)",
            );
        }
        if self.marks.deferred && self.lends().count() > 0 {
            return fail("a deferred method borrows nothing: what is lent is lent for the call");
        }
        if self.gives_back() && (self.marks.returns_handle || self.marks.opens.is_some()) {
            return fail("a method that returns handles or opens a session lends no `&mut [u8]`");
        }
        let filled = |argument: &&Argument| matches!(argument.passing, Passing::LentMut);
        if self.lends().filter(filled).count() > 1 {
            return fail("a method lends one `&mut [u8]`");
        }
        if self.handles().count() + self.lends().count() > MOST_HANDLES {
            return fail("a message carries at most 4 handles");
        }
        if self.marks.connector && !(self.marks.returns_handle && self.arguments.len() == 1) {
            return fail(
                "a connector takes the service's name and returns a handle: \
                 `#[connector] #[returns_handle] fn connect(&mut self, service: String) -> …`",
            );
        }
        Ok(())
    }

    pub(crate) fn handles(&self) -> impl Iterator<Item = &Argument> {
        self.arguments.iter().filter(|argument| argument.passing.as_handles())
    }

    pub(crate) fn lends(&self) -> impl DoubleEndedIterator<Item = &Argument> {
        self.arguments.iter().filter(|argument| argument.passing.is_lent())
    }

    /// The lent bytes that the answer fills.
    pub(crate) fn filled(&self) -> Option<&Argument> {
        self.lends().find(|argument| matches!(argument.passing, Passing::LentMut))
    }

    /// Whether lent bytes come back with the answer.
    pub(crate) fn gives_back(&self) -> bool {
        self.filled().is_some()
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &Argument> {
        self.arguments.iter().filter(|argument| !argument.passing.as_handles())
    }

    /// The handle's type and the value's that come back, when a handle does.
    pub(crate) fn handle_and_value(&self) -> Option<(&Type, Option<&Type>)> {
        if !self.marks.returns_handle {
            return None;
        }
        match &self.good {
            Type::Tuple(pair) if pair.elems.len() == 2 => {
                Some((pair.elems.first()?, pair.elems.last()))
            }
            handle => Some((handle, None)),
        }
    }
}

fn arguments(sig: &Signature) -> Result<Vec<Argument>> {
    refuse_generics(&sig.generics, "a method of an interface")?;
    if let Some(asyncness) = &sig.asyncness {
        let text = "a method of an interface is not async; `#[deferred]` answers later";
        return Err(Error::new_spanned(asyncness, text));
    }
    let receiver = sig.receiver().filter(|receiver| {
        receiver.reference.is_some()
            && receiver.mutability.is_some()
            && receiver.colon_token.is_none()
    });
    if receiver.is_none() {
        let text = "a method of an interface takes `&mut self` first";
        return Err(Error::new(sig.ident.span(), text));
    }
    sig.inputs.iter().skip(1).enumerate().map(|(at, input)| argument(at, input)).collect()
}

fn argument(at: usize, input: &FnArg) -> Result<Argument> {
    let FnArg::Typed(typed) = input else {
        return Err(Error::new_spanned(input, "`self` comes first"));
    };
    let Pat::Ident(pattern) = &*typed.pat else {
        return Err(Error::new_spanned(&typed.pat, "an argument is a plain name"));
    };
    if pattern.by_ref.is_some() || pattern.mutability.is_some() || pattern.subpat.is_some() {
        return Err(Error::new_spanned(pattern, "an argument is a plain name"));
    }
    let passing = Passing::read(&typed.attrs, &typed.ty)?;
    let (ident, local) = (pattern.ident.clone(), names::numbered(at));
    Ok(Argument { ident, local, kind: (*typed.ty).clone(), passing })
}

fn output(sig: &Signature) -> Result<(Type, Type, Type)> {
    let text = "a method of an interface returns `Result<T, E>`; `service::Never` is an E that \
                never happens";
    let ReturnType::Type(_, output) = &sig.output else {
        return Err(Error::new(sig.ident.span(), text));
    };
    let (good, error) = result_types(output).ok_or_else(|| Error::new_spanned(output, text))?;
    refuse_borrowed(&good)?;
    refuse_borrowed(&error)?;
    Ok(((**output).clone(), good, error))
}

fn result_types(output: &Type) -> Option<(Type, Type)> {
    let Type::Path(path) = output else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Result")?;
    let PathArguments::AngleBracketed(list) = &last.arguments else { return None };
    let mut types = list.args.iter();
    match (types.next(), types.next(), types.next()) {
        (Some(GenericArgument::Type(good)), Some(GenericArgument::Type(error)), None) => {
            Some((good.clone(), error.clone()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
