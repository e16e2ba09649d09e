//! Authorisation: published vectors, recorded requests, and that no key is ever shown.

use std::fs;
use std::io;
use std::path::PathBuf;

use serde::Serialize as _;
use yumen_wire::Outgoing;
use yumen_wire::auth::{AuthError, Credential, Reuse, Scheme, SecretHeader};

fn tc3(service: &str) -> Scheme {
    Scheme::Tc3 { service: service.into(), version: "2023-09-01".into(), region: None }
}

fn request(content_type: &'static str, body: &str) -> Outgoing {
    Outgoing {
        path: "/".into(),
        headers: vec![("content-type".into(), content_type.into())],
        body: body.to_owned().into(),
    }
}

fn header<'a>(headers: &'a [(impl AsRef<str>, String)], name: &str) -> &'a str {
    headers.iter().find(|(known, _)| known.as_ref() == name).map_or("", |(_, value)| value)
}

#[test]
fn tencents_published_vector_is_met() {
    // The vector of Tencent's older document and its copies, and the same with the masked key that
    // the newer document prints (`facts/partners/tencent-hunyuan.md`).
    let body =
        r#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"#;
    let outgoing = request("application/json; charset=utf-8", body);
    for (key, signature) in [
        (
            "AKIDEXAMPLE:Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
            "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168",
        ),
        (
            "AKIDEXAMPLE:Gu5t9xGARNpq86cd98joQYCN3*******",
            "2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c",
        ),
    ] {
        let credential = Credential::parse(&tc3("cvm"), key).unwrap();
        let headers = credential.authorise("cvm.tencentcloudapi.com", &outgoing, 1_551_113_065);
        assert_eq!(
            header(&headers, "authorization"),
            format!(
                "TC3-HMAC-SHA256 Credential=AKIDEXAMPLE/2019-02-25/cvm/tc3_request, \
                 SignedHeaders=content-type;host, Signature={signature}"
            )
        );
        assert_eq!(header(&headers, "x-tc-timestamp"), "1551113065");
        assert_eq!(header(&headers, "x-tc-version"), "2023-09-01");
        assert_eq!(header(&headers, "x-tc-region"), "", "no region was asked for");
    }
}

#[test]
fn every_part_of_a_request_changes_tencents_signature() {
    let credential = Credential::parse(&tc3("hunyuan"), "AKIDtest:SECRETtest").unwrap();
    let sign = |host: &str, outgoing: &Outgoing, now| {
        header(&credential.authorise(host, outgoing, now), "authorization").to_owned()
    };
    let plain = request("application/json", "{}");
    let first = sign("a:1", &plain, 1);
    assert_eq!(sign("A:1", &plain, 1), first, "hosts have no case");
    assert_ne!(sign("a", &plain, 1), first, "the port is signed");
    assert_ne!(sign("a:1", &request("application/json", "{ }"), 1), first);
    assert_ne!(sign("a:1", &request("text/plain", "{}"), 1), first);
    assert_ne!(sign("a:1", &plain, 2), first);
    let other = Credential::parse(&tc3("hunyuan"), "AKIDtest:SECRETtesu").unwrap();
    assert_ne!(header(&other.authorise("a:1", &plain, 1), "authorization"), first);
}

/// JSON as Python's `json.dumps` writes it, which is what Tencent's SDK signs.
struct Spaced;

impl serde_json::ser::Formatter for Spaced {
    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        w: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if first { Ok(()) } else { w.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        w: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if first { Ok(()) } else { w.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, w: &mut W) -> io::Result<()> {
        w.write_all(b": ")
    }
}

#[test]
fn the_official_sdks_signatures_are_recomputed() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/partners/captured/tencent.jsonl");
    let Ok(recorded) = fs::read_to_string(&path) else {
        eprintln!("skipped: the recorded requests are not at {}", path.display());
        return;
    };
    let (mut good, mut bad) = (0, 0);
    for line in recorded.lines().filter(|line| line.contains("\"headers\"")) {
        let json = crate::json(line);
        let of = |name: &str| {
            let headers = json["headers"].as_array().unwrap().iter();
            let mut named = headers.filter(|header| header[0].as_str() == Some(name));
            named.next().unwrap()[1].as_str().unwrap().to_owned()
        };
        let body: yumen_wire::Json = serde_json::from_str(
            line.split_once("\"body\":").unwrap().1.strip_suffix('}').unwrap(),
        )
        .unwrap();
        let mut bytes = Vec::new();
        body.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, Spaced)).unwrap();
        assert_eq!(bytes.len().to_string(), of("Content-Length"));
        let outgoing = request("application/json", str::from_utf8(&bytes).unwrap());
        let now = of("X-TC-Timestamp").parse().unwrap();
        let signed = |key| {
            let credential = Credential::parse(&tc3("hunyuan"), key).unwrap();
            header(&credential.authorise(&of("Host"), &outgoing, now), "authorization").to_owned()
        };
        if signed("AKIDtest:SECRETtest") == of("Authorization") {
            good += 1;
        } else if signed("AKIDtest:WRONG") == of("Authorization") {
            bad += 1;
        } else {
            panic!("neither key of the recording gives its signature: {}", of("Authorization"));
        }
    }
    assert_eq!((good, bad), (8, 2));
}

