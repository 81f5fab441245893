//! The example provider as a loadable library: it exports `WSPStartup` and `WSPStartupEx` and nothing else.

wsp::export!(wsp_provider::Loopback, winsock);
wsp::export!(wsp_provider::Loopback, san);
