//! The desk's addresses: which request asks for which action, and which request an action is sent as.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use yumen_policy::{
    Application, ApprovalFile, Release, Role, SignedApproval, SignedStep, StepKind,
};

use crate::entries::USUAL_ENTRIES;
use crate::keeping::Keeping;
use crate::reports::Ruling;
use crate::{Action, DeskError, KillOrder};

/// Method, path and, in braces, the one variable segment of each address.
pub const ROUTES: &[(&str, &str)] = &[
    ("GET", "/admin/v1/admin-keys"),
    ("POST", "/admin/v1/admin-keys"),
    ("POST", "/admin/v1/admin-keys/{id}/revoke"),
    ("GET", "/admin/v1/approvals"),
    ("POST", "/admin/v1/approvals"),
    ("POST", "/admin/v1/approvals/verify"),
    ("GET", "/admin/v1/approvals/{number}"),
    ("POST", "/admin/v1/approvals/{number}/confirm"),
    ("POST", "/admin/v1/approvals/{number}/grant"),
    ("POST", "/admin/v1/approvals/{number}/remove"),
    ("POST", "/admin/v1/approvals/{number}/resume"),
    ("POST", "/admin/v1/approvals/{number}/revoke"),
    ("POST", "/admin/v1/approvals/{number}/sign"),
    ("POST", "/admin/v1/approvals/{number}/submit"),
    ("POST", "/admin/v1/approvals/{number}/suspend"),
    ("GET", "/admin/v1/assertion-keys"),
    ("POST", "/admin/v1/assertion-keys/rotate"),
    ("POST", "/admin/v1/assertion-keys/{kid}/revoke"),
    ("GET", "/admin/v1/drifts"),
    ("GET", "/admin/v1/filed-models"),
    ("POST", "/admin/v1/filed-models"),
    ("GET", "/admin/v1/kills"),
    ("POST", "/admin/v1/kills"),
    ("POST", "/admin/v1/kills/{id}/lift"),
    ("GET", "/admin/v1/ledger/entries"),
    ("GET", "/admin/v1/ledger/holds"),
    ("POST", "/admin/v1/ledger/holds"),
    ("POST", "/admin/v1/ledger/holds/{id}/release"),
    ("POST", "/admin/v1/ledger/prune"),
    ("GET", "/admin/v1/packs"),
    ("POST", "/admin/v1/packs"),
    ("POST", "/admin/v1/packs/{id}/remove"),
    ("GET", "/admin/v1/people"),
    ("GET", "/admin/v1/people/{person}"),
    ("POST", "/admin/v1/people/{person}/lift"),
    ("GET", "/admin/v1/releases"),
    ("POST", "/admin/v1/releases"),
    ("GET", "/admin/v1/releases/{digest}"),
    ("GET", "/admin/v1/reports"),
    ("GET", "/admin/v1/reports/{id}"),
    ("POST", "/admin/v1/reports/{id}/decide"),
    ("GET", "/admin/v1/signers"),
    ("POST", "/admin/v1/signers"),
    ("POST", "/admin/v1/signers/{key}/remove"),
];

/// The steps by the last segment of their address.
const STEPS: [(&str, StepKind); 6] = [
    ("submit", StepKind::Submitted),
    ("grant", StepKind::Granted),
    ("suspend", StepKind::Suspended),
    ("resume", StepKind::Resumed),
    ("revoke", StepKind::Revoked),
    ("confirm", StepKind::Confirmed),
];

/// A draft as it is sent.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftBody {
    application: Application,
    step: SignedStep,
}

/// A signer as it is sent.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignerBody {
    key: String,
    name: String,
    role: Role,
}

/// An admin key to be made, as it is sent.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AdminKeyBody {
    name: String,
    role: Role,
}

/// What was decided on a report, as it is sent.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RulingBody {
    ruling: Ruling,
    answer: String,
}

/// A rotation as it is sent.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RotationBody {
    revoke: bool,
}

