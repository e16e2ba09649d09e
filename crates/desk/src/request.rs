//! The desk's addresses: which request asks for which action.

use std::borrow::Cow;

use serde::de::DeserializeOwned;

use crate::{Action, DeskError, KillOrder};

/// Method, path and, in braces, the one variable segment of each address.
pub const ROUTES: &[(&str, &str)] = &[
    ("GET", "/admin/v1/kills"),
    ("POST", "/admin/v1/kills"),
    ("POST", "/admin/v1/kills/{id}/lift"),
];

impl Action {
    /// The action that a request asks for. `path` is as it came, percent-encoded, without the query.
    ///
    /// # Errors
    /// [`DeskError::Unknown`] when no address of [`ROUTES`] fits, [`DeskError::Invalid`] when the body or the query
    /// does not.
    pub fn from_request(
        method: &str,
        path: &str,
        query: Option<&str>,
        body: &[u8],
    ) -> Result<Self, DeskError> {
        let segments = path
            .strip_prefix("/admin/v1/")
            .map(|rest| rest.split('/').map(decoded).collect::<Result<Vec<_>, _>>())
            .transpose()?
            .unwrap_or_default();
        let segments: Vec<_> = segments.iter().map(AsRef::as_ref).collect();
        let action = match (method, segments.as_slice()) {
            ("GET", ["kills"]) => Self::Kills,
            ("POST", ["kills"]) => Self::Kill(read::<KillOrder>(body)?),
            ("POST", ["kills", id, "lift"]) => Self::Lift { id: (*id).to_owned() },
            _ => {
                let name = format!("{method} {path}");
                return Err(DeskError::Unknown { what: "address", zh: "地址", name });
            }
        };
        no_query(query)?;
        Ok(action)
    }
}

/// The body as the action has it.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, DeskError> {
    // An object, and not a list of its values in some order.
    serde_json::from_slice::<serde_json::Map<_, _>>(body)
        .and_then(|object| T::deserialize(serde_json::Value::Object(object)))
        .map_err(|error| DeskError::Invalid(format!("the body: {error}")))
}

/// What is not understood is not passed over.
fn no_query(query: Option<&str>) -> Result<(), DeskError> {
    match query {
        None | Some("") => Ok(()),
        Some(_) => Err(DeskError::Invalid("this address takes no query".into())),
    }
}

/// A percent-encoded part of an address (RFC 3986 §2.1).
fn decoded(part: &str) -> Result<Cow<'_, str>, DeskError> {
    if !part.contains('%') {
        return Ok(Cow::Borrowed(part));
    }
    let wrong = || DeskError::Invalid(format!("{part:?} is not percent-encoded UTF-8"));
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first == b'%' {
            let (digits, after) = rest.split_at_checked(2).ok_or_else(wrong)?;
            let hex = str::from_utf8(digits).ok().filter(|hex| !hex.starts_with('+'));
            let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
            bytes.push(byte.ok_or_else(wrong)?);
            rest = after;
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ask(method: &str, path: &str, body: &str) -> Result<Action, DeskError> {
        Action::from_request(method, path, None, body.as_bytes())
    }

    #[test]
    fn a_kill_is_read_from_its_body() {
        let body = r#"{"feature":"assistant.chat","market":"cn","reason":"test"}"#;
        let Ok(Action::Kill(order)) = ask("POST", "/admin/v1/kills", body) else { panic!() };
        assert_eq!(order.feature.to_string(), "assistant.chat");
        assert_eq!(order.market.unwrap().as_str(), "cn");
        let lift = Action::Lift { id: "kill_x/y".into() };
        assert_eq!(ask("POST", "/admin/v1/kills/kill_x%2Fy/lift", "").unwrap(), lift);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for body in [
            "",
            "{}",
            "[\"*\"]",
            r#"{"feature":"*","colour":1}"#,
            r#"{"feature":"*","market":"No Market"}"#,
        ] {
            let refused = ask("POST", "/admin/v1/kills", body).unwrap_err();
            assert_eq!(refused.code(), "action_invalid", "{body}");
        }
        assert_eq!(ask("DELETE", "/admin/v1/kills", "").unwrap_err().status(), 404);
        assert_eq!(ask("GET", "/admin/v1/nothing", "").unwrap_err().status(), 404);
        assert!(Action::from_request("GET", "/admin/v1/kills", Some("a=b"), b"").is_err());
        for part in ["%", "%4", "%zz", "%+1", "%ff"] {
            assert!(ask("POST", &format!("/admin/v1/kills/{part}/lift"), "").is_err(), "{part}");
        }
    }

    #[test]
    fn every_address_of_the_list_is_an_action() {
        for (method, route) in ROUTES {
            let path = route.replace("{id}", "x").replace("{number}", "x");
            let refused = ask(method, &path, "").err();
            assert!(refused.is_none_or(|error| error.status() != 404), "{method} {route}");
        }
    }

    proptest! {
        #[test]
        fn any_request_is_an_action_or_an_error(method in ".{0,6}", path in ".{0,40}", body in ".{0,80}") {
            let _ = ask(&method, &path, &body);
        }

        #[test]
        fn what_is_percent_encoded_comes_back(id in ".{1,20}") {
            let encoded: Vec<_> = id.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let lift = ask("POST", &format!("/admin/v1/kills/{}/lift", encoded.concat()), "").unwrap();
            prop_assert_eq!(lift, Action::Lift { id });
        }
    }
}
