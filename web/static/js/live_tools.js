// What the top bar has in Live: what is drawn into the pictures, how many columns the wall has, the way back to it.

import { setEnabled } from "./access.js";
import { command, latest, listen } from "./connection.js";
import { make, setAttribute } from "./dom.js";
import { icon } from "./icons.js";
import { Outcome } from "./outcome.js";
import { addressOf, setTools } from "./router.js";

const MOST = 4;

/** @typedef {"show_boxes" | "show_zones" | "vis_text"} Shown A setting: whether something is drawn into the picture. */

/** @type {[key: Shown, text: string, picture: string][]} */
const SHOWN = [
  ["show_boxes", "Boxes", "boxes"],
  ["show_zones", "Zones", "zone"],
  ["vis_text", "Figures", "system"],
];

/** @type {(() => void) | null} */
let refresh = null;

/** The number of columns that somebody chose in this browser; 0: as many as fit best. */
export function chosenColumns() {
  try {
    const number = Number(localStorage.getItem("columns"));
    return number >= 1 && number <= MOST ? number : 0;
  } catch {
    return 0;
  }
}

/** @param {() => void} changed */
function columnChoice(changed) {
  const numbers = [0, ...Array.from({ length: MOST }, (_, index) => index + 1)];
  const select = make(
    "select",
    { "aria-label": "Columns" },
    ...numbers.map((number) => make("option", { value: number }, number ? `${number} columns` : "Columns: best")),
  );
  select.options[1].textContent = "1 column";
  select.value = String(chosenColumns());
  select.addEventListener("change", () => {
    try {
      localStorage.setItem("columns", select.value);
    } catch {
      // Without storage it cannot be chosen.
    }
    changed();
  });
  return select;
}

/**
 * Whether something is drawn: into the pictures of all streams, or of one, which may have a setting of its own.
 * @param {Shown} key
 * @param {string} [name]
 */
function isDrawn(key, name) {
  const state = latest("state");
  const own = state?.streams.find((stream) => stream.name === name)?.settings[key];
  return own ?? state?.settings[key] ?? true;
}

/**
 * The buttons that say what the appliance draws into the pictures, for everybody who looks.
 * @param {string} [name] The stream that they are about; all by default.
 */
function shownButtons(name) {
  const outcome = new Outcome();
  const buttons = SHOWN.map(([key, text, picture]) => {
    const sign = make("span", { class: "phone-only" }, icon(picture)); // no room for words there
    const words = make("span", { class: "wide-only" }, text);
    const button = make("button", { type: "button", class: "quiet", "aria-label": text }, sign, words);
    button.addEventListener("click", () => {
      const settings = { [key]: !isDrawn(key, name) };
      outcome.run(
        button,
        "",
        () =>
          name
            ? command("change_stream_settings", { stream: name, settings })
            : command("change_settings", { settings }),
        "",
      );
    });
    return { key, button };
  });
  refresh = () => {
    for (const { key, button } of buttons) {
      setAttribute(button, "aria-pressed", String(isDrawn(key, name)));
      setEnabled(button);
    }
  };
  refresh();
  const group = { class: "row", role: "group", "aria-label": "Drawn into the pictures" };
  return make("div", group, outcome.node, ...buttons.map(({ button }) => button));
}

/**
 * @param {() => void} changed Called when another number of columns is chosen.
 * @param {string} [name] The stream that is enlarged.
 */
export function setLiveTools(changed, name) {
  const wall = make("a", { class: "button quiet", href: addressOf("") }, icon("grid"), "Wall");
  const columns = name ? null : make("span", { class: "wide-only" }, columnChoice(changed));
  setTools(make("div", { class: "tools" }, shownButtons(name), columns), ...(name ? [wall] : []));
}

listen("state", () => refresh?.());
