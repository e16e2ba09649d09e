// The device a person makes up: what each input can be, ready-made phones, and the form they are chosen in.

import { at, h, say } from "./dom.js";

const REGIONS = ["CN", "US", "DE", "BR", "ZZ", "unset", "error"];
const SYSTEMS = { "ios 26.1": "iOS 26.1", "ios 17.4": "iOS 17.4", "android 16": "Android 16" };

/** What each input can be; "unset" leaves it out, "error" says it cannot be read. */
const CHOICES = {
  purchase_region: REGIONS,
  billing_region: REGIONS,
  location: REGIONS,
  language: ["zh-Hans", "en", "unset"],
  age_band: ["adult", "teen", "child", "unset"],
  os: [...Object.keys(SYSTEMS), "unset"],
};

const everywhere = (region, language) => ({ purchase_region: region, billing_region: region, location: region, language });

const PRESETS = {
  preset_cn: everywhere("CN", "zh-Hans"),
  preset_us: everywhere("US", "en"),
  preset_traveller: { purchase_region: "US", billing_region: "CN", location: "CN", language: "en" },
  preset_de: everywhere("DE", "en"),
  preset_br: everywhere("BR", "en"),
  preset_zz: everywhere("ZZ", "en"),
};

/** An adult's up-to-date phone of one of the ready-made kinds. */
export const firstDevice = (preset) => ({ ...PRESETS[preset], age_band: "adult", os: "ios 26.1" });

const input = (choice, make = (value) => value) => {
  if (choice === "unset") return undefined;
  return choice === "error" ? { error: "cannot be read" } : make(choice);
};

/** The device as the gate takes it. The phone's assistant speaks the phone's language. */
export function forGate(device) {
  const [platform, version] = device.os === "unset" ? [] : device.os.split(" ");
  return {
    purchase_region: input(device.purchase_region),
    billing_region: input(device.billing_region),
    location: input(device.location, (region) => [region]),
    class: "phone",
    platform,
    os_version: version,
    language: input(device.language),
    assistant_language: input(device.language),
    capabilities: ["generative"],
    age_band: input(device.age_band),
  };
}

const fits = (device, preset) => Object.entries(preset).every(([name, value]) => device[name] === value);

/** Draws the form, its summary line and the ready-made phones; choosing one of those calls `changed`. */
export function drawDevice(device, changed) {
  for (const [name, choices] of Object.entries(CHOICES)) {
    const select = at(name);
    select.replaceChildren(...choices.map((choice) => h("option", { value: choice }, SYSTEMS[choice] ?? say(choice))));
    select.value = device[name];
  }
  const { purchase_region, billing_region, location } = device;
  at("device-line").textContent = say("device_line", { bought: say(purchase_region), billed: say(billing_region), now: say(location) });
  at("place").textContent = location === "unset" || location === "error" ? "—" : location;
  at("presets").replaceChildren(...Object.entries(PRESETS).map(([name, preset]) => {
    const take = () => {
      Object.assign(device, preset);
      changed();
      // The buttons were drawn anew: the focus goes to the one that was pressed.
      at(name).focus();
    };
    return h("button", { type: "button", id: name, "aria-pressed": String(fits(device, preset)), onclick: take }, say(name));
  }));
}

/** Takes each choice in the form into `device` and calls `changed`. */
export function listen(device, changed) {
  for (const name of Object.keys(CHOICES)) {
    at(name).addEventListener("change", (event) => {
      device[name] = event.target.value;
      changed();
    });
  }
  at("device").addEventListener("submit", (event) => event.preventDefault());
}