/// A part of the list of filed models, as it is sent.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FiledBody {
    list: String,
}

/// An action as a request: method, path with its query, and body.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The path, percent-encoded, with its query.
    pub path: String,
    /// The body; none for a `GET`.
    pub body: Option<Value>,
}

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
        match (method, segments.as_slice()) {
            ("GET", ["ledger", "entries"]) => return entries(query),
            ("GET", ["filed-models"]) => return filed(query),
            ("GET", ["reports"]) if query == Some("decided=true") => {
                return Ok(Self::Reports { decided: true });
            }
            _ => {}
        }
        if query.is_some_and(|query| !query.is_empty()) {
            // What is not understood is not passed over.
            return Err(DeskError::Invalid("this address takes no query".into()));
        }
        let owned = |text: &str| text.to_owned();
        Ok(match (method, segments.as_slice()) {
            ("GET", ["admin-keys"]) => Self::AdminKeys,
            ("POST", ["admin-keys"]) => {
                let AdminKeyBody { name, role } = read(body)?;
                Self::AddAdminKey { name, role }
            }
            ("POST", ["admin-keys", id, "revoke"]) => {
                nothing(body)?;
                Self::RevokeAdminKey { id: owned(id) }
            }
            ("GET", ["approvals"]) => Self::Approvals,
            ("POST", ["approvals"]) => drafted_or_imported(body)?,
            ("POST", ["approvals", "verify"]) => Self::Verify { file: file(body)? },
            ("GET", ["approvals", approval]) => Self::Approval { approval: owned(approval) },
            ("POST", ["approvals", approval, "remove"]) => {
                nothing(body)?;
                Self::Remove { approval: owned(approval) }
            }
            ("POST", ["approvals", approval, "sign"]) => {
                let _: serde_json::Map<String, Value> = read(body)?;
                Self::Sign { approval: owned(approval), signed: SignedApproval::parse(body)? }
            }
            ("POST", ["approvals", approval, step]) => {
                let Some((_, kind)) = STEPS.into_iter().find(|(name, _)| name == step) else {
                    return Err(no_address(method, path));
                };
                Self::Step { approval: owned(approval), kind, order: given(body)? }
            }
            ("GET", ["assertion-keys"]) => Self::AssertionKeys,
            ("POST", ["assertion-keys", "rotate"]) => {
                Self::RotateAssertionKey { revoke: given::<RotationBody>(body)?.revoke }
            }
            ("POST", ["assertion-keys", kid, "revoke"]) => {
                nothing(body)?;
                Self::RevokeAssertionKey { kid: owned(kid) }
            }
            ("POST", ["filed-models"]) => {
                let FiledBody { list } = read(body)?;
                Self::ImportFiled { list }
            }
            ("GET", ["drifts"]) => Self::Drifts,
            ("GET", ["kills"]) => Self::Kills,
            ("POST", ["kills"]) => Self::Kill(read::<KillOrder>(body)?),
            ("POST", ["kills", id, "lift"]) => {
                nothing(body)?;
                Self::Lift { id: owned(id) }
            }
            (_, ["ledger", what @ ..]) => {
                let keeping = keeping(method, what, body)?;
                Self::Keep(keeping.ok_or_else(|| no_address(method, path))?)
            }
            ("GET", ["packs"]) => Self::Packs,
            ("POST", ["packs"]) => Self::InstallPack(read_whole(body)?),
            ("POST", ["packs", pack, "remove"]) => {
                Self::RemovePack { pack: owned(pack), grounds: read(body)? }
            }
            ("GET", ["people"]) => Self::People,
            ("GET", ["people", person]) => Self::Person { person: owned(person) },
            ("POST", ["people", person, "lift"]) => {
                nothing(body)?;
                Self::LiftPerson { person: owned(person) }
            }
            ("GET", ["reports"]) => Self::Reports { decided: false },
            ("GET", ["reports", report]) => Self::ShowReport { report: owned(report) },
            ("POST", ["reports", report, "decide"]) => {
                let RulingBody { ruling, answer } = read(body)?;
                Self::Decide { report: owned(report), ruling, answer }
            }
            ("GET", ["releases"]) => Self::Releases,
            ("POST", ["releases"]) => Self::AddRelease { release: read::<Release>(body)? },
            ("GET", ["releases", digest]) => Self::Release { digest: owned(digest) },
            ("GET", ["signers"]) => Self::Signers,
            ("POST", ["signers"]) => {
                let SignerBody { key, name, role } = read(body)?;
                Self::AddSigner { key, name, role }
            }
            ("POST", ["signers", key, "remove"]) => {
                nothing(body)?;
                Self::RemoveSigner { key: owned(key) }
            }
            _ => return Err(no_address(method, path)),
        })
    }

    /// The request that asks for this action; none for what only the gate itself says.
    pub fn to_request(&self) -> Option<Request> {
        let get = |path: &str| Some(Request { method: "GET", path: at(path), body: None });
        let post = |path: String, body: Value| {
            Some(Request { method: "POST", path: at(&path), body: Some(body) })
        };
        let approval = |name: &str, what: &str| format!("approvals/{}/{what}", encoded(name));
        match self {
            Self::AdminKeys => get("admin-keys"),
            Self::AddAdminKey { name, role } => {
                post("admin-keys".into(), json!({"name": name, "role": role}))
            }
            Self::RevokeAdminKey { id } => {
                post(format!("admin-keys/{}/revoke", encoded(id)), json!({}))
            }
            Self::Approvals => get("approvals"),
            Self::Draft { application, step } => {
                post("approvals".into(), json!({"application": application, "step": step}))
            }
            Self::Import { file } => post("approvals".into(), json!(file)),
            Self::Verify { file } => post("approvals/verify".into(), json!(file)),
            Self::Approval { approval } => get(&format!("approvals/{}", encoded(approval))),
            Self::Remove { approval: name } => post(approval(name, "remove"), json!({})),
            Self::Sign { approval: name, signed } => post(approval(name, "sign"), json!(signed)),
            Self::Step { approval: name, kind, order } => {
                let (step, _) = STEPS.into_iter().find(|(_, known)| known == kind)?;
                post(approval(name, step), json!(order))
            }
            Self::AssertionKeys => get("assertion-keys"),
            Self::RotateAssertionKey { revoke } => {
                post("assertion-keys/rotate".into(), json!({"revoke": revoke}))
            }
            Self::RevokeAssertionKey { kid } => {
                post(format!("assertion-keys/{}/revoke", encoded(kid)), json!({}))
            }
            Self::ImportFiled { list } => post("filed-models".into(), json!({"list": list})),
            Self::FiledModels { query: None } => get("filed-models"),
            Self::FiledModels { query: Some(text) } => {
                get(&format!("filed-models?query={}", encoded(text)))
            }
            Self::Drifts => get("drifts"),
            Self::Kills => get("kills"),
            Self::Kill(order) => post("kills".into(), json!(order)),
            Self::Lift { id } => post(format!("kills/{}/lift", encoded(id)), json!({})),
            Self::Entries { from, limit } => {
                let from = from.map_or_else(String::new, |from| format!("&from={from}"));
                get(&format!("ledger/entries?limit={limit}{from}"))
            }
            Self::Keep(Keeping::Holds) => get("ledger/holds"),
            Self::Keep(Keeping::Hold(order)) => post("ledger/holds".into(), json!(order)),
            Self::Keep(Keeping::Release { id }) => {
                post(format!("ledger/holds/{}/release", encoded(id)), json!({}))
            }
            Self::Keep(Keeping::Prune(order)) => post("ledger/prune".into(), json!(order)),
            Self::Releases => get("releases"),
            Self::AddRelease { release } => post("releases".into(), json!(release)),
            Self::Release { digest } => get(&format!("releases/{}", encoded(digest))),
            Self::Signers => get("signers"),
            Self::AddSigner { key, name, role } => {
                post("signers".into(), json!({"key": key, "name": name, "role": role}))
            }
            Self::RemoveSigner { key } => {
                post(format!("signers/{}/remove", encoded(key)), json!({}))
            }
            Self::Packs => get("packs"),
            Self::InstallPack(order) => post("packs".into(), json!(order)),
            Self::RemovePack { pack, grounds } => {
                post(format!("packs/{}/remove", encoded(pack)), json!(grounds))
            }
            Self::People => get("people"),
            Self::Person { person } => get(&format!("people/{}", encoded(person))),
            Self::LiftPerson { person } => {
                post(format!("people/{}/lift", encoded(person)), json!({}))
            }
            Self::Reports { decided: false } => get("reports"),
            Self::Reports { decided: true } => get("reports?decided=true"),
            Self::ShowReport { report } => get(&format!("reports/{}", encoded(report))),
            Self::Decide { report, ruling, answer } => post(
                format!("reports/{}/decide", encoded(report)),
                json!({"ruling": ruling, "answer": answer}),
            ),
            Self::Drift(_) | Self::Report(_) | Self::ReportStatus { .. } => None,
        }
    }
}

