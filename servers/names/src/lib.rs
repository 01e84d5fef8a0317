//! The name server: gives handles to services to the clients that the manifest allows.
//!
//! Its whole state is in its startup block: the access table and one handle for each service.
//! So a crash loses nothing, and no service registers.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use executor::Executor;
use manifest::{Access, AccessTable};
use names_api::{Names, NamesError, ServiceEntry};
use service::Caller;
use sys::{Endpoint, OwnedHandle, Rights};

/// The program. Tests run it on the host as it is.
///
/// # Errors
/// When it was not given its endpoint, or the kernel refuses to let it serve.
pub fn main(env: rt::Env) -> Result<(), rt::Failure> {
    let table = AccessTable::parse(env.args());
    let mut server = NameServer::new(table, |name| env.handle(&format!("service:{name}")).ok());
    #[cfg(target_os = "none")]
    defmt::info!("{=usize} services", server.count());
    Executor::new()?.serve::<dyn Names>(env.handle("endpoint")?, &mut server)?;
    Ok(())
}

/// The name server.
#[derive(Debug)]
pub struct NameServer {
    table: AccessTable,
    /// An unbadged handle for each service.
    endpoints: Vec<(String, Endpoint)>,
}

impl NameServer {
    /// Returns the server with the access table and the endpoints that `endpoint` finds.
    pub fn new(table: AccessTable, mut endpoint: impl FnMut(&str) -> Option<Endpoint>) -> Self {
        let endpoints =
            table.services().filter_map(|name| Some((name.to_string(), endpoint(name)?)));
        Self { endpoints: endpoints.collect(), table }
    }

    /// Returns the number of services that can be reached.
    pub fn count(&self) -> usize {
        self.endpoints.len()
    }

    fn endpoint(&self, service: &str) -> Option<&Endpoint> {
        self.endpoints.iter().find(|(name, _)| name == service).map(|(_, endpoint)| endpoint)
    }

    fn client_name(&self, caller: &Caller) -> String {
        let number = client(caller);
        self.table.client_name(number).map_or_else(|| format!("client {number}"), String::from)
    }
}

/// The client's number. The upper half of a badge tells the lives of a program apart.
fn client(caller: &Caller) -> u32 {
    u32::try_from(caller.badge() & u64::from(u32::MAX)).unwrap_or(0)
}

impl Names for NameServer {
    fn open(&mut self, caller: &Caller, service: String) -> Result<OwnedHandle, NamesError> {
        match self.table.access(client(caller), &service) {
            Access::NoSuchService => return Err(NamesError::NotFound { service }),
            Access::Refused => {
                let client = self.client_name(caller);
                return Err(NamesError::NotAllowed { service, client });
            }
            Access::Allowed => {}
        }
        let Some(endpoint) = self.endpoint(&service) else {
            return Err(NamesError::NotFound { service });
        };
        let badged = endpoint.badged(Rights::SEND | Rights::TRANSFER, caller.badge());
        badged.map(OwnedHandle::from).map_err(|_| NamesError::Exhausted)
    }

    fn list(&mut self, caller: &Caller) -> Result<Vec<ServiceEntry>, NamesError> {
        let entry = |name: &str| ServiceEntry {
            name: name.to_string(),
            allowed: self.table.access(client(caller), name) == Access::Allowed,
        };
        Ok(self.table.services().map(entry).collect())
    }
}

#[cfg(test)]
mod tests;