#[test]
fn zhipus_token_tells_its_key_and_its_time_in_milliseconds() {
    let credential = Credential::parse(&Scheme::ZhipuJwt, "testid.testsecret").unwrap();
    let outgoing = request("application/json", "{}");
    let headers = credential.authorise("open.bigmodel.cn", &outgoing, 1_795_336_469);
    // Signed with Python's hmac over the header and payload of the recorded token, in whole seconds.
    assert_eq!(header(&headers, "authorization"), ZHIPU_TOKEN);
    assert_eq!(credential.reuse(), Reuse::Seconds(180));
    let later = credential.authorise("open.bigmodel.cn", &outgoing, 1_795_336_470);
    assert_ne!(header(&later, "authorization"), ZHIPU_TOKEN);
}

const ZHIPU_TOKEN: &str = "Bearer eyJhbGciOiJIUzI1NiIsInNpZ25fdHlwZSI6IlNJR04iLCJ0eXAiOiJKV1QifQ.eyJhcGlfa2V5IjoidGVzdGlkIiwiZXhwIjoxNzk1MzM2Njc5MDAwLCJ0aW1lc3RhbXAiOjE3OTUzMzY0NjkwMDB9.jrFswOvMaUoNOMfhx8dnSDBwCGpv1kdFi16mZHE2Lyg";

#[test]
fn keys_are_sent_where_the_scheme_says() {
    let outgoing = request("application/json", "{}");
    let headers = |scheme: &Scheme| {
        let credential = Credential::parse(scheme, " sk-1\n").unwrap();
        let headers = credential.authorise("h", &outgoing, 0);
        assert_eq!(credential.reuse(), Reuse::Forever);
        headers.into_iter().map(|(name, value)| (name.to_string(), value)).collect::<Vec<_>>()
    };
    let pair = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    assert_eq!(headers(&Scheme::Bearer), pair("authorization", "Bearer sk-1"));
    assert_eq!(headers(&Scheme::Header(SecretHeader::X_API_KEY)), pair("x-api-key", "sk-1"));
    assert_eq!(
        headers(&Scheme::Header(SecretHeader::AUTHORIZATION)),
        pair("authorization", "sk-1")
    );
    assert_eq!(headers(&Scheme::None), []);
    let once = Credential::parse(&tc3("hunyuan"), "a:b").unwrap();
    assert_eq!(once.reuse(), Reuse::Once);
}

#[test]
fn no_key_is_shown() {
    const SECRET: &str = "s3cr3tvalue";
    let schemes = [
        Scheme::Bearer,
        Scheme::Header(SecretHeader::X_API_KEY),
        Scheme::ZhipuJwt,
        tc3("hunyuan"),
        Scheme::None,
    ];
    for scheme in &schemes {
        let key = match scheme {
            Scheme::ZhipuJwt => format!("id.{SECRET}"),
            Scheme::Tc3 { .. } => format!("id:{SECRET}"),
            _ => SECRET.to_owned(),
        };
        let credential = Credential::parse(scheme, &key).unwrap();
        assert!(!format!("{credential:?}").contains(SECRET));
        assert_eq!(
            credential.stands_in(&format!("wrong key {key} given")),
            *scheme != Scheme::None
        );
        assert!(!credential.stands_in("wrong key given"));
        for bad in [
            format!("{SECRET} two"),
            format!("{SECRET}\u{00e9}"),
            format!("{SECRET}\nx"),
            String::new(),
        ] {
            if *scheme != Scheme::None {
                let error = Credential::parse(scheme, &bad).unwrap_err();
                assert!(!format!("{error} {error:?}").contains(SECRET));
            }
        }
    }
    for (scheme, bad) in [
        (Scheme::ZhipuJwt, "s3cr3tvalue"),
        (Scheme::ZhipuJwt, ".s3cr3tvalue"),
        (Scheme::ZhipuJwt, "s3cr3tvalue."),
        (tc3("hunyuan"), "s3cr3tvalue"),
        (tc3("hunyuan"), ":s3cr3tvalue"),
    ] {
        let error = Credential::parse(&scheme, bad).unwrap_err();
        assert!(matches!(error, AuthError::NotAPair { .. }), "{bad}");
        assert!(!format!("{error} {error:?}").contains(SECRET));
    }
}

#[test]
fn schemes_are_written_as_data() {
    for (text, scheme) in [
        (r#""bearer""#, Scheme::Bearer),
        (r#"{"header":"x-api-key"}"#, Scheme::Header(SecretHeader::X_API_KEY)),
        (r#""zhipu-jwt""#, Scheme::ZhipuJwt),
        (r#"{"tc3":{"service":"hunyuan","version":"2023-09-01"}}"#, tc3("hunyuan")),
        (r#""none""#, Scheme::None),
    ] {
        assert_eq!(serde_json::from_str::<Scheme>(text).unwrap(), scheme);
        assert_eq!(serde_json::to_string(&scheme).unwrap(), text);
    }
    for bad in [r#"{"header":"X-Api-Key"}"#, r#"{"header":""}"#, r#"{"header":"a b"}"#] {
        assert!(serde_json::from_str::<Scheme>(bad).is_err(), "{bad}");
    }
}
