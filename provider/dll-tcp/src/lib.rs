//! The SAN provider over TCP as a loadable library: it exports `WSPStartup` and `WSPStartupEx`.

#[cfg(any(target_os = "linux", windows))]
mod exports {
    wsp::export!(wsp_provider::tcp::Tcp, winsock);
    wsp::export!(wsp_provider::tcp::Tcp, san);
}
