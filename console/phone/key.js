// The device key of this page: what an assertion is bound to, and the proof with each request that it is held here.
//
// The private half is made by the browser and cannot be read by any script, this one included. It lasts as long as the
// page. Browsers do cryptography only on https and on this machine: elsewhere the page has no key, and asks unbound.

const P256 = { name: "ECDSA", namedCurve: "P-256" };
const ES256 = { name: "ECDSA", hash: "SHA-256" };

const base64url = (data) =>
  btoa(String.fromCharCode(...new Uint8Array(data))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const utf8 = (text) => new TextEncoder().encode(text);

const part = (value) => base64url(utf8(JSON.stringify(value)));

let made = null;

/** The key pair and its public half as a JWK, made at the first use; null where the browser has no cryptography. */
async function pair() {
  if (!crypto.subtle) return null;
  made ??= (async () => {
    const { privateKey, publicKey } = await crypto.subtle.generateKey(P256, false, ["sign", "verify"]);
    const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", publicKey);
    return { privateKey, jwk: { kty, crv, x, y } };
  })();
  return made;
}

/** The public key that eligibility is asked with, or undefined. */
export const deviceKey = async () => (await pair())?.jwk;

/** A proof (RFC 9449) for one request with this assertion, or null. */
export async function proofFor(method, path, assertion) {
  const key = await pair();
  if (!key) return null;
  const header = { typ: "dpop+jwt", alg: "ES256", jwk: key.jwk };
  const claims = {
    jti: base64url(crypto.getRandomValues(new Uint8Array(16))),
    htm: method,
    htu: location.origin + path,
    iat: Math.floor(Date.now() / 1000),
    ath: base64url(await crypto.subtle.digest("SHA-256", utf8(assertion))),
  };
  const message = `${part(header)}.${part(claims)}`;
  return `${message}.${base64url(await crypto.subtle.sign(ES256, key.privateKey, utf8(message)))}`;
}
