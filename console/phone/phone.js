// The phone page: a device to choose, the features it may have, one feature at work.
//
// The page decides nothing. It shows what the gate answers, lets a person send even what a verdict denies, and keeps
// nothing: texts and answers live in this tab only, the chosen page language in local storage.

import { drawLabelLine, drawRun, labelCopies, problem } from "./answer.js";
import { announce, at, chip, h, icon, knows, pageLanguage, pageTag, say, setPageLanguage, told } from "./dom.js";
import { drawDevice, firstDevice, forGate, listen } from "./device.js";
import { askEligibility, isDemo, ledgerKey, listFeatures, runFeature } from "./gate.js";
import { drawDecision, drawReceipt, drawVerdict, marketName } from "./proof.js";
import { SAMPLES } from "./samples.js";

const ICONS = {
  "writing.proofread": "proofread",
  "writing.summary": "summary",
  "writing.key_points": "points",
  "writing.rewrite": "rewrite",
  "assistant.chat": "chat",
};

const CHAT = "assistant.chat";
const REWRITE = "writing.rewrite";

const state = {
  device: firstDevice("preset_us"),
  catalogue: new Map(),
  eligibility: null,
  problem: null,
  asked: 0,
  feature: null,
  drafts: new Map(),
  runs: new Map(),
  turns: [],
  running: null,
  receiptOf: null,
};

// --- the verdicts ---

function deviceChanged() {
  drawDevice(state.device, deviceChanged);
  judge();
}

/** Asks the gate about the device as it is now; a later question outdates an earlier answer. */
async function judge() {
  const asked = ++state.asked;
  at("features").setAttribute("aria-busy", "true");
  const { answer = null, problem: details = null } = await askEligibility(forGate(state.device));
  if (asked !== state.asked) return;
  state.eligibility = answer;
  state.problem = details;
  at("features").setAttribute("aria-busy", "false");
  drawHome();
  drawFeatureVerdict();
  drawProof();
  if (!answer) return;
  const counts = ["eligible", "maybe", "not_yet", "not_eligible"]
    .map((kind) => [kind, answer.verdicts.filter((v) => v.answer === kind).length])
    .filter(([, count]) => count)
    .map(([kind, count]) => `${count} ${say(kind)}`);
  announce(say("judged", { counts: counts.join(", ") }));
}

const verdictOf = (feature) => state.eligibility?.verdicts.find((v) => v.feature === feature);

/** The features to show: the gate's list, and whatever else it judged. */
function featureIds() {
  const ids = new Set([...state.catalogue.keys(), ...(state.eligibility?.verdicts.map((v) => v.feature) ?? [])]);
  const order = Object.keys(ICONS);
  const rank = (id) => (order.includes(id) ? order.indexOf(id) : order.length);
  return [...(ids.size ? ids : order)].filter((id) => id in ICONS).sort((a, b) => rank(a) - rank(b));
}

const nameOf = (feature) => (knows(`name:${feature}`) ? say(`name:${feature}`) : feature);

const tierOf = (feature) => state.catalogue.get(feature)?.tier ?? (feature === CHAT || feature === REWRITE ? "partner" : "device");

function drawHome() {
  const { eligibility } = state;
  at("home-problem").replaceChildren(...(state.problem ? [problem(state.problem)] : []));
  at("market").textContent = eligibility
    ? eligibility.market ? say("market_is", { market: marketName(eligibility.market) }) : say("market_none")
    : state.problem ? "" : say("asking_gate");
  at("features").replaceChildren(...featureIds().map((feature) =>
    h("li", {},
      h("a", { href: `#/${feature}`, id: `row-${feature}` },
        h("span", { class: "glyph" }, icon(ICONS[feature])),
        h("span", { class: "name" }, nameOf(feature), h("small", {}, say(`on_${tierOf(feature)}`))),
        verdictOf(feature) ? chip(verdictOf(feature).answer) : null))));
}

// --- one feature ---

const draft = (feature) => {
  if (!state.drafts.has(feature)) state.drafts.set(feature, { text: "", language: null });
  return state.drafts.get(feature);
};

const textLanguage = () => document.querySelector("input[name=text_language]:checked").value;
const style = () => document.querySelector("input[name=style]:checked").value;

