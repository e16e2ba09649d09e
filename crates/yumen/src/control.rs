//! How a command on this machine reaches the gate that runs on a data directory.
//!
//! The gate writes `control.json` into the directory: its address, and a random token for which it takes a command as
//! the local operator's. Whoever can read the file can read the store too. It is made anew at each start, readable by
//! its owner alone, and removed when the gate stops; one that was left behind by a crash leads nowhere and does no harm.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::data_dir::{DataDir, random_hex, replace_secret};
use crate::failure::{Context as _, Failure};

/// The file while a gate runs; dropping this removes it.
#[derive(Debug)]
pub(crate) struct Control {
    path: PathBuf,
    token: String,
}

/// What stands in the file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Announcement {
    /// Where the gate is reached.
    pub server: String,
    /// What it takes for the local operator's key.
    pub token: String,
}

impl Control {
    /// A token for one run of a gate.
    pub(crate) fn new_token() -> Result<String, Failure> {
        Ok(format!("yc_{}", random_hex()?))
    }

    /// Tells commands where the gate is. `address` is where it listens.
    pub(crate) fn announce(
        data: &DataDir,
        address: SocketAddr,
        token: &str,
    ) -> Result<Self, Failure> {
        let path = data.control_path();
        let announcement =
            Announcement { server: format!("http://{}", reachable(address)), token: token.into() };
        let json = serde_json::to_string(&announcement).context("cannot write the control file")?;
        replace_secret(&path, &json)?;
        Ok(Self { path, token: token.into() })
    }

    /// Where the gate of this directory said it is, if one did.
    pub(crate) fn read(data: &DataDir) -> Option<Announcement> {
        let json = std::fs::read(data.control_path()).ok()?;
        serde_json::from_slice(&json).ok()
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // Another gate may have come after this one: its file is not ours to remove.
        let ours = std::fs::read_to_string(&self.path).is_ok_and(|json| json.contains(&self.token));
        if ours && let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "the control file stays");
        }
    }
}

/// The address by which this machine reaches a listener that takes any.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_that_listens_everywhere_is_reached_on_this_machine() {
        let reached = |address: &str| reachable(address.parse().unwrap()).to_string();
        assert_eq!(reached("0.0.0.0:8080"), "127.0.0.1:8080");
        assert_eq!(reached("[::]:8080"), "[::1]:8080");
        assert_eq!(reached("192.0.2.1:80"), "192.0.2.1:80");
    }

    #[test]
    fn the_file_is_the_owners_alone_and_goes_with_its_gate() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::open(dir.path()).unwrap();
        assert!(Control::read(&data).is_none());
        std::fs::write(data.control_path(), "left by a crash").unwrap();
        assert!(Control::read(&data).is_none());
        let address = "127.0.0.1:1".parse().unwrap();
        let first = Control::announce(&data, address, "yc_first").unwrap();
        assert_eq!(Control::read(&data).unwrap().token, "yc_first");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(data.control_path()).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let second = Control::announce(&data, address, "yc_second").unwrap();
        drop(first);
        assert_eq!(Control::read(&data).unwrap().token, "yc_second", "another gate's file stays");
        drop(second);
        assert!(!data.control_path().exists());
    }
}
