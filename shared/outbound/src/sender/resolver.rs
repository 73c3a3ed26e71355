//! Name resolution that lets only public addresses through.
//!
//! Connections go to exactly the addresses that were checked here, so that DNS rebinding (a public address at
//! registration, a private one later) has no effect.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use dns_lookup::{AddrInfoHints, LookupErrorKind, SockType, getaddrinfo};
use domain::attempt::ErrorDetail;
use tokio::task::spawn_blocking;

use super::address::is_public;

/// Resolves to the addresses of a host.
pub type Lookup = Pin<Box<dyn Future<Output = Result<Vec<IpAddr>, LookupError>> + Send>>;

/// Why there are no addresses.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// The name does not exist, or has no address.
    #[error("the name does not exist or has no address")]
    NoSuchName,
    /// The name servers failed, or could not be reached.
    #[error("the name servers failed or could not be reached")]
    ServerFailure,
    /// The lookup could not be made.
    #[error("the lookup could not be made")]
    Failed(#[source] io::Error),
}

impl LookupError {
    /// What exactly failed, if known.
    pub(super) fn detail(&self) -> Option<ErrorDetail> {
        match self {
            Self::NoSuchName => Some(ErrorDetail::NoSuchName),
            Self::ServerFailure => Some(ErrorDetail::ServerFailure),
            Self::Failed(_) => None,
        }
    }
}

/// Resolves host names.
pub trait Directory: fmt::Debug + Send + Sync {
    /// All addresses of `host`. An empty list counts as a failure.
    fn lookup(&self, host: String) -> Lookup;
}

/// The operating system's resolver.
#[derive(Debug, Clone, Copy)]
pub struct SystemDirectory;

impl Directory for SystemDirectory {
    fn lookup(&self, host: String) -> Lookup {
        Box::pin(async move {
            let found = spawn_blocking(move || ask_system(&host)).await;
            found.unwrap_or_else(|error| Err(LookupError::Failed(error.into())))
        })
    }
}

/// Calls `getaddrinfo` directly: the standard library hides its error codes.
fn ask_system(host: &str) -> Result<Vec<IpAddr>, LookupError> {
    let hints = AddrInfoHints { socktype: SockType::Stream.into(), ..AddrInfoHints::default() };
    let found = getaddrinfo(Some(host), None, Some(hints)).map_err(|error| match error.kind() {
        LookupErrorKind::NoName | LookupErrorKind::NoData => LookupError::NoSuchName,
        // `Again` is SERVFAIL or unreachable name servers; those that don't respond take longer than we wait.
        LookupErrorKind::Again | LookupErrorKind::Fail => LookupError::ServerFailure,
        _ => LookupError::Failed(error.into()),
    })?;
    let addresses: io::Result<Vec<IpAddr>> = found.map(|info| info.map(|info| info.sockaddr.ip())).collect();
    addresses.map_err(LookupError::Failed)
}

/// Why a host name has no usable addresses.
#[derive(Debug, thiserror::Error)]
pub(super) enum ResolveError {
    /// The name could not be resolved.
    #[error("the host name could not be resolved")]
    Dns(#[source] LookupError),
    /// At least one of its addresses is not public.
    #[error("the host name resolves to an address that is not public")]
    ForbiddenAddress,
}

/// Resolves names, and refuses those with a non-public address.
#[derive(Debug, Clone)]
pub(super) struct GuardedResolver {
    pub(super) directory: Arc<dyn Directory>,
    pub(super) allow_private: bool,
}

impl GuardedResolver {
    /// The addresses of `host`, all checked. One non-public address refuses them all: an honest endpoint has none, and
    /// picking the public ones would only help attackers who mix them.
    pub(super) async fn resolve(&self, host: String) -> Result<Vec<IpAddr>, ResolveError> {
        let addresses = self.directory.lookup(host).await.map_err(ResolveError::Dns)?;
        if addresses.is_empty() {
            return Err(ResolveError::Dns(LookupError::NoSuchName));
        }
        if !self.allow_private && !addresses.iter().copied().all(is_public) {
            return Err(ResolveError::ForbiddenAddress);
        }
        Ok(addresses)
    }
}
