// The phone page as a person meets it: verdicts, runs, labels, receipts; by keyboard, on 390 px, in the dark, in Chinese.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { startBrowser, startDemo } from "./demo.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const DESKTOP = { width: 1280, height: 900 };
const SMALL = { width: 390, height: 844 };
const FEATURES = ["writing.proofread", "writing.summary", "writing.key_points", "writing.rewrite", "assistant.chat"];

let demo;
let browser;
let context;
let page;
let complaints;

before(async () => {
  demo = await startDemo();
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await demo?.stop();
});

/** Opens the page and waits for the first verdicts. */
async function open({ viewport = DESKTOP, colorScheme = "light", locale = "en-US" } = {}) {
  await context?.close();
  context = await browser.newContext({ viewport, colorScheme, locale, permissions: ["clipboard-read", "clipboard-write"] });
  context.setDefaultTimeout(15_000);
  page = await context.newPage();
  complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    // A refusal is an answer of this page, and Chromium reports every 4xx.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) complaints.push(message.text());
  });
  await page.goto(`${demo.url}/phone`);
  await verdictsShown();
}

const verdictsShown = () => page.waitForSelector('#features[aria-busy="false"] .chip', { state: "attached" });

/** Chooses values in the device's form and waits for the verdicts on that device. */
async function choose(choices) {
  await page.locator("#device-box").evaluate((box) => {
    box.open = true;
  });
  for (const [name, value] of Object.entries(choices)) {
    const judged = page.waitForResponse((response) => response.url().endsWith("/v1/eligibility"));
    await page.locator(`#${name}`).selectOption(value);
    await judged;
  }
  await verdictsShown();
}

const everywhere = (region) => ({ purchase_region: region, billing_region: region, location: region });

/** The words of each feature's verdict, by feature. */
const verdicts = () =>
  page.locator("#features a").evaluateAll((rows) =>
    Object.fromEntries(rows.map((row) => [row.id.replace("row-", ""), row.querySelector(".chip").textContent])));

async function openFeature(feature) {
  await page.locator(`[id="row-${feature}"]`).click();
  await page.locator("#feature-h").waitFor();
}

async function runSample(feature, sample = "en") {
  await openFeature(feature);
  await page.locator(`[data-sample=${sample}]`).click();
  await page.locator("#run").click();
  await page.locator("#verify").waitFor();
}

async function verify() {
  await page.locator("#verify").click();
  await page.locator("#receipt .overall").waitFor();
  return page.locator("#receipt .overall").textContent();
}

