// Draws what a feature answered: each feature's own output, who served it, notices and problems.

import { announce, at, h, icon, knows, pageTag, say, told } from "./dom.js";

const tagOf = (language) => (language === "zh" ? "zh-Hans" : "en");

/** Text cut at UTF-16 ranges: what lies in a range goes through `mark`, the rest stays text. */
function marked(text, ranges, mark) {
  const parts = [];
  let from = 0;
  for (const [place, { start, end }] of ranges.entries()) {
    if (start < from || end < start || end > text.length) continue;
    parts.push(text.slice(from, start), mark(text.slice(start, end), place));
    from = end;
  }
  parts.push(text.slice(from));
  return parts;
}

/** The text that results when only the edits in `used` are made. */
function applied(text, edits, used) {
  let result = "";
  let from = 0;
  for (const [place, edit] of edits.entries()) {
    const { start, end } = edit.range.utf16;
    if (start < from || end > text.length) continue;
    result += text.slice(from, start) + (used.has(place) ? edit.replacement : text.slice(start, end));
    from = end;
  }
  return result + text.slice(from);
}

const shown = (text, instead) => (text.trim() === "" ? say(instead) : text);

function proofread(run, hands) {
  const { edits } = run.output;
  if (edits.length === 0) return [h("p", { class: "calm" }, icon("pass"), say("nothing_found"))];
  run.used ??= new Set(edits.keys());
  const tag = tagOf(run.language);

  const text = h("p", { class: "text", lang: tag });
  const list = h("ol", { class: "edits" });
  const draw = () => {
    text.replaceChildren(
      ...marked(run.source, edits.map((edit) => edit.range.utf16), (original, place) => {
        const used = run.used.has(place);
        const { replacement } = edits[place];
        return h("span", { class: used ? "edit" : "edit kept" },
          used && original ? h("del", {}, original) : null,
          used && replacement ? h("ins", {}, replacement) : null,
          used ? null : original);
      }),
    );
    for (const [place, item] of [...list.children].entries()) {
      item.querySelector("button").setAttribute("aria-pressed", String(!run.used.has(place)));
    }
    run.text = applied(run.source, edits, run.used);
  };
  for (const [place, edit] of edits.entries()) {
    const toggle = () => {
      if (!run.used.delete(place)) run.used.add(place);
      draw();
    };
    list.append(
      h("li", {},
        h("p", { class: "change", lang: tag },
          h("del", {}, shown(edit.original, "inserted")),
          h("span", { class: "unseen", lang: pageTag() }, ` ${say("changed_to")} `),
          h("ins", {}, shown(edit.replacement, "removed"))),
        h("p", { class: "why" }, told(edit.explanation)),
        h("button", { type: "button", class: "quiet", "aria-pressed": "false", onclick: toggle }, say("keep_original"))),
    );
  }
  draw();

  const all = (used, words, source) => () => {
    run.used = new Set(used ? edits.keys() : []);
    draw();
    hands.setText(source());
    announce(say(words));
  };
  return [
    h("p", { class: "count" }, edits.length === 1 ? say("edit_found") : say("edits_found", { count: edits.length })),
    text,
    list,
    h("div", { class: "actions" },
      h("button", { type: "button", class: "secondary", id: "accept-all", onclick: all(true, "accepted", () => run.text) }, say("accept_all")),
      h("button", { type: "button", class: "secondary", id: "revert-all", onclick: all(false, "reverted", () => run.source) }, say("revert"))),
  ];
}

function inSource(run, spans) {
  const ranges = spans.filter(Boolean).map((span) => span.utf16).sort((a, b) => a.start - b.start);
  if (ranges.length === 0) return null;
  return h("details", { class: "source" },
    h("summary", {}, say("in_source")),
    h("p", { class: "text", lang: tagOf(run.language) }, marked(run.source, ranges, (part) => h("mark", {}, part))));
}

/** The output of each feature, by id: children for the answer's place. Sets `run.text`, which is what Copy copies. */
const OUTPUTS = {
  "writing.proofread": proofread,
  "writing.summary": (run) => {
    run.text = run.output.summary;
    return [h("p", { class: "text", lang: tagOf(run.language) }, run.text), inSource(run, run.output.sentences ?? [])];
  },
  "writing.key_points": (run) => {
    const points = run.output.points;
    run.text = points.map((point) => `• ${point.text}`).join("\n");
    return [
      h("ul", { class: "points", lang: tagOf(run.language) }, points.map((point) => h("li", {}, point.text))),
      inSource(run, points.map((point) => point.span)),
    ];
  },
  "writing.rewrite": (run) => {
    run.text = run.output.text;
    return [h("p", { class: "text", lang: tagOf(run.language) }, run.text)];
  },
  "assistant.chat": (run) => {
    run.text = run.output.message.content;
    return [h("p", { class: "text", lang: tagOf(run.language) }, run.text)];
  },
};

/** A badge that says an emulator answered, or null. */
export const emulated = (run) =>
  run.servedBy?.emulated ? h("span", { class: "badge", title: say("emulated_long") }, say("emulated")) : null;

