// The button that chooses the theme: the system's, light or dark.

import { byId, make, setText } from "./dom.js";

const THEMES = ["system", "light", "dark"];

export function startTheme() {
  const button = byId("theme");
  const page = document.documentElement;
  const name = make("span", { class: "unseen" });
  const show = () => {
    const theme = page.dataset.theme || "system";
    setText(name, `Theme: ${theme}`);
    button.title = `Theme: ${theme}`;
  };
  button.append(name);
  button.addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(page.dataset.theme || "system") + 1) % THEMES.length];
    if (next === "system") delete page.dataset.theme;
    else page.dataset.theme = next;
    try {
      localStorage.setItem("theme", next);
    } catch {
      // Without storage it is forgotten with the page.
    }
    show();
    document.dispatchEvent(new CustomEvent("theme-changed"));
  });
  show();
}