/** Chinese when a fifth of the letters are Han characters. */
function guessLanguage(text) {
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  const han = text.match(/\p{Script=Han}/gu)?.length ?? 0;
  return han * 5 >= letters && han ? "zh" : "en";
}

function setText(text, language = guessLanguage(text)) {
  at("text").value = text;
  draft(state.feature).text = text;
  setTextLanguage(language);
}

function setTextLanguage(language) {
  document.querySelector(`input[name=text_language][value=${language}]`).checked = true;
  at("text").lang = language === "zh" ? "zh-Hans" : "en";
}

/** Shows the feature the address names, or the list; moves focus there when a person navigated. */
function navigate(focus) {
  const wanted = decodeURIComponent(location.hash.replace(/^#\/?/, ""));
  const before = state.feature;
  state.feature = wanted in ICONS ? wanted : null;
  if (before && before !== state.feature) stop();
  at("home").hidden = state.feature !== null;
  at("feature").hidden = state.feature === null;
  if (state.feature) drawFeature();
  drawProof();
  drawLabelLine(currentRun());
  at("screen").scrollTop = 0;
  if (!focus) return;
  if (state.feature) at("feature-h").focus();
  else (before ? at(`row-${before}`) : at("home-h"))?.focus();
}

const currentRun = () => (state.feature === CHAT ? state.turns.at(-1)?.run : state.runs.get(state.feature));

function drawFeature() {
  const { feature } = state;
  const chat = feature === CHAT;
  at("feature-h").textContent = nameOf(feature);
  at("feature-d").textContent = say(`about:${feature}`);
  at("text-label").textContent = say(chat ? "your_message" : "your_text");
  at("clear").textContent = say(chat ? "new_chat" : "clear");
  at("text").rows = chat ? 3 : 7;
  at("text").value = draft(feature).text;
  setTextLanguage(draft(feature).language ?? (at("text").value ? guessLanguage(at("text").value) : pageLanguage()));
  at("styles").hidden = feature !== REWRITE;
  drawStyle();
  drawFeatureVerdict();
  drawAnswers();
}

function drawStyle() {
  at("instruction-box").hidden = state.feature !== REWRITE || style() !== "described";
}

function drawFeatureVerdict() {
  if (!state.feature) return;
  drawVerdict(at("verdict"), verdictOf(state.feature));
  if (state.problem) at("verdict").replaceChildren(problem(state.problem));
  drawRunButton();
}

function drawRunButton() {
  const running = state.running?.feature === state.feature;
  const verdict = verdictOf(state.feature);
  const denied = verdict && verdict.answer !== "eligible";
  at("run").textContent = running ? say("stop") : denied ? say("anyway") : say(`run:${state.feature}`);
  at("run").className = running || denied ? "primary outlined" : "primary";
  at("run-hint").hidden = !denied || running;
  at("run-hint").textContent = say("anyway_hint");
}

const hands = {
  setText: (text) => setText(text, textLanguage()),
  showReceipt: (run) => {
    state.receiptOf = run;
    drawProof();
    at("proof-h").focus();
    at("receipt").scrollIntoView({ block: "nearest" });
  },
};

function drawAnswers() {
  const chat = state.feature === CHAT;
  at("chat").hidden = !chat || state.turns.length === 0;
  if (chat) {
    at("chat").replaceChildren(...state.turns.flatMap((turn) => {
      turn.place = h("div", { class: "answer-place" });
      drawRun(turn.place, turn.run, hands);
      return [
        h("li", { class: "mine" }, h("span", { class: "unseen" }, `${say("you")}: `), turn.asked),
        h("li", { class: "theirs" }, h("span", { class: "unseen" }, `${say("assistant")}: `), turn.place),
      ];
    }));
  }
  const run = chat ? null : state.runs.get(state.feature);
  at("output").hidden = !run;
  if (!run) return;
  at("output-h").textContent = say(run.state === "running" ? "working" : run.text || run.output ? "result" : "no_result");
  drawRun(at("answer"), run, hands);
}

const placeOf = (run) => state.turns.find((turn) => turn.run === run)?.place ?? at("answer");

/** Draws one run where it stands, if that is on the screen. */
function drawThis(run) {
  if (run.feature !== state.feature) return;
  if (run.feature === CHAT) drawRun(placeOf(run), run, hands);
  else drawAnswers();
  drawLabelLine(currentRun());
  drawRunButton();
}

function drawProof() {
  drawDecision(at("decision"), state.eligibility, state.feature);
  drawReceipt(at("receipt"), state.receiptOf, ledgerKey);
}

// --- running ---

function inputOf(feature, text) {
  if (feature === CHAT) {
    const past = state.turns
      .filter((turn) => turn.run.state === "done")
      .flatMap((turn) => [{ role: "user", content: turn.asked }, { role: "assistant", content: turn.run.text }]);
    return { messages: [...past, { role: "user", content: text }] };
  }
  if (feature === REWRITE) {
    return style() === "described" ? { text, style: style(), instruction: at("instruction").value } : { text, style: style() };
  }
  return { text };
}

/** Replaces the UTF-16 range the gate names in what came so far. */
function revise(run, { range, text }) {
  const { start, end } = range.utf16 ?? range;
  run.text = run.text.slice(0, start) + text + run.text.slice(end);
}

/** What each event of an answer does to the run. */
const EVENTS = {
  start: (run, data) => {
    run.servedBy = data.served_by;
    run.label = data.label;
    run.receipt = data.receipt;
  },
  delta: (run, data) => {
    run.text += data.text;
    run.node?.appendData(data.text);
    return "quiet";
  },
  revise,
  restart: (run) => {
    run.text = "";
    run.withdrawn = true;
  },
  notice: (run, data) => {
    run.notices.push(data);
  },
  end: (run, data) => {
    run.state = "done";
    run.output = data.output;
    run.usage = data.usage;
    run.finish = data.finish;
    run.label = data.label ?? run.label;
    run.receipt = data.receipt ?? run.receipt;
    run.servedBy = data.served_by ?? run.servedBy;
    run.notices = data.notices ?? run.notices;
    announce(say("ready", { label: run.label?.visible ?? "" }));
  },
  error: (run, data) => {
    run.state = "failed";
    run.problem = data;
    run.notices = data.notices ?? run.notices;
  },
  stopped: (run) => {
    run.state = "stopped";
    announce(say("stopped"));
  },
};

function stop() {
  state.running?.controller.abort();
}

/**
 * Keeps a growing answer in view: its end, for as long as its beginning stays on the screen too. A person who scrolls
 * is left where they went.
 */
function follow(run) {
  if (!run.follow || run.feature !== state.feature) return;
  const first = run.feature === CHAT ? placeOf(run).closest("li").previousElementSibling : at("output");
  const last = run.feature === CHAT ? at("ask") : at("output");
  const inFrame = getComputedStyle(at("screen")).overflowY === "auto";
  const scroller = inFrame ? at("screen") : document.scrollingElement;
  const top = inFrame ? scroller.getBoundingClientRect().top : 0;
  const below = last.getBoundingClientRect().bottom + 16 - at("ai-line").getBoundingClientRect().top;
  const room = first.getBoundingClientRect().top - top - 12;
  if (below > 0 && room > 0) scroller.scrollBy({ top: Math.min(below, room), behavior: "instant" });
}

async function send() {
  const { feature } = state;
  const text = at("text").value;
  const controller = new AbortController();
  const run = { feature, source: text, language: textLanguage(), state: "running", text: "", notices: [], follow: true };
  const sent = inputOf(feature, text);
  state.running = { feature, controller };
  state.receiptOf = run;
  if (feature === CHAT) {
    state.turns.push({ asked: text, run });
    at("text").value = "";
    draft(feature).text = "";
    drawAnswers();
  } else {
    state.runs.set(feature, run);
  }
  drawThis(run);
  drawProof();
  const leave = () => {
    run.follow = false;
  };
  for (const scrolls of ["wheel", "touchmove"]) addEventListener(scrolls, leave, { once: true, passive: true });
  follow(run);
  announce(say("streaming"));

  await runFeature({
    feature,
    input: sent,
    language: run.language,
    assertion: state.eligibility?.assertion,
    signal: controller.signal,
    on: (event, data) => {
      if (EVENTS[event]?.(run, data) !== "quiet") {
        drawThis(run);
        if (state.receiptOf === run) drawProof();
      }
      follow(run);
    },
  });
  if (state.running?.controller === controller) state.running = null;
  drawThis(run);
  follow(run);
  for (const scrolls of ["wheel", "touchmove"]) removeEventListener(scrolls, leave);
  // The policy may have changed under the verdicts shown: ask again rather than show old ones.
  if (run.problem?.code?.startsWith("assertion_")) judge();
}

// --- language, clock, wiring ---

function drawWords() {
  document.documentElement.lang = pageTag();
  document.title = say("title");
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = say(element.dataset.t);
  for (const element of document.querySelectorAll("[data-t-label]")) element.setAttribute("aria-label", say(element.dataset.tLabel));
  at("lang-en").setAttribute("aria-pressed", String(pageLanguage() === "en"));
  at("lang-zh").setAttribute("aria-pressed", String(pageLanguage() === "zh"));
  drawDevice(state.device, deviceChanged);
  drawHome();
  if (state.feature) drawFeature();
  drawProof();
  drawLabelLine(currentRun());
}

function chooseLanguage(language) {
  setPageLanguage(language);
  try {
    localStorage.setItem("yumen.language", language);
  } catch {
    // Storage may be forbidden; the choice then lasts for this page.
  }
  drawWords();
  judge();
}

function firstLanguage() {
  let stored = null;
  try {
    stored = localStorage.getItem("yumen.language");
  } catch {
    // As above.
  }
  if (stored === "en" || stored === "zh") return stored;
  return navigator.languages.find((tag) => /^(en|zh)\b/i.test(tag))?.slice(0, 2).toLowerCase() ?? "en";
}

function tick() {
  const now = new Date();
  at("clock").textContent = now.toLocaleTimeString(pageTag(), { hour: "2-digit", minute: "2-digit", hour12: false });
  setTimeout(tick, 60_000 - (now.getTime() % 60_000));
}

function wire() {
  at("lang-en").addEventListener("click", () => chooseLanguage("en"));
  at("lang-zh").addEventListener("click", () => chooseLanguage("zh"));
  listen(state.device, deviceChanged);
  at("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    if (state.running) stop();
    else send();
  });
  at("text").addEventListener("input", () => {
    draft(state.feature).text = at("text").value;
    if (!draft(state.feature).language) setTextLanguage(at("text").value ? guessLanguage(at("text").value) : pageLanguage());
  });
  at("text").addEventListener("keydown", (event) => {
    // An Enter that ends a word being composed (pinyin) is not a command.
    if (event.key !== "Enter" || event.isComposing) return;
    const sends = state.feature === CHAT ? !event.shiftKey : event.ctrlKey || event.metaKey;
    if (!sends) return;
    event.preventDefault();
    if (!state.running) at("ask").requestSubmit();
  });
  at("clear").addEventListener("click", () => {
    stop();
    setText("", pageLanguage());
    draft(state.feature).language = null;
    if (state.feature === CHAT) state.turns = [];
    state.runs.delete(state.feature);
    drawAnswers();
    drawLabelLine(null);
    at("text").focus();
  });
  for (const button of document.querySelectorAll("[data-sample]")) {
    button.addEventListener("click", () => {
      const samples = SAMPLES[state.feature] ?? SAMPLES.prose;
      const kind = button.dataset.sample;
      if (kind === "private") setText(samples.private[pageLanguage()], pageLanguage());
      else setText(samples[kind], kind);
    });
  }
  for (const radio of document.querySelectorAll("input[name=text_language]")) {
    radio.addEventListener("change", () => {
      draft(state.feature).language = radio.value;
      setTextLanguage(radio.value);
    });
  }
  for (const radio of document.querySelectorAll("input[name=style]")) radio.addEventListener("change", drawStyle);
  addEventListener("hashchange", () => navigate(true));
  labelCopies((range) => {
    const place = (range.commonAncestorContainer.parentElement ?? document.body).closest(".answer-place, #answer");
    if (place) return place.id === "answer" ? state.runs.get(state.feature) : state.turns.find((turn) => turn.place === place)?.run;
    return [...document.querySelectorAll(".answer-place, #answer")].some((p) => range.intersectsNode(p)) ? currentRun() : null;
  });
}

setPageLanguage(firstLanguage());
if (pageLanguage() === "zh") state.device = firstDevice("preset_cn");
if (matchMedia("(max-width: 719px)").matches) at("device-box").open = false;
wire();
tick();
drawWords();
navigate(false);
judge();
isDemo().then((demo) => {
  at("demo").hidden = !demo;
});
listFeatures().then((list) => {
  state.catalogue = new Map(list.map((feature) => [feature.id, feature]));
  drawHome();
});
