//! Which provider serves which subnet.

use std::net::Ipv4Addr;

use super::provider::SanProvider;
use crate::os;

/// A subnet, its provider, and the provider's address in it.
#[derive(Clone)]
pub struct Route {
    network: Subnet,
    local: Ipv4Addr,
    provider: SanProvider,
}

/// An address and how many of its bits name the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subnet {
    address: Ipv4Addr,
    bits: u8,
}

impl Subnet {
    /// The subnet with this many bits that the address is in.
    pub fn new(address: Ipv4Addr, bits: u8) -> Self {
        let bits = bits.min(32);
        Self { address: Ipv4Addr::from(u32::from(address) & mask(bits)), bits }
    }

    /// Is this address in it?
    pub fn contains(&self, address: Ipv4Addr) -> bool {
        u32::from(address) & mask(self.bits) == u32::from(self.address)
    }
}

fn mask(bits: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0)
}

/// The table, most narrow subnets first.
#[derive(Default)]
pub struct Routes(Vec<Route>);

impl Routes {
    /// Enters the subnets of a provider's addresses, with the masks that the system has for them; an address that the system
    /// does not know is a subnet of its own.
    pub fn enter(&mut self, provider: &SanProvider, addresses: &[Ipv4Addr]) {
        for local in addresses {
            let bits = if local.is_loopback() { 8 } else { os::subnet_bits(*local).unwrap_or(32) };
            self.add(Subnet::new(*local, bits), *local, provider);
        }
    }

    /// Enters one subnet.
    pub fn add(&mut self, network: Subnet, local: Ipv4Addr, provider: &SanProvider) {
        self.0.push(Route { network, local, provider: provider.clone() });
        // Stable: of equal ones the first entered counts.
        self.0.sort_by_key(|route| std::cmp::Reverse(route.network.bits));
    }

    /// The provider for an address, and which of its own addresses to use.
    pub fn find(&self, address: Ipv4Addr) -> Option<(SanProvider, Ipv4Addr)> {
        let found = self.0.iter().find(|route| route.local == address);
        let found = found.or_else(|| self.0.iter().find(|route| route.network.contains(address)))?;
        Some((found.provider.clone(), found.local))
    }

    /// Forgets what is known; to be entered anew.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subnet_contains_its_addresses_and_no_others() {
        let subnet = Subnet::new(Ipv4Addr::new(10, 1, 2, 3), 16);
        assert!(subnet.contains(Ipv4Addr::new(10, 1, 255, 0)));
        assert!(!subnet.contains(Ipv4Addr::new(10, 2, 2, 3)));
        assert!(Subnet::new(Ipv4Addr::new(1, 2, 3, 4), 0).contains(Ipv4Addr::new(200, 0, 0, 1)));
        let one = Subnet::new(Ipv4Addr::new(1, 2, 3, 4), 32);
        assert!(one.contains(Ipv4Addr::new(1, 2, 3, 4)) && !one.contains(Ipv4Addr::new(1, 2, 3, 5)));
    }
}
