//! Devices with a name: what a key is bound to by `--profile us`.

/// An iPhone bought, billed and used in the United States.
const US: &str = r#"{"purchase_region":"US","billing_region":"US","location":["US"],"class":"phone","platform":"ios","os_version":"26.1","language":"en","assistant_language":"en","capabilities":["generative"],"age_band":"adult"}"#;

/// An iPhone bought, billed and used in mainland China.
const CN: &str = r#"{"purchase_region":"CN","billing_region":"CN","location":["CN"],"class":"phone","platform":"ios","os_version":"26.1","language":"zh-Hans","assistant_language":"zh-Hans","capabilities":["generative"],"age_band":"adult"}"#;

/// The device with this name, as JSON.
pub(crate) fn named(name: &str) -> Option<&'static str> {
    match name {
        "cn" => Some(CN),
        "us" => Some(US),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use yumen_policy::Device;

    #[test]
    fn named_devices_are_devices() {
        for name in ["cn", "us"] {
            Device::parse(super::named(name).unwrap().as_bytes()).unwrap();
        }
    }
}
