// The table of the page's views: by the names in routes.js, which are also the ids of their sections in the template.

import { events } from "./views/events.js";
import { live } from "./views/live.js";
import { recordings } from "./views/recordings.js";
import { settings } from "./views/settings.js";
import { system } from "./views/system.js";
import { zones } from "./views/zones.js";

/** @import { View } from "./router.js" */
/** @import { ViewName } from "./routes.js" */

/** @type {Record<ViewName, View>} */
export const VIEWS = { live, events, recordings, zones, system, settings };
