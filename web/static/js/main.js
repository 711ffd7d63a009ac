// Starts the cards of the page.

import { explainAccess } from "./access.js";
import { startBanners } from "./banners.js";
import { startCharts } from "./charts.js";
import { byId, make, setText } from "./dom.js";
import { startLive } from "./live.js";
import { startLogs } from "./logs.js";
import { startModel } from "./model.js";
import { startNow } from "./now.js";
import { startPower } from "./power.js";
import { startRecordings } from "./recordings.js";
import { startSettings } from "./settings.js";
import { startSources } from "./sources.js";

const THEMES = ["system", "light", "dark"];

function startTheme() {
  const button = byId("theme");
  const root = document.documentElement;
  const name = make("span", { class: "unseen-on-phones" });
  const show = () => setText(name, `: ${root.dataset.theme || "system"}`);
  button.replaceChildren("Theme", name);
  button.addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(root.dataset.theme || "system") + 1) % THEMES.length];
    if (next === "system") delete root.dataset.theme;
    else root.dataset.theme = next;
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

startTheme();
explainAccess(["live", "model", "sources", "settings", "recordings"].map((id) => byId(id)));
startBanners();
startLive();
startNow();
startCharts();
startModel();
startSources();
startSettings();
startPower();
startRecordings();
startLogs();