fn at(path: &str) -> String {
    format!("/admin/v1/{path}")
}

fn no_address(method: &str, path: &str) -> DeskError {
    DeskError::Unknown { what: "address", zh: "地址", name: format!("{method} {path}") }
}

/// A draft has a step of its own; what is imported brings all its steps along.
fn drafted_or_imported(body: &[u8]) -> Result<Action, DeskError> {
    let object: serde_json::Map<String, Value> = read(body)?;
    if object.contains_key("step") {
        let DraftBody { application, step } = read(body)?;
        return Ok(Action::Draft { application, step });
    }
    Ok(Action::Import { file: ApprovalFile::parse(body)? })
}

fn file(body: &[u8]) -> Result<ApprovalFile, DeskError> {
    let _: serde_json::Map<String, Value> = read(body)?;
    Ok(ApprovalFile::parse(body)?)
}

/// Where in the ledger to look: `from` and `limit`.
fn entries(query: Option<&str>) -> Result<Action, DeskError> {
    let (mut from, mut limit) = (None, USUAL_ENTRIES);
    for part in query.unwrap_or_default().split('&').filter(|part| !part.is_empty()) {
        let wrong = || DeskError::Invalid(format!("{part:?} is neither `from=N` nor `limit=N`"));
        let (name, value) = part.split_once('=').ok_or_else(wrong)?;
        let value: u64 = value.parse().map_err(|_| wrong())?;
        match name {
            "from" => from = Some(value),
            "limit" => limit = value,
            _ => return Err(wrong()),
        }
    }
    Ok(Action::Entries { from, limit })
}

