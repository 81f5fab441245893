//! `wsp catalog probe`: what `install` and `doctor` run in a process of its own.

use std::path::Path;
use std::time::Duration;

use wsp_catalog::Prober;
use wsp_catalog::library::Export;
use wsp_host::Host;
use wsp_host::switch::SanHost;

use crate::Failure;

/// Loads a provider, starts it and cleans it up.
pub fn run(export: &str, library: &Path) -> Result<(), Failure> {
    crate::crash::quietly();
    if export == Export::San.name() {
        let provider = SanHost::new().load(library).map_err(Failure::new)?;
        return provider.cleanup().map_err(Failure::new);
    }
    let provider = Host::new().load(library).map_err(Failure::new)?;
    provider.cleanup().map_err(Failure::new)
}

/// What runs this command.
pub fn prober(seconds: u64) -> Result<Prober, Failure> {
    let program = std::env::current_exe()
        .map_err(|error| Failure::new(format!("cannot tell this program's own file: {error}")))?;
    let arguments = ["catalog", "probe"].map(Into::into).to_vec();
    let narrow = super::narrow();
    Ok(Prober { program, narrow, arguments, limit: Duration::from_secs(seconds) })
}
