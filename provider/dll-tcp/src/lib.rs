//! The SAN provider over TCP as a loadable library: it exports `WSPStartup` and `WSPStartupEx`.

#[cfg(target_os = "linux")]
mod exports {
    wsp::export!(wsp_provider::tcp::Tcp, winsock);
    wsp::export!(wsp_provider::tcp::Tcp, san);
}