/** Who answered, in one line: tier, partner, model and the approval it serves under. */
function servedLine(run) {
  if (!run.servedBy) return null;
  const { tier, partner, model } = run.servedBy;
  const approval = run.receipt?.approval;
  return h("p", { class: "served" },
    emulated(run),
    h("span", {}, say(`tier:${tier}`)),
    partner && tier !== "device" ? h("span", {}, partner) : null,
    h("span", {}, model),
    approval ? h("span", {}, `${say("approval")} ${approval}`) : null);
}

/** What has to be shown next to an answer: the model and its filing, the service's numbers, who provides it. */
function displayLine(run) {
  const shown = run.servedBy?.display;
  if (!shown) return null;
  const rows = [
    ["model_name", told(shown.model_name)],
    ["model_filing", shown.model_filing],
    ["service_number", shown.service_number],
    ["algorithm_number", shown.algorithm_number],
    ["entity", shown.entity],
  ];
  return h("dl", { class: "display" },
    rows.filter(([, value]) => value).map(([term, value]) => h("div", {}, h("dt", {}, say(term)), h("dd", {}, value))));
}

/** What was masked, replaced or withheld, of what kind it was, why, and how to object. */
export function notices(list) {
  if (!list?.length) return null;
  return h("ul", { class: "notices" }, list.map((notice) =>
    h("li", { class: notice.action },
      icon("shield"),
      h("div", {},
        h("strong", {}, say(`action:${notice.action}`)), " ", say(`direction:${notice.direction}`),
        notice.count > 1 ? ` · ${say("times", { count: notice.count })}` : "",
        notice.category ? ` · ${told(notice.category.text)}` : "",
        h("p", {}, told(notice.text)),
        notice.appeal
          ? h("p", {}, notice.appeal.text ? told(notice.appeal.text) : say("objection", { post: notice.appeal.post }))
          : null,
        h("code", {}, notice.code)))));
}

/** Problem details (RFC 9457): title, detail and code, told at once to assistive technology. */
export function problem(details) {
  return h("div", { class: "problem", role: "alert" },
    icon("error"),
    h("div", {},
      h("strong", {}, details.title ?? say("broken")),
      details.detail ? h("p", {}, details.detail) : null,
      details.code ? h("p", { class: "code" }, `${say("error_code")} `, h("code", {}, details.code)) : null));
}

async function copy(run) {
  const label = run.label?.copied;
  try {
    await navigator.clipboard.writeText(label ? `${run.text}\n\n${label}` : run.text);
    announce(say("copied"));
    return true;
  } catch {
    announce(say("copy_failed"));
    return false;
  }
}

function copyButton(run) {
  const words = h("span", {}, say("copy"));
  return h("button", {
    type: "button",
    class: "quiet copy",
    onclick: async () => {
      words.textContent = say((await copy(run)) ? "copied" : "copy_failed");
    },
  }, words);
}

/** Draws a whole run into its place. `hands` are what the drawing may do: set the text, show a receipt. */
export function drawRun(place, run, hands) {
  const running = run.state === "running";
  const parts = [];
  if (run.label?.visible) parts.push(h("p", { class: "label" }, icon("gate"), run.label.visible));
  if (run.output) {
    parts.push(...OUTPUTS[run.feature](run, hands));
  } else if (run.text || running) {
    run.node = document.createTextNode(run.text);
    parts.push(h("p", { class: running ? "text running" : "text", lang: tagOf(run.language) }, run.node));
  }
  if (run.state === "stopped") parts.push(h("p", { class: "calm" }, icon("not_yet"), say("stopped")));
  if (knows(`finish:${run.finish}`)) parts.push(h("p", { class: "calm" }, icon("not_yet"), say(`finish:${run.finish}`)));
  if (run.withdrawn) parts.push(h("p", { class: "calm" }, icon("shield"), say("withdrawn")));
  parts.push(notices(run.notices));
  if (run.problem) parts.push(problem(run.problem));
  parts.push(servedLine(run), displayLine(run));
  if (!running && run.text) {
    parts.push(h("div", { class: "actions" }, copyButton(run),
      run.receipt?.ledger ? h("button", { type: "button", class: "quiet", onclick: () => hands.showReceipt(run) }, say("see_receipt")) : null));
  }
  place.setAttribute("aria-busy", String(running));
  place.replaceChildren(...parts.filter(Boolean));
}

/** Makes what a person copies by hand carry the label too. `runOf` finds the run a place belongs to. */
export function labelCopies(runOf) {
  document.addEventListener("copy", (event) => {
    const selection = document.getSelection();
    if (!selection || selection.isCollapsed) return;
    const run = runOf(selection.getRangeAt(0));
    if (!run?.label?.copied) return;
    event.clipboardData.setData("text/plain", `${selection}\n\n${run.label.copied}`);
    event.preventDefault();
  });
}

/** The line that stays in view while answers can be on the screen. */
export function drawLabelLine(run) {
  at("ai-text").textContent = run?.label?.visible ?? say("ai_line");
}