/// What concerns how long the record is kept; none at another address.
fn keeping(method: &str, what: &[&str], body: &[u8]) -> Result<Option<Keeping>, DeskError> {
    Ok(Some(match (method, what) {
        ("GET", ["holds"]) => Keeping::Holds,
        ("POST", ["holds"]) => Keeping::Hold(read(body)?),
        ("POST", ["holds", id, "release"]) => {
            nothing(body)?;
            Keeping::Release { id: (*id).to_owned() }
        }
        ("POST", ["prune"]) => Keeping::Prune(read(body)?),
        _ => return Ok(None),
    }))
}

/// What in the list of filed models to look for: `query`.
fn filed(query: Option<&str>) -> Result<Action, DeskError> {
    match query.filter(|query| !query.is_empty()) {
        None => Ok(Action::FiledModels { query: None }),
        Some(query) => {
            let text = query.strip_prefix("query=").filter(|text| !text.contains('&'));
            let wrong = || DeskError::Invalid(format!("{query:?} is not `query=TEXT`"));
            let text = decoded(text.ok_or_else(wrong)?)?.into_owned();
            Ok(Action::FiledModels { query: Some(text) })
        }
    }
}

/// The body as the action has it.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, DeskError> {
    // An object, and not a list of its values in some order.
    serde_json::from_slice::<serde_json::Map<_, _>>(body)
        .and_then(|object| T::deserialize(Value::Object(object)))
        .map_err(|error| DeskError::Invalid(format!("the body: {error}")))
}

