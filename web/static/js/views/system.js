// How the appliance does: figures by stream, the machine, charts, the log, this board.

import { hideCharts, showCharts } from "../charts.js";

/** @import { View } from "../router.js" */

/** @type {View} */
export const system = { title: "System", place: "system", mount: showCharts, leave: hideCharts };