/** Serious and critical findings of axe, as short lines. */
async function axe() {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  return violations
    .filter((violation) => ["serious", "critical"].includes(violation.impact))
    .map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.target).join(" | ")}`);
}

/** How far the page is wider than its window, in CSS pixels. */
const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

beforeEach(() => open());

afterEach(() => {
  assert.deepEqual(complaints, [], "the browser's console stays free of errors and of blocked scripts and styles");
});

describe("verdicts", () => {
  test("an American phone may have every feature", async () => {
    await choose({ ...everywhere("US"), language: "en" });
    assert.deepEqual(await verdicts(), Object.fromEntries(FEATURES.map((feature) => [feature, "Eligible"])));
    assert.match(await page.locator("#market").textContent(), /United States/);
  });

  test("a mainland phone falls under the mainland market", async () => {
    await choose({ ...everywhere("CN"), language: "zh-Hans" });
    assert.match(await page.locator("#market").textContent(), /Mainland China/);
    assert.equal((await verdicts())["writing.summary"], "Eligible");
    await openFeature("writing.summary");
    assert.match(await page.locator("#decision .reasons").first().textContent(), /cn\./);
  });

  test("a German phone falls under the European market", async () => {
    await choose({ ...everywhere("DE"), language: "en" });
    assert.match(await page.locator("#market").textContent(), /European Union/);
  });

  test("a phone bought abroad is not eligible while it is in the mainland and billed there", async () => {
    await choose({ purchase_region: "US", billing_region: "CN", location: "CN" });
    assert.equal((await verdicts())["assistant.chat"], "Not eligible");
    await choose({ billing_region: "US" });
    assert.equal((await verdicts())["assistant.chat"], "Eligible", "location alone does not decide");
  });

  test("an unknown market serves nothing, says why, and the gate refuses a run", async () => {
    await choose({ ...everywhere("BR"), language: "en" });
    assert.deepEqual(new Set(Object.values(await verdicts())), new Set(["Not eligible"]));
    await openFeature("writing.summary");
    assert.equal(await page.locator("#verdict .chip").textContent(), "Not eligible");
    const failed = page.locator("#decision .reasons li.fail");
    assert.ok((await failed.count()) > 0);
    assert.match(await failed.first().textContent(), /Fail/);
    await page.locator("[data-sample=en]").click();
    await page.locator("#run").click();
    const problem = page.locator("#answer .problem");
    await problem.waitFor();
    assert.match(await problem.locator(".code").textContent(), /Code \w+/);
    assert.equal(await page.locator("#answer .text").count(), 0);
    assert.equal(await page.locator("#verify").count(), 0);
  });

  test("an input that is not known gives not yet and is named; one in error gives not eligible", async () => {
    await choose({ ...everywhere("US"), language: "en", purchase_region: "unset" });
    assert.equal((await verdicts())["writing.summary"], "Not yet");
    await openFeature("writing.summary");
    assert.match(await page.locator("#decision li.unset").first().textContent(), /Not set.*Bought in/s);
    await choose({ purchase_region: "error" });
    await page.locator("#verdict .chip.not_eligible").waitFor();
    assert.match(await page.locator("#decision li.error").first().textContent(), /Error.*Bought in/s);
  });
});

describe("runs", () => {
  test("the demo says that partners are emulated", async () => {
    await page.locator("#demo").waitFor();
    assert.match(await page.locator("#demo").textContent(), /emulated/);
  });

  test("a summary is made by the on-device engine from sentences of the text", async () => {
    await runSample("writing.summary");
    const text = await page.locator("#text").inputValue();
    const summary = await page.locator("#answer > .text").textContent();
    assert.ok(summary.length > 20 && summary.length < text.length);
    await page.locator("#answer .source summary").click();
    const marked = await page.locator("#answer .source mark").allTextContents();
    assert.ok(marked.length > 0);
    for (const sentence of marked) assert.ok(summary.includes(sentence.trim()), sentence);
    assert.match(await page.locator("#answer .served").textContent(), /On-device engine/);
    assert.match(await page.locator("#receipt").textContent(), /no model company saw the text/);
  });

  test("what the page presents is bound to its key: taken from it, it opens nothing", async () => {
    const asked = page.waitForRequest((request) => request.method() === "POST" && request.url().includes("/v1/features/"));
    await runSample("writing.summary");
    const request = await asked;
    const sent = await request.allHeaders();
    const again = async (changes) => {
      const headers = { authorization: sent.authorization, "content-type": "application/json", "yumen-assertion": sent["yumen-assertion"], ...changes };
      const response = await fetch(request.url(), { method: "POST", headers, body: request.postData() });
      return (await response.json()).code;
    };
    assert.equal(await again({}), "proof_missing");
    assert.equal(await again({ dpop: sent.dpop }), "proof_replayed");
    assert.equal(await page.locator("#decision .facts").getByText("Bound to this page's key").count(), 1);
  });

  test("under every answer stands what has to be shown, in the person's language", async () => {
    const rows = async () => Object.fromEntries(await page.locator("#answer .display > div").evaluateAll((all) =>
      all.map((row) => [row.querySelector("dt").textContent, row.querySelector("dd").textContent])));
    await choose({ ...everywhere("CN"), language: "zh-Hans" });
    await runSample("writing.rewrite", "zh");
    const partner = await rows();
    assert.equal(partner.Model, "Qwen (Alibaba) qwen-plus");
    assert.equal(partner["Filing number"], "ZheJiang-TongYiQianWen-20230901");
    assert.match(partner["Provided by"], /fictitious/);
    await page.locator("#lang-zh").click();
    await page.locator("#answer .display dt", { hasText: "模型名称" }).waitFor();
    const chinese = await rows();
    assert.equal(chinese["模型名称"], "通义千问（阿里巴巴） qwen-plus");
    assert.equal(chinese["备案号"], "ZheJiang-TongYiQianWen-20230901");
    await page.locator("#lang-en").click();
    await page.locator(".back a").click();
    await runSample("writing.summary", "zh");
    const engine = await rows();
    assert.match(engine.Model, /^On-device engine /);
    assert.equal(engine["Filing number"], undefined);
  });

  test("key points stand in the text", async () => {
    await runSample("writing.key_points");
    const text = await page.locator("#text").inputValue();
    const points = await page.locator("#answer .points li").allTextContents();
    assert.ok(points.length > 1);
    for (const point of points) assert.ok(text.includes(point.trim()), point);
  });

  test("proofreading explains each edit; all can be accepted and taken back", async () => {
    await runSample("writing.proofread");
    const original = await page.locator("#text").inputValue();
    const edits = page.locator("#answer .edits li");
    assert.ok((await edits.count()) > 1);
    for (const why of await edits.locator(".why").allTextContents()) assert.ok(why.length > 5);
    await page.locator("#accept-all").click();
    const corrected = await page.locator("#text").inputValue();
    assert.notEqual(corrected, original);
    assert.ok(corrected.includes("received"));
    await page.locator("#revert-all").click();
    assert.equal(await page.locator("#text").inputValue(), original);
  });

  test("a chat streams from the emulated partner and remembers its turns", async () => {
    await openFeature("assistant.chat");
    await page.evaluate(() => {
      globalThis.grown = 0;
      new MutationObserver((records) => {
        globalThis.grown += records.filter((record) => record.type === "characterData").length;
      }).observe(document.getElementById("chat"), { subtree: true, characterData: true });
    });
    const response = page.waitForResponse((r) => r.url().endsWith("/v1/features/assistant.chat"));
    await page.locator("[data-sample=en]").click();
    await page.locator("#text").press("Enter");
    assert.match((await response).headers()["content-type"], /^text\/event-stream/);
    await page.locator("#verify").waitFor();
    assert.ok((await page.evaluate(() => globalThis.grown)) > 1, "the answer grew while it came");
    assert.match(await page.locator("#chat .served").textContent(), /EMULATED/);
    assert.match(await page.locator("#receipt .headline").textContent(), /EMULATED/);

    const second = page.waitForRequest((r) => r.url().endsWith("/v1/features/assistant.chat"));
    await page.locator("#text").fill("And in the rain?");
    await page.locator("#text").press("Enter");
    const { input } = (await second).postDataJSON();
    assert.deepEqual(input.messages.map((message) => message.role), ["user", "assistant", "user"]);
    await page.locator("#chat .theirs").nth(1).locator(".copy").waitFor();
  });

  test("a rewrite sends the chosen style, and what the screen masked is told", async () => {
    await choose({ ...everywhere("CN"), language: "en" });
    await openFeature("writing.rewrite");
    await page.locator("[data-sample=private]").click();
    await page.locator("input[value=described]").check();
    await page.locator("#instruction").fill("Add a thank you");
    const request = page.waitForRequest((r) => r.url().endsWith("/v1/features/writing.rewrite"));
    await page.locator("#run").click();
    const { input, language } = (await request).postDataJSON();
    assert.equal(input.style, "described");
    assert.equal(input.instruction, "Add a thank you");
    assert.equal(language, "en");
    await page.locator("#verify").waitFor();
    const notices = await page.locator("#answer .notices").textContent();
    assert.match(notices, /Replaced by a token in what you sent · Personal data/);
    assert.match(notices, /You may object to this/);
  });

  test("an empty text is answered in plain words, with a code", async () => {
    await openFeature("writing.summary");
    await page.locator("#run").click();
    const problem = page.locator("#answer .problem");
    await problem.waitFor();
    assert.ok((await problem.locator("strong").textContent()).length > 3);
    assert.match(await problem.locator(".code code").textContent(), /^[a-z_]+$/);
  });

  test("a stream that breaks off is never shown as complete", async () => {
    await page.route("**/v1/features/assistant.chat", async (route) => {
      const response = await route.fetch();
      const body = await response.text();
      await route.fulfill({ response, body: body.slice(0, body.indexOf("event: end")) });
    });
    await openFeature("assistant.chat");
    await page.locator("[data-sample=en]").click();
    await page.locator("#run").click();
    await page.locator("#chat .problem").waitFor();
    assert.match(await page.locator("#chat .problem").textContent(), /not complete/);
    assert.equal(await page.locator("#verify").count(), 0);
  });
});

describe("label", () => {
  test("stands by the answer and stays in view; copies carry it", async () => {
    await choose({ ...everywhere("CN"), language: "zh-Hans" });
    await runSample("writing.summary", "zh");
    const label = (await page.locator("#answer .label").textContent()).trim();
    assert.match(label, /人工智能|AI/);
    assert.match(label, /生成|合成|generated/i);
    assert.equal((await page.locator("#ai-line").textContent()).trim(), label);
    assert.ok(await page.locator("#ai-line").isVisible());

    const text = await page.locator("#answer > .text").textContent();
    await page.locator("#answer .copy").click();
    await page.locator("#answer .copy", { hasText: "Copied" }).waitFor();
    const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
    const copied = await clipboard();
    assert.ok(copied.startsWith(text) && copied.length > text.length);
    const mark = copied.slice(text.length);
    assert.match(mark, /人工智能|AI/);

    await page.evaluate(() => getSelection().selectAllChildren(document.querySelector("#answer > .text")));
    await page.keyboard.press("ControlOrMeta+c");
    assert.equal(await clipboard(), copied, "what is copied by hand carries the label too");
  });
});

describe("receipt", () => {
  test("verifies in the browser: entry, inclusion and signature", async () => {
    await runSample("writing.summary");
    assert.equal(await verify(), "Verified in this browser");
    const checks = page.locator("#receipt .checks li");
    assert.equal(await checks.count(), 3);
    assert.equal(await page.locator("#receipt .checks li.pass").count(), 3);
  });

  const forged = {
    "an altered approval in the receipt": (end) => {
      end.receipt.approval = "Forged-1";
    },
    "an altered entry": (end) => {
      end.receipt.ledger.entry = end.receipt.ledger.entry.replace('"tier":"device"', '"tier":"partner"');
    },
    "an entry of another place in the log": (end) => {
      end.receipt.ledger.index += 1;
    },
    "an altered size in the checkpoint": (end) => {
      const lines = end.receipt.ledger.checkpoint.split("\n");
      lines[1] = String(Number(lines[1]) + 1);
      end.receipt.ledger.checkpoint = lines.join("\n");
    },
    "a signature cut off": (end) => {
      end.receipt.ledger.checkpoint = end.receipt.ledger.checkpoint.replace(/\n\n[^]*$/, "\n\n");
    },
  };
  for (const [what, forge] of Object.entries(forged)) {
    test(`does not verify with ${what}`, async () => {
      await page.route("**/v1/features/writing.summary", async (route) => {
        const response = await route.fetch();
        const body = (await response.text()).replace(/(event: end\r?\ndata: ?)(.*)/, (_, head, data) => {
          const end = JSON.parse(data);
          const before = JSON.stringify(end);
          forge(end);
          assert.notEqual(JSON.stringify(end), before);
          return head + JSON.stringify(end);
        });
        await route.fulfill({ response, body });
      });
      await runSample("writing.summary");
      assert.equal(await verify(), "Does not verify");
      assert.ok((await page.locator("#receipt .checks li.fail").count()) > 0);
    });
  }

  test("says what was not checked when the key cannot be fetched", async () => {
    await page.route("**/v1/ledger/key", (route) => route.abort());
    await runSample("writing.summary");
    assert.equal(await verify(), "Partly checked");
    assert.match(await page.locator("#receipt .checks li.skip").textContent(), /Not checked/);
    // The aborted fetch is this test's own doing.
    complaints = complaints.filter((complaint) => !complaint.includes("ERR_FAILED"));
  });
});

describe("for everyone", () => {
  test("works by keyboard alone, with focus always visible", async () => {
    const tabTo = async (selector) => {
      for (let presses = 0; presses < 80; presses += 1) {
        await page.keyboard.press("Tab");
        const found = await page.evaluate((wanted) => {
          const focused = document.activeElement;
          const style = getComputedStyle(focused);
          // A radio shows its focus on the words beside it; the body is what Tab passes through when it wraps.
          const visible = style.outlineStyle !== "none" || focused.matches("body, input[type=radio]");
          return { here: focused.matches(wanted), visible, tag: focused.outerHTML.slice(0, 80) };
        }, selector);
        assert.ok(found.visible, `focus is visible on ${found.tag}`);
        if (found.here) return;
      }
      assert.fail(`${selector} cannot be reached by Tab`);
    };
    await tabTo('[id="row-writing.summary"]');
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.activeElement.id === "feature-h");
    await tabTo("[data-sample=en]");
    await page.keyboard.press("Space");
    await tabTo("#run");
    await page.keyboard.press("Enter");
    await page.locator("#verify").waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.id), "run", "focus stays where the person left it");
    await page.waitForFunction(() => document.getElementById("say").textContent.includes("complete"));
    await tabTo("#verify");
    await page.keyboard.press("Enter");
    await page.locator("#receipt .overall.pass").waitFor();
    await tabTo(".back a");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.activeElement.id === "row-writing.summary");
  });

  test("speaks Chinese, from the browser's language and by the switch", async () => {
    await open({ locale: "zh-CN" });
    assert.equal(await page.evaluate(() => document.documentElement.lang), "zh-Hans");
    assert.equal((await verdicts())["writing.summary"], "可用");
    await openFeature("writing.summary");
    for (const reason of await page.locator("#decision .reasons li p:first-child").allTextContents()) {
      assert.match(reason, /\p{Script=Han}/u);
    }
    await page.locator("#lang-en").click();
    await verdictsShownIn("Eligible");
    assert.equal(await page.evaluate(() => document.documentElement.lang), "en");
    await page.reload();
    assert.equal(await page.evaluate(() => document.documentElement.lang), "en", "the choice is kept");
  });

  const verdictsShownIn = (word) => page.locator("#verdict .chip", { hasText: word }).waitFor();

  test("fits 390 px in every state, in both languages", async () => {
    for (const locale of ["en-US", "zh-CN"]) {
      await open({ viewport: SMALL, locale });
      assert.ok((await overflow()) <= 0, `${locale}: the list`);
      await page.locator("#device-box summary").click();
      assert.ok((await overflow()) <= 0, `${locale}: the device`);
      for (const feature of ["writing.proofread", "writing.summary", "writing.rewrite", "assistant.chat"]) {
        await runSample(feature, locale.slice(0, 2));
        await verify();
        await page.locator("#receipt .source summary").click();
        assert.ok((await overflow()) <= 0, `${locale}: ${feature}`);
        await page.locator(".back a").click();
      }
    }
  });

  test("a very long word does not widen the page", async () => {
    await open({ viewport: SMALL });
    await openFeature("assistant.chat");
    await page.locator("#text").fill("m".repeat(600));
    await page.locator("#text").press("Enter");
    await page.locator("#verify").waitFor();
    assert.ok((await overflow()) <= 0);
  });

  for (const colorScheme of ["light", "dark"]) {
    for (const [name, viewport] of Object.entries({ desktop: DESKTOP, "390 px": SMALL })) {
      test(`axe finds nothing serious: ${colorScheme}, ${name}`, async () => {
        await open({ colorScheme, viewport });
        const dark = await page.evaluate(() => {
          const [red, green, blue] = getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number);
          return red + green + blue < 200;
        });
        assert.equal(dark, colorScheme === "dark");
        assert.deepEqual(await axe(), [], "the list");
        await runSample("writing.proofread");
        await verify();
        assert.deepEqual(await axe(), [], "proofreading");
        await page.locator(".back a").click();
        await runSample("assistant.chat");
        assert.deepEqual(await axe(), [], "the assistant");
        await page.locator(".back a").click();
        await choose(everywhere("BR"));
        await openFeature("writing.rewrite");
        await page.locator("[data-sample=private]").click();
        await page.locator("#run").click();
        await page.locator("#answer .problem").waitFor();
        assert.deepEqual(await axe(), [], "a refusal");
      });
    }
  }
});
