// Starts what the browser tests look at: one `yumen demo` and one headless Chromium.
//
// YUMEN_BIN names the program; with YUMEN_URL set instead, a gate that already runs is used. YUMEN_CHROMIUM names the
// browser (default /usr/bin/chromium, where Debian's package puts it).

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const PRINTED = /^\s*gate\s+(http:\/\/\S+)/;

/** Runs a demo on a free port, in an empty folder of its own; resolves once it prints where it listens. */
export async function startDemo() {
  if (process.env.YUMEN_URL) return { url: process.env.YUMEN_URL.replace(/\/$/, ""), stop: async () => {} };
  const program = process.env.YUMEN_BIN;
  if (!program) throw new Error("set YUMEN_BIN to the yumen program (cargo build, then target/debug/yumen)");
  const folder = await mkdtemp(join(tmpdir(), "yumen-browser-"));
  const options = ["demo", "--listen", "127.0.0.1:0", "--data-dir", join(folder, "data")];
  const child = spawn(program, options, { stdio: ["ignore", "pipe", "pipe"] });
  const errors = [];
  createInterface({ input: child.stderr }).on("line", (line) => errors.push(line));
  const ended = new Promise((resolve) => child.once("close", resolve));
  const url = await new Promise((resolve, reject) => {
    child.once("error", reject);
    ended.then((code) => reject(new Error(`yumen demo ended with ${code}:\n${errors.join("\n")}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const match = PRINTED.exec(line);
      if (match) resolve(match[1].replace(/\/$/, ""));
    });
  });
  let stopping = false;
  ended.then((code) => {
    if (!stopping) console.error(`yumen demo ended on its own (${code ?? child.signalCode}):\n${errors.join("\n")}`);
  });
  return {
    url,
    stop: async () => {
      stopping = true;
      child.kill("SIGTERM");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Headless Chromium that speaks to nobody but the page. */
export const startBrowser = () =>
  chromium.launch({
    executablePath: process.env.YUMEN_CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
