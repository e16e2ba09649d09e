// Talks to the gate: three calls and one stream. Every failure comes back as problem details, never as an exception.

import { pageTag, say } from "./dom.js";
import { deviceKey, proofFor } from "./key.js";
import { events } from "./stream.js";

/** The demo's app key: public on purpose, and accepted by `yumen demo` only. */
const KEY = "yk_demo";

const headers = (more = {}) => ({
  Authorization: `Bearer ${KEY}`,
  "Accept-Language": pageTag(),
  "Content-Type": "application/json",
  ...more,
});

async function problemOf(response) {
  try {
    return await response.json();
  } catch {
    return { title: `${response.status} ${response.statusText}`.trim() };
  }
}

const unreachable = () => ({ title: say("unreachable"), detail: say("unreachable_detail"), code: "unreachable" });

/** Asks which features may run on a device: `{answer}` or `{problem}`. */
export async function askEligibility(device) {
  try {
    const body = JSON.stringify({ device, device_key: await deviceKey() });
    const response = await fetch("/v1/eligibility", { method: "POST", headers: headers(), body });
    return response.ok ? { answer: await response.json() } : { problem: await problemOf(response) };
  } catch {
    return { problem: unreachable() };
  }
}

/** The features the gate has, in its order; empty when it cannot say. */
export async function listFeatures() {
  try {
    const response = await fetch("/v1/features", { headers: headers() });
    return response.ok ? (await response.json()).features : [];
  } catch {
    return [];
  }
}

/** Whether this gate is a demo, whose partners are emulated. */
export async function isDemo() {
  try {
    return (await (await fetch("/healthz")).json()).mode === "demo";
  } catch {
    return false;
  }
}

/** The ledger's published key, a signed-note verifier key in one line. */
export async function ledgerKey() {
  const response = await fetch("/v1/ledger/key", { headers: headers() });
  if (!response.ok) throw new Error((await problemOf(response)).title);
  return (await response.json()).verifier_key;
}

/** The headers by which a device shows its standing: the assertion, and the proof that it is this device's. */
async function standing(path, assertion) {
  if (!assertion) return {};
  const proof = await proofFor("POST", path, assertion);
  return { "Yumen-Assertion": assertion, ...(proof ? { DPoP: proof } : {}) };
}

/** Runs a feature; `on(event, data)` gets each event of the answer. Resolves when the answer is over. */
export async function runFeature({ feature, input, language, assertion, signal, on }) {
  let response;
  try {
    const path = `/v1/features/${feature}`;
    response = await fetch(path, {
      method: "POST",
      headers: headers({ Accept: "text/event-stream", ...(await standing(path, assertion)) }),
      body: JSON.stringify({ input, language }),
      signal,
    });
    if (!response.ok) {
      on("error", await problemOf(response));
      return;
    }
    if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) {
      const whole = await response.json();
      on("start", whole);
      on("end", whole);
      return;
    }
    let over = false;
    for await (const { event, data } of events(response)) {
      on(event, JSON.parse(data));
      over ||= event === "end" || event === "error";
    }
    if (!over) on("error", { title: say("broken"), code: "stream_ended_early" });
  } catch (error) {
    if (error.name === "AbortError") on("stopped");
    else on("error", response ? { title: say("broken"), code: "stream_broken" } : unreachable());
  }
}