/// The same, or what an action has without a body.
fn given<T: DeserializeOwned + Default>(body: &[u8]) -> Result<T, DeskError> {
    if body.is_empty() { Ok(T::default()) } else { read(body) }
}

/// The same without a copy in between, for a body that may be large.
fn read_whole<T: DeserializeOwned>(body: &[u8]) -> Result<T, DeskError> {
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(DeskError::Invalid("the body: it is no object".into()));
    }
    serde_json::from_slice(body).map_err(|error| DeskError::Invalid(format!("the body: {error}")))
}

/// A body that says nothing: none, or an empty object.
fn nothing(body: &[u8]) -> Result<(), DeskError> {
    if body.is_empty() {
        return Ok(());
    }
    let object: serde_json::Map<String, Value> = read(body)?;
    if object.is_empty() {
        return Ok(());
    }
    Err(DeskError::Invalid("this address takes no body".into()))
}

/// A segment of a path as it is sent (RFC 3986 §2.1).
fn encoded(segment: &str) -> String {
    let mut path = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            path.push(char::from(byte));
        } else {
            // Writing into a string does not fail.
            let _ = write!(path, "%{byte:02X}");
        }
    }
    path
}

/// A percent-encoded segment of a path (RFC 3986 §2.1).
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

    use yumen_ledger::RetentionRule;

    use super::*;
    use crate::approvals::StepOrder;
    use crate::packs::{Grounds, InstallOrder, PackFile};
    use crate::{HoldOrder, PruneOrder};

    fn grounds() -> Grounds {
        Grounds {
            reason: "weekly".into(),
            requested_by: Some("某办公室".into()),
            reference: Some("2026/12".into()),
            new_release: true,
        }
    }

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
            r#"{"feature":"*"}"#,
            r#"{"feature":"*","reason":"x","colour":1}"#,
            r#"{"feature":"*","reason":"x","market":"No Market"}"#,
        ] {
            let refused = ask("POST", "/admin/v1/kills", body).unwrap_err();
            assert_eq!(refused.code(), "action_invalid", "{body}");
        }
        assert_eq!(ask("DELETE", "/admin/v1/kills", "").unwrap_err().status(), 404);
        assert_eq!(ask("GET", "/admin/v1/nothing", "").unwrap_err().status(), 404);
        assert_eq!(ask("POST", "/admin/v1/approvals/x/eat", "").unwrap_err().status(), 404);
        assert!(ask("POST", "/admin/v1/kills/x/lift", r#"{"twice":true}"#).is_err());
        assert!(Action::from_request("GET", "/admin/v1/kills", Some("a=b"), b"").is_err());
        for part in ["%", "%4", "%zz", "%+1", "%ff"] {
            assert!(ask("POST", &format!("/admin/v1/kills/{part}/lift"), "").is_err(), "{part}");
        }
        for query in ["limit", "limit=", "limit=-1", "from=1&colour=2"] {
            let path = "/admin/v1/ledger/entries";
            assert!(Action::from_request("GET", path, Some(query), b"").is_err(), "{query}");
        }
    }

    #[test]
    fn every_address_of_the_list_is_an_action() {
        for (method, route) in ROUTES {
            let mut path = String::new();
            for segment in route.split('/').skip(1) {
                path.push('/');
                path.push_str(if segment.starts_with('{') { "x" } else { segment });
            }
            let refused = ask(method, &path, "").err();
            assert!(refused.is_none_or(|error| error.status() != 404), "{method} {route}");
        }
        assert!(ROUTES.iter().all(|(_, route)| route.starts_with("/admin/v1/")));
    }

    #[test]
    fn what_is_sent_is_what_is_read() {
        let kill = r#"{"feature":"writing.*","model":"qwen-plus","reason":"因测试"}"#;
        let step = |kind| Action::Step {
            approval: "备案/2026 1".into(),
            kind,
            order: StepOrder { note: "a note".into(), ..StepOrder::default() },
        };
        let name = || "备案/2026 1".to_owned();
        let mut actions = vec![
            Action::Kill(serde_json::from_str(kill).unwrap()),
            Action::Kills,
            Action::Lift { id: "kill_1".into() },
            Action::Approvals,
            Action::Approval { approval: name() },
            Action::Remove { approval: name() },
            Action::Releases,
            Action::Release { digest: "sha256:0a".into() },
            Action::Drifts,
            Action::ImportFiled { list: "序号,属地\n".into() },
            Action::FiledModels { query: None },
            Action::FiledModels { query: Some("通义 & co".into()) },
            Action::Entries { from: None, limit: 7 },
            Action::Entries { from: Some(9), limit: 7 },
            Action::Signers,
            Action::AddSigner { key: "ed25519:0a".into(), name: "Wei".into(), role: Role::Legal },
            Action::RemoveSigner { key: "ed25519:0a".into() },
            Action::AdminKeys,
            Action::AddAdminKey { name: "Li".into(), role: Role::Author },
            Action::RevokeAdminKey { id: "admin_1".into() },
            Action::AssertionKeys,
            Action::People,
            Action::Person { person: "psn_1".into() },
            Action::LiftPerson { person: "psn_1".into() },
            Action::Reports { decided: false },
            Action::Reports { decided: true },
            Action::ShowReport { report: "rep_1".into() },
            Action::Decide {
                report: "rep_1".into(),
                ruling: Ruling::Granted,
                answer: "灯笼不是包裹。".into(),
            },
            Action::Keep(Keeping::Holds),
            Action::Keep(Keeping::Hold(HoldOrder {
                market: Some("cn".into()),
                kind: None,
                entry: Some("r1".into()),
                reason: "inquiry".into(),
            })),
            Action::Keep(Keeping::Release { id: "hold_00ff".into() }),
            Action::Keep(Keeping::Prune(PruneOrder {
                rules: vec![RetentionRule {
                    kind: Some("refusal".into()),
                    market: None,
                    days: 200,
                }],
                days: Some(365),
                duties: true,
                dry_run: true,
            })),
            Action::Packs,
            Action::InstallPack(InstallOrder {
                file: PackFile::new(b"id = 'lanterns'".to_vec()),
                scope: ["cn".parse().unwrap()].into(),
                grounds: grounds(),
            }),
            Action::RemovePack { pack: "lanterns".into(), grounds: grounds() },
            Action::RotateAssertionKey { revoke: true },
            Action::RevokeAssertionKey { kid: "-a_b".into() },
        ];
        actions.extend(STEPS.map(|(_, kind)| step(kind)));
        for action in actions {
            let Request { method, path, body } = action.to_request().unwrap();
            let (path, query) = match path.split_once('?') {
                Some((path, query)) => (path, Some(query)),
                None => (path.as_str(), None),
            };
            let body = body.map(|body| body.to_string()).unwrap_or_default();
            let read = Action::from_request(method, path, query, body.as_bytes()).unwrap();
            assert_eq!(read, action);
        }
    }

    proptest! {
        #[test]
        fn any_request_is_an_action_or_an_error(method in ".{0,6}", path in ".{0,40}", body in ".{0,80}") {
            let _ = ask(&method, &path, &body);
            let _ = ask("POST", &format!("/admin/v1/{path}"), &body);
        }

        #[test]
        fn any_name_comes_back(id in ".{1,20}") {
            let lift = Action::Lift { id };
            let sent = lift.to_request().unwrap();
            prop_assert_eq!(ask("POST", &sent.path, "").unwrap(), lift);
        }
    }
}
