// Checks a receipt in the browser, without trusting the gate's own word for it.
//
// Three checks, each told with what was compared: the ledger entry names the same receipt, release and approval as the
// answer did; the entry is in the log the checkpoint commits to (inclusion proof, RFC 6962 section 2.1.1, verified as in
// RFC 9162 section 2.1.3.2); the checkpoint (C2SP tlog-checkpoint, a signed note) bears the ledger's Ed25519 signature.
// A check that this browser cannot make is told as not made, never as passed.

const bytes = (text) => new TextEncoder().encode(text);

const fromBase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** Lower-case hexadecimal of bytes. */
export const hex = (data) => Array.from(data, (b) => b.toString(16).padStart(2, "0")).join("");

const isHash = (data) => data.length === 32;

/** A hash as the receipt writes it: 64 hexadecimal digits, with or without "sha256:", or Base64. */
export function hashOf(text) {
  const plain = text.replace(/^sha256:/, "");
  const data = /^[0-9a-f]{64}$/i.test(plain)
    ? Uint8Array.from(plain.match(/../g), (pair) => Number.parseInt(pair, 16))
    : fromBase64(plain);
  if (!isHash(data)) throw new Error("not a SHA-256 hash");
  return data;
}

async function sha256(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
}

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** The root that a leaf and its proof lead to, or null when the proof does not fit the index and the size. */
export async function rootFromProof(entry, index, size, proof) {
  let at = BigInt(index);
  let last = BigInt(size) - 1n;
  if (at < 0n || at > last) return null;
  let hash = await sha256(LEAF, entry);
  for (const sibling of proof) {
    if (last === 0n) return null;
    if (at & 1n || at === last) {
      hash = await sha256(NODE, sibling, hash);
      while (!(at & 1n) && at !== 0n) {
        at >>= 1n;
        last >>= 1n;
      }
    } else {
      hash = await sha256(NODE, hash, sibling);
    }
    at >>= 1n;
    last >>= 1n;
  }
  return last === 0n ? hash : null;
}

/** Reads a checkpoint: origin, size, root, the signed text and its signatures. */
export function readCheckpoint(note) {
  const split = note.lastIndexOf("\n\n");
  if (split < 0) throw new Error("the checkpoint has no signature");
  const text = note.slice(0, split + 1);
  const [origin, size, root] = text.split("\n");
  if (!origin || !/^(0|[1-9][0-9]*)$/.test(size ?? "")) throw new Error("the checkpoint has no size");
  const signatures = note
    .slice(split + 2)
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const match = /^\u2014 (\S+) (\S+)$/.exec(line);
      if (!match) throw new Error("a signature line of the checkpoint is malformed");
      const data = fromBase64(match[2]);
      return { name: match[1], id: hex(data.slice(0, 4)), signature: data.slice(4) };
    });
  return { origin, size, root: hashOf(root), text, signatures };
}

/** Reads a verifier key of the C2SP signed-note form, `name+id+base64(0x01 || key)`. */
export function readKey(line) {
  const match = /^(\S+?)\+([0-9a-f]{8})\+(\S+)$/.exec(line.trim());
  if (!match) throw new Error("the ledger's key is malformed");
  const data = fromBase64(match[3]);
  if (data[0] !== 1 || data.length !== 33) throw new Error("the ledger's key is not Ed25519");
  return { name: match[1], id: match[2], key: data.slice(1) };
}

/** What the browser can say about one signature: "pass", "fail" or "skip" (it knows no Ed25519). */
async function signatureHolds(checkpoint, key) {
  const id = hex((await sha256(bytes(`${key.name}\n`), Uint8Array.of(1), key.key)).slice(0, 4));
  const own = checkpoint.signatures.filter((s) => s.name === key.name && s.id === id && id === key.id);
  if (own.length === 0) return "fail";
  let imported;
  try {
    imported = await crypto.subtle.importKey("raw", key.key, { name: "Ed25519" }, false, ["verify"]);
  } catch (error) {
    if (error.name === "NotSupportedError") return "skip";
    return "fail";
  }
  for (const { signature } of own) {
    if (await crypto.subtle.verify({ name: "Ed25519" }, imported, signature, bytes(checkpoint.text))) return "pass";
  }
  return "fail";
}

/** What the receipt and its ledger entry must both say. */
const NAMED = ["id", "market", "release", "approval"];

/**
 * Checks one receipt. `publishedKey` resolves to the ledger's verifier key. Resolves to
 * `{overall: "pass" | "partly" | "fail", checks: [{check, outcome, ...what was compared}]}` and does not throw for a
 * receipt that is wrong: that is a failed check.
 */
export async function verifyReceipt(receipt, publishedKey) {
  const checks = [];
  const made = async (check, make) => {
    try {
      checks.push({ check, ...(await make()) });
    } catch (error) {
      checks.push({ check, outcome: "fail", why: error.message });
    }
  };
  if (!globalThis.crypto?.subtle) {
    return { overall: "partly", checks: [{ check: "secure_context", outcome: "skip" }] };
  }
  const { ledger } = receipt;

  await made("entry", () => {
    const entry = JSON.parse(ledger.entry)["admission.v1"];
    if (!entry) throw new Error("it is not an admission");
    const pairs = NAMED.map((name) => [name, receipt[name] ?? null, entry[name] ?? null]);
    const differs = pairs.filter(([, ours, theirs]) => ours !== theirs).map(([name]) => name);
    return { outcome: differs.length ? "fail" : "pass", differs };
  });

  let checkpoint;
  await made("inclusion", async () => {
    checkpoint = readCheckpoint(ledger.checkpoint);
    const root = await rootFromProof(bytes(ledger.entry), ledger.index, checkpoint.size, ledger.proof.map(hashOf));
    const same = root !== null && hex(root) === hex(checkpoint.root);
    return {
      outcome: same ? "pass" : "fail",
      index: ledger.index,
      size: checkpoint.size,
      steps: ledger.proof.length,
      computed: root && hex(root),
      stated: hex(checkpoint.root),
    };
  });

  await made("signature", async () => {
    if (!checkpoint) throw new Error("the checkpoint cannot be read");
    let line;
    try {
      line = await publishedKey();
    } catch {
      return { check: "key", outcome: "skip" };
    }
    const key = readKey(line);
    if (key.name !== checkpoint.origin) throw new Error("the key is another log's");
    return { outcome: await signatureHolds(checkpoint, key), name: key.name, fingerprint: hex(await sha256(key.key)) };
  });

  const outcomes = checks.map((c) => c.outcome);
  const overall = outcomes.includes("fail") ? "fail" : outcomes.every((o) => o === "pass") ? "pass" : "partly";
  return { overall, checks };
}
