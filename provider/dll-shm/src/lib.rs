//! The SAN provider over shared memory as a loadable library: it exports `WSPStartup` and `WSPStartupEx`.

#[cfg(any(target_os = "linux", windows))]
mod exports {
    wsp::export!(wsp_provider::shm::Shm, winsock);
    wsp::export!(wsp_provider::shm::Shm, san);
}
