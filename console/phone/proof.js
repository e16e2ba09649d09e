// Draws the reasons of a verdict, and a receipt with its check.

import { announce, chip, digest, h, icon, knows, pageTag, say, told } from "./dom.js";
import { emulated } from "./answer.js";
import { verifyReceipt } from "./verify.js";

const OUTCOMES = { pass: "pass", fail: "fail", unset: "outcome:unset", error: "outcome:error" };

const nameOf = (feature) => (knows(`name:${feature}`) ? say(`name:${feature}`) : feature);

/** A market's name to people; a market this page does not know goes by its id. */
export const marketName = (market) => (market && knows(`market:${market}`) ? say(`market:${market}`) : market);

/** Facts as a list of terms; rows without a value are left out. */
function facts(rows) {
  return h("dl", { class: "facts" },
    rows.filter(([, value]) => value !== null && value !== undefined && value !== "")
      .map(([term, ...value]) => h("div", {}, h("dt", {}, term), h("dd", {}, value))));
}

const reasonRow = (reason) =>
  h("li", { class: reason.outcome },
    h("span", { class: "outcome" }, icon(reason.outcome), say(OUTCOMES[reason.outcome] ?? reason.outcome)),
    h("div", {},
      h("p", {}, told(reason.text)),
      h("p", { class: "rule" },
        h("code", {}, reason.rule),
        reason.input ? h("span", {}, knows(reason.input) ? say(reason.input) : reason.input) : null,
        knows(`basis:${reason.basis}`) ? h("span", {}, say(`basis:${reason.basis}`)) : null)));

/** Whether a reason only says that the device is fit for the feature, and it is. */
const plain = (reason) => reason.outcome === "pass" && /^(feature|device)\./.test(reason.rule);

/**
 * Every rule that was looked at: its outcome in words and icon, its text, its id, its input, what it rests on. The
 * device's fitness, where nothing is wrong with it, folds into one line.
 */
function reasons(list) {
  const folded = list.filter(plain);
  return [
    h("ul", { class: "reasons" }, list.filter((reason) => !plain(reason)).map(reasonRow)),
    folded.length ? h("details", { class: "source" },
      h("summary", {}, say("device_passed", { count: folded.length })),
      h("ul", { class: "reasons" }, folded.map(reasonRow))) : null,
  ].filter(Boolean);
}

/** The reasons that matter in one line: those that did not pass, or the first. */
export const decisive = (verdict) => verdict.reasons.filter((reason) => reason.outcome !== "pass");

/** The verdict inside the phone: the answer, the reasons against it, the next step. */
export function drawVerdict(place, verdict) {
  if (!verdict) {
    place.replaceChildren();
    return;
  }
  const against = decisive(verdict);
  place.replaceChildren(...[
    h("p", { class: "answer" }, chip(verdict.answer), verdict.code && verdict.code !== verdict.answer ? h("code", {}, verdict.code) : null),
    ...(verdict.answer === "eligible" ? [] : against.map((reason) => h("p", {}, told(reason.text)))),
    verdict.next_step ? h("p", { class: "next" }, h("strong", {}, say("next_step")), " ", told(verdict.next_step)) : null,
  ].filter(Boolean));
}

/** The whole decision: market, policy, assertion, and the rules of the chosen feature. */
export function drawDecision(place, eligibility, feature) {
  const verdict = feature && eligibility?.verdicts.find((v) => v.feature === feature);
  const parts = [h("h3", {}, feature ? say("decision_for", { feature: nameOf(feature) }) : say("decision_h"))];
  if (verdict) {
    parts.push(
      h("p", { class: "answer" }, chip(verdict.answer), verdict.code && verdict.code !== verdict.answer ? h("code", {}, verdict.code) : null),
      ...reasons(verdict.reasons));
    if (verdict.next_step) parts.push(h("p", { class: "next" }, h("strong", {}, say("next_step")), " ", told(verdict.next_step)));
  } else {
    parts.push(h("p", { class: "hint" }, say("pick_feature")));
  }
  if (eligibility) {
    const until = eligibility.expires_at && new Date(eligibility.expires_at);
    parts.push(facts([
      [say("market"), marketName(eligibility.market) ?? say("no_market")],
      [say("policy"), digest(eligibility.policy)],
      [say("expires"), eligibility.assertion && until ? until.toLocaleTimeString(pageTag()) : say("no_assertion")],
      [say("bound_to"), eligibility.bound_to ? h("code", { class: "digest" }, eligibility.bound_to) : say("bound_to_none")],
    ]));
  }
  place.replaceChildren(...parts);
}

