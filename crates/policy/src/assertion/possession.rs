//! Proofs of possession: that whoever presents something bound to a device key has that key.
//!
//! A proof is the `DPoP` header of RFC 9449: a JWT (RFC 7519) that carries the public key, is signed
//! by it, and names method, address, time and the assertion it comes with. Each is good for one
//! request: whoever checks must also remember [`Proof::once`] and refuse it the second time.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::assertion::device_key::{Algorithm, bytes};
use crate::{DeviceKey, Digest, PolicyError, Thumbprint};

/// How far the time of a proof may lie from the clock of the gate, on either side.
const SKEW: SignedDuration = SignedDuration::from_secs(60);

/// Longer proofs are not looked at; one with a P-256 key has some 700 bytes.
const MAX_PROOF: usize = 4096;

/// Longer proof ids are refused.
const MAX_JTI: usize = 128;

/// What a proof is checked against: the request it came with.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The method (`POST`).
    pub method: &'a str,
    /// Host and port as the client wrote them (`gate.example`, `127.0.0.1:8787`).
    pub authority: &'a str,
    /// The path, without query.
    pub path: &'a str,
}

/// A proof that holds for one request. Only [`Proof::verify`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    key: Thumbprint,
    token: Option<Digest>,
    once: Digest,
    until: Timestamp,
}

#[derive(Deserialize)]
struct Header {
    typ: String,
    alg: String,
    jwk: DeviceKey,
    /// Critical extensions (RFC 7515 §4.1.11): none is known here.
    crit: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: f64,
    ath: Option<String>,
}

impl Proof {
    /// Checks a proof as RFC 9449 §4.3 says, but for whether it was used before.
    ///
    /// `htu` must name host, port and path of the request, under `http` or `https`: behind a proxy
    /// that speaks TLS the gate does not know which of the two the client used.
    ///
    /// # Errors
    /// [`PolicyError::PossessionInvalid`] with what is wrong.
    pub fn verify(proof: &str, asked: Asked<'_>, now: Timestamp) -> Result<Self, PolicyError> {
        let form =
            || wrong("it is no JWT of three parts in base64url", "不是由三段 base64url 组成的 JWT");
        if proof.len() > MAX_PROOF {
            return Err(wrong("it is longer than 4096 bytes", "长度超过 4096 字节"));
        }
        let (message, signature) = proof.rsplit_once('.').ok_or_else(form)?;
        let (header, payload) = message.split_once('.').ok_or_else(form)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| form());
        let (header, payload, signature) = (decode(header)?, decode(payload)?, decode(signature)?);

        let Header { typ, alg, jwk, crit } = serde_json::from_slice(&header).map_err(|_| {
            wrong(
                "its header needs `typ`, `alg` and `jwk`, a public key",
                "头部须含 `typ`、`alg` 以及公钥 `jwk`",
            )
        })?;
        if !is_proof_type(&typ) {
            return Err(wrong("its `typ` is not `dpop+jwt`", "`typ` 不是 `dpop+jwt`"));
        }
        if crit.is_some() {
            return Err(wrong(
                "its header has `crit`; no extension is known here",
                "头部含有 `crit`，而此处不支持任何扩展",
            ));
        }
        let fits = match jwk.algorithm() {
            Algorithm::Es256 => alg == "ES256",
            // RFC 8037 and, for the same, RFC 9864.
            Algorithm::EdDsa => alg == "EdDSA" || alg == "Ed25519",
        };
        if !fits {
            return Err(wrong(
                "its `alg` is not `ES256` or `EdDSA`, or not that of its key",
                "`alg` 不是 `ES256` 或 `EdDSA`，或与其密钥不符",
            ));
        }
        let Claims { jti, htm, htu, iat, ath } =
            serde_json::from_slice(&payload).map_err(|_| {
                wrong(
                    "its payload needs `jti`, `htm`, `htu` and `iat`",
                    "载荷须含 `jti`、`htm`、`htu` 和 `iat`",
                )
            })?;
        if htm != asked.method {
            return Err(wrong(
                "its `htm` is not the method of this request",
                "`htm` 不是本次请求的方法",
            ));
        }
        if !is_target(&htu, asked) {
            return Err(wrong(
                "its `htu` is not the address of this request",
                "`htu` 不是本次请求的地址",
            ));
        }
        let made = instant(iat)
            .ok_or(wrong("its `iat` is no time in seconds", "`iat` 不是以秒计的时间"))?;
        if made.duration_since(now).abs() > SKEW {
            return Err(wrong(
                "its `iat` is more than 60 seconds from now",
                "`iat` 与当前时间相差超过 60 秒",
            ));
        }
        if jti.is_empty() || jti.len() > MAX_JTI {
            return Err(wrong(
                "its `jti` is empty or longer than 128 bytes",
                "`jti` 为空或超过 128 字节",
            ));
        }
        let token = match ath {
            None => None,
            Some(ath) => {
                let digest = bytes(&ath).ok_or(wrong(
                    "its `ath` is no SHA-256 in base64url",
                    "`ath` 不是 base64url 形式的 SHA-256",
                ))?;
                Some(Digest::from_bytes(digest))
            }
        };
        // Last, since it is what costs.
        if !jwk.signed(message.as_bytes(), &signature) {
            return Err(wrong("its key did not sign it", "并非由其所含密钥签署"));
        }
        let key = jwk.thumbprint();
        let once = Digest::of(&[key.as_bytes(), jti.as_bytes()].concat());
        let until = made.checked_add(SKEW).unwrap_or(Timestamp::MAX);
        Ok(Self { key, token, once, until })
    }

    /// The thumbprint of the key that is possessed.
    pub fn thumbprint(&self) -> Thumbprint {
        self.key
    }

    /// What must be remembered to refuse the proof a second time: key and id of the proof in one.
    pub fn once(&self) -> Digest {
        self.once
    }

    /// Until when it must be remembered; later the proof is refused for its age.
    pub fn until(&self) -> Timestamp {
        self.until
    }

    /// The SHA-256 of the token it was made for.
    pub(crate) fn token(&self) -> Option<Digest> {
        self.token
    }
}

fn wrong(en: &'static str, zh: &'static str) -> PolicyError {
    PolicyError::PossessionInvalid { en, zh }
}

/// Media types are compared in any case (RFC 7515 §4.1.9), and may carry their `application/`.
fn is_proof_type(typ: &str) -> bool {
    let short = typ.get(..12).filter(|start| start.eq_ignore_ascii_case("application/"));
    let short = short.map_or(typ, |_| &typ[12..]);
    short.eq_ignore_ascii_case("dpop+jwt")
}

/// Seconds since 1970, with or without a fraction (RFC 7519 `NumericDate`).
fn instant(seconds: f64) -> Option<Timestamp> {
    let nanoseconds = SignedDuration::try_from_secs_f64(seconds).ok()?;
    Timestamp::from_duration(nanoseconds).ok()
}

/// Whether an `htu` names this address: without query and fragment, host in any case, the port of
/// the scheme left out or not.
fn is_target(htu: &str, asked: Asked<'_>) -> bool {
    let Some((scheme, rest)) = htu.split_once("://") else {
        return false;
    };
    let port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return false,
    };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    };
    let bare =
        |authority: &str| authority.strip_suffix(port).unwrap_or(authority).to_ascii_lowercase();
    path == asked.path && !authority.is_empty() && bare(authority) == bare(asked.authority)
}
