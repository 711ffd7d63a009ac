// What the top bar has in Live: the way back to the wall, how many columns it has, full screen.

import { make } from "./dom.js";
import { icon } from "./icons.js";
import { addressOf, setTools } from "./router.js";

const MOST = 4;

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
 * @param {() => void} changed Called when another number of columns is chosen.
 * @param {string} [name] The stream that is enlarged.
 */
export function setLiveTools(changed, name) {
  const wall = make("a", { class: "button quiet", href: addressOf("") }, icon("grid"), "Wall");
  setTools(name ? wall : make("div", { class: "wide-only" }, columnChoice(changed)));
}