const usageWords = (usage) => usage && say("usage_tokens", { input: usage.input_tokens, output: usage.output_tokens });

function checkWords({ check, outcome, ...told }) {
  const what = told.why ?? told.differs?.join(", ") ?? "";
  return say(`check:${check}:${outcome}`, { ...told, what });
}

const CHECK_ICON = { pass: "pass", fail: "fail", skip: "unset" };

function drawChecks(place, { overall, checks }) {
  const of = (name) => checks.find((c) => c.check === name) ?? {};
  const { computed, stated } = of("inclusion");
  const { fingerprint } = of("signature");
  place.replaceChildren(
    h("p", { class: `overall ${overall}` }, icon({ pass: "eligible", partly: "maybe", fail: "not_eligible" }[overall]), say(`overall:${overall}`)),
    h("ul", { class: "checks" }, checks.map((c) => h("li", { class: c.outcome }, icon(CHECK_ICON[c.outcome]), h("span", {}, checkWords(c))))),
    facts([
      [say("root"), computed && computed !== stated ? h("span", {}, digest(computed), " ≠ ", digest(stated)) : digest(stated)],
      [say("key_print"), digest(fingerprint)],
    ]),
    fingerprint ? h("p", { class: "hint" }, say("verify_limit")) : "");
}

/** The receipt of a run, with the button that verifies it. `ledgerKey` resolves to the ledger's published key. */
export function drawReceipt(place, run, ledgerKey) {
  const heading = h("h3", {}, say("receipt_h"));
  if (!run?.servedBy && !run?.receipt) {
    place.replaceChildren(heading, h("p", { class: "hint" }, say("receipt_none")));
    return;
  }
  const { servedBy = {}, receipt = {}, label } = run;
  const { ledger } = receipt;
  const parts = [
    h("div", { class: "headline" }, heading, emulated(run)),
    facts([
      [say("market"), marketName(receipt.market)],
      [say("tier"), say(`tier:${servedBy.tier}`)],
      [say("partner"), servedBy.tier === "device" ? say("no_partner") : servedBy.partner],
      [say("model"), servedBy.model],
      [say("label"), label?.visible],
      [say("usage"), usageWords(run.usage)],
      [say("release"), digest(receipt.release)],
      [say("approval"), ledger ? (receipt.approval ?? say("no_approval")) : null],
      [say("ledger"), ledger ? `#${ledger.index}` : null],
      [say("receipt"), receipt.id ? h("code", {}, receipt.id) : null],
    ]),
  ];
  if (ledger?.entry) {
    run.checked ??= h("div", { class: "checked" });
    const words = h("span", {}, say("verify"));
    const verify = async () => {
      words.textContent = say("verifying");
      run.outcome = await verifyReceipt(receipt, ledgerKey);
      drawChecks(run.checked, run.outcome);
      words.textContent = say("verify");
      announce(say(`overall:${run.outcome.overall}`));
    };
    if (run.outcome) drawChecks(run.checked, run.outcome);
    parts.push(
      h("button", { type: "button", class: "secondary", id: "verify", onclick: verify }, icon("shield"), words),
      run.checked,
      h("details", { class: "source" }, h("summary", {}, say("raw")),
        h("pre", { tabindex: "0", "aria-label": say("raw") }, `${ledger.entry}\n\n${ledger.checkpoint}`)));
  }
  place.replaceChildren(...parts);
}
