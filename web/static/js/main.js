// Starts the page: what all views share, then the view that the address names.

import { explainAccess } from "./access.js";
import { startBanners } from "./banners.js";
import { startCharts } from "./charts.js";
import { byId } from "./dom.js";
import { startBadge } from "./events/seen.js";
import { startLive } from "./live.js";
import { startLogs } from "./logs.js";
import { startModel } from "./model.js";
import { startNeeds } from "./needs.js";
import { startNow } from "./now.js";
import { startPower } from "./power.js";
import { startRouter } from "./router.js";
import { startSettings } from "./settings.js";
import { startSources } from "./sources.js";
import { startTheme } from "./theme_choice.js";
import { VIEWS } from "./views.js";

startTheme();
explainAccess(["model", "sources", "detection", "recordings"].map((id) => byId(id)));
startBanners();
startLive();
startNow();
startCharts();
startModel();
startSources();
startSettings();
startPower();
startLogs();
startNeeds();
startBadge();
startRouter(VIEWS);
