//! Name resolution that lets only public addresses through.
//!
//! The connector connects to the very addresses that were checked here: a name that answers with a public address when
//! it is registered and with a private one later (DNS rebinding) gains nothing.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::is_public;

/// The addresses of a host, when they are there.
pub type Lookup = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Where the addresses of host names come from.
pub trait Directory: fmt::Debug + Send + Sync {
    /// All the addresses of `host`. None at all counts as a failure.
    fn lookup(&self, host: String) -> Lookup;
}

/// The operating system's resolver.
#[derive(Debug, Clone, Copy)]
pub struct SystemDirectory;

impl Directory for SystemDirectory {
    fn lookup(&self, host: String) -> Lookup {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// Why a host can't be connected to.
#[derive(Debug, thiserror::Error)]
pub(super) enum ResolveError {
    /// The name has no address, or nobody could say.
    #[error("the host name could not be resolved")]
    Dns(#[source] Option<io::Error>),
    /// At least one of its addresses is not public.
    #[error("the host name resolves to an address that is not public")]
    ForbiddenAddress,
}

/// Resolves names, and refuses those with an address that is not public.
#[derive(Debug, Clone)]
pub(super) struct GuardedResolver {
    pub(super) directory: Arc<dyn Directory>,
    pub(super) allow_private: bool,
}

impl GuardedResolver {
    /// The addresses of `host`, all of them checked. One that is not public spoils the rest: an honest endpoint has none,
    /// and to pick the good ones would only help those who mix them.
    pub(super) async fn resolve(&self, host: String) -> Result<Vec<IpAddr>, ResolveError> {
        let addresses = self.directory.lookup(host).await.map_err(|e| ResolveError::Dns(Some(e)))?;
        if addresses.is_empty() {
            return Err(ResolveError::Dns(None));
        }
        if !self.allow_private && !addresses.iter().copied().all(is_public) {
            return Err(ResolveError::ForbiddenAddress);
        }
        Ok(addresses)
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let addresses = Self::resolve(&resolver, name.as_str().to_owned()).await?;
            // Port 0 stands for the URL's port.
            Ok(Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}
