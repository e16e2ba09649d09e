// Starts the real program, which OpenAI's client then meets as it would meet OpenAI.
//
// YUMEN_BIN names the program; without it, the newest one that cargo built.

import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import OpenAI from "openai";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

function program() {
  if (process.env.YUMEN_BIN) return process.env.YUMEN_BIN;
  const target = process.env.CARGO_TARGET_DIR ?? join(REPOSITORY, "target");
  const built = ["debug", "release"]
    .map((profile) => join(target, profile, "yumen"))
    .map((path) => ({ path, built: statSync(path, { throwIfNoEntry: false })?.mtimeMs }))
    .filter((found) => found.built)
    .sort((a, b) => b.built - a.built);
  if (!built.length) throw new Error(`no yumen in ${target}: cargo build`);
  return built[0].path;
}

/** Runs a demo on a free port, in an empty folder of its own; resolves once it serves. */
export async function startDemo() {
  const folder = await mkdtemp(join(tmpdir(), "yumen-openai-node-"));
  const data = join(folder, "data");
  const options = ["--json", "demo", "--listen", "127.0.0.1:0", "--data-dir", data, "--chunk-delay-ms", "0"];
  const child = spawn(program(), options, { stdio: ["ignore", "pipe", "pipe"] });
  const errors = [];
  createInterface({ input: child.stderr }).on("line", (line) => errors.push(line));
  const ended = new Promise((resolve) => child.once("close", resolve));
  const addresses = await new Promise((resolve, reject) => {
    child.once("error", reject);
    ended.then((code) => reject(new Error(`yumen demo ended with ${code}:\n${errors.join("\n")}`)));
    createInterface({ input: child.stdout }).once("line", (line) => resolve(JSON.parse(line)));
  }).catch(async (error) => {
    await rm(folder, { recursive: true, force: true });
    throw error;
  });
  return new Demo(child, ended, addresses, folder, data);
}

class Demo {
  #child;
  #ended;
  #addresses;
  #folder;
  #data;

  constructor(child, ended, addresses, folder, data) {
    this.#child = child;
    this.#ended = ended;
    this.#addresses = addresses;
    this.#folder = folder;
    this.#data = data;
  }

  /** OpenAI's client as an application sets it up: nothing but base URL and key are ours. */
  client(apiKey, options = {}) {
    return new OpenAI({ baseURL: `${this.#addresses.gate}/v1`, apiKey, maxRetries: 0, ...options });
  }

  /** A device's assertion, as an app's own server fetches it. */
  async assertion(device) {
    const response = await fetch(`${this.#addresses.gate}/v1/eligibility`, {
      method: "POST",
      headers: { Authorization: "Bearer yk_demo", "Content-Type": "application/json" },
      body: JSON.stringify({ device }),
    });
    return (await response.json()).assertion;
  }

  /** The counters of an emulated partner: `chatgpt` or `qwen`. */
  async emulator(name) {
    return (await fetch(`${this.#addresses[`emulated_${name}`]}/emulator/stats`)).json();
  }

  /** Has `yumen ledger verify` prove the whole log and one answer's receipt. */
  verify(about) {
    const command = ["--json", "ledger", "verify", "--data-dir", this.#data, "--receipt", "-"];
    const done = spawnSync(program(), command, { input: JSON.stringify(about), encoding: "utf8" });
    if (done.status !== 0) throw new Error(`the receipt does not verify:\n${done.stderr}${done.stdout}`);
  }

  async stop() {
    this.#child.kill("SIGTERM");
    await this.#ended;
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Waits until something holds; gives what it was. */
export async function eventually(what, condition) {
  const end = Date.now() + 20_000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`did not happen in time: ${what}`);
    await pause(10);
  }
}
