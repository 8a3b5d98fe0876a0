//! Ranges of IP addresses.

use core::net::IpAddr;
use std::{fmt, str::FromStr};

/// IP addresses with the same first bits: `10.0.0.0/8`, `fd00::/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IpRange {
    is_v4: bool,
    network: u128,
    mask: u128,
}

/// The text is no range of IP addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a range of IP addresses is an address and a number of bits, such as 10.0.0.0/8, with zeros after these bits"
)]
pub struct BadRange;

impl IpRange {
    /// Whether the address is within. One of the other version never is.
    pub fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.is_v4 && number(address) & self.mask == self.network
    }

    /// The address and the mask of a name constraint: 8 bytes or 32 (RFC 5280, 4.2.1.10).
    pub(super) fn from_constraint(bytes: &[u8]) -> Option<Self> {
        let half = bytes.split_at_checked(bytes.len() / 2)?;
        let (network, mask) = match bytes.len() {
            8 => (four(half.0)?, four(half.1)?),
            32 => (sixteen(half.0)?, sixteen(half.1)?),
            _ => return None,
        };
        Some(Self {
            is_v4: bytes.len() == 8,
            network: network & mask,
            mask,
        })
    }
}

impl FromStr for IpRange {
    type Err = BadRange;

    /// An address alone is a range of one.
    fn from_str(text: &str) -> Result<Self, BadRange> {
        let (address, bits) = text
            .split_once('/')
            .map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| BadRange)?;
        let width: u32 = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) if bits.bytes().all(|byte| byte.is_ascii_digit()) => {
                bits.parse().map_err(|_| BadRange)?
            }
            Some(_) => return Err(BadRange),
            None => width,
        };
        let rest = width.checked_sub(bits).ok_or(BadRange)?;
        let all = u128::MAX >> (128 - width);
        let mask = all & u128::MAX.checked_shl(rest).unwrap_or(0);
        let network = number(address);
        if network & mask != network {
            return Err(BadRange);
        }
        Ok(Self {
            is_v4: address.is_ipv4(),
            network,
            mask,
        })
    }
}

impl fmt::Display for IpRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = self.mask.count_ones();
        match (self.is_v4, u32::try_from(self.network)) {
            (true, Ok(network)) => write!(f, "{}/{bits}", core::net::Ipv4Addr::from(network)),
            _ => write!(f, "{}/{bits}", core::net::Ipv6Addr::from(self.network)),
        }
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}

fn four(bytes: &[u8]) -> Option<u128> {
    Some(u32::from_be_bytes(bytes.try_into().ok()?).into())
}

fn sixteen(bytes: &[u8]) -> Option<u128> {
    Some(u128::from_be_bytes(bytes.try_into().ok()?))
}
