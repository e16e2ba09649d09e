// What every drawing needs: the page's language, its words, and elements made without markup strings.
//
// Text from the gate or a partner only ever becomes a text node, so it can never become markup.

import { WORDS } from "./texts.js";

let language = "en";

/** The page's language, "en" or "zh". */
export const pageLanguage = () => language;

/** The page's language as an HTML language tag. */
export const pageTag = () => (language === "zh" ? "zh-Hans" : "en");

/** Sets the page's language; the caller draws again. */
export function setPageLanguage(next) {
  language = next;
}

/** Whether the page has a word under this key. */
export const knows = (key) => key in WORDS[language];

/** The page's word for a key, its `{places}` filled. */
export function say(key, places = {}) {
  return (WORDS[language][key] ?? key).replace(/\{(\w+)\}/g, (_, place) => places[place] ?? "");
}

/** A text of the gate: a plain string, or one text per language. */
export function told(text) {
  if (text === null || text === undefined) return "";
  return typeof text === "string" ? text : (text[language] ?? text.en ?? "");
}

/** An element with attributes (or `on...` listeners) and children; null and false are left out. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** One of the page's icons; always beside words, so hidden from assistive technology. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** The element with this id. */
export const at = (id) => document.getElementById(id);

/** Tells assistive technology one short thing, without moving focus. */
export function announce(text) {
  const status = at("say");
  // The same words twice are still said twice.
  status.textContent = "";
  requestAnimationFrame(() => {
    status.textContent = text;
  });
}

/** The words of an answer, with its icon: never told by colour alone. */
export function chip(answer) {
  return h("span", { class: `chip ${answer}` }, icon(answer), say(answer));
}

/** A digest shown short; all of it is in the text that is copied and read out on hover. */
export function digest(text) {
  if (!text) return null;
  const [, algorithm, whole] = /^(?:(\w+):)?(.*)$/.exec(text);
  return h("code", { class: "digest", title: text }, algorithm ? `${algorithm}:` : null, h("span", {}, whole));
}
