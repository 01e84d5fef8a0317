//! What stands in the parentheses of the attribute.

use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, LitInt, LitStr, Result, Token};

/// `version = 1, name = "console", max_message = 65536, session`
pub(crate) struct Settings {
    pub(crate) version: u32,
    pub(crate) name: Option<String>,
    pub(crate) max_message: u32,
    pub(crate) max_lend: u32,
    pub(crate) session: bool,
}

/// The default of `max_message`: `service::DEFAULT_MESSAGE`.
const DEFAULT_MESSAGE: u32 = 4096;
/// The default of `max_lend`: what a server can map without having to think of its quota.
const DEFAULT_LEND: u32 = 1 << 20;
/// Some tables of pages of the server's, for the time of the call.
const LARGEST_LEND: u32 = 1 << 26;
/// The kernel's limit: `abi::MESSAGE_MAX`.
const LARGEST_MESSAGE: u32 = 65536;

impl Parse for Settings {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let (mut version, mut name, mut max_message) = (None, None, DEFAULT_MESSAGE);
        let (mut max_lend, mut session) = (DEFAULT_LEND, false);
        while !input.is_empty() {
            let key: Ident = input.parse()?;
            if key != "session" {
                input.parse::<Token![=]>()?;
            }
            match key.to_string().as_str() {
                "version" => version = Some(input.parse::<LitInt>()?.base10_parse()?),
                "name" => name = Some(service_name(&input.parse()?)?),
                "session" => session = true,
                "max_lend" => max_lend = lend_size(&input.parse()?)?,
                "max_message" => max_message = message_size(&input.parse()?)?,
                other => {
                    let text = format!(
                        "no setting `{other}`: there are `version`, `name`, `max_message`, \
                         `max_lend` and `session`"
                    );
                    return Err(Error::new(key.span(), text));
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        let version = version.ok_or_else(|| {
            input.error("an interface needs a version: `#[service::interface(version = 1)]`")
        })?;
        Ok(Self { version, name, max_message, max_lend, session })
    }
}

fn service_name(literal: &LitStr) -> Result<String> {
    let name = literal.value();
    if is_service_name(&name) {
        return Ok(name);
    }
    Err(Error::new(literal.span(), format!("a service's name {NAME}")))
}

/// What a service's name is.
pub(crate) const NAME: &str = "is 1 to 16 lower-case letters, digits and `-`";

pub(crate) fn is_service_name(name: &str) -> bool {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=16).contains(&name.len()) && name.chars().all(good)
}

fn message_size(literal: &LitInt) -> Result<u32> {
    match literal.base10_parse()? {
        size @ 64..=LARGEST_MESSAGE => Ok(size),
        _ => Err(Error::new(literal.span(), "a message is 64 to 65536 bytes long")),
    }
}

fn lend_size(literal: &LitInt) -> Result<u32> {
    match literal.base10_parse()? {
        size @ 4096..=LARGEST_LEND => Ok(size),
        _ => Err(Error::new(literal.span(), "at most 4096 to 67108864 bytes are lent")),
    }
}
