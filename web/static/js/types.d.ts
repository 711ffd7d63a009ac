// Types of the page alone; what comes from the server is in api.d.ts.

import type { Events, History, Statistics } from "./api.js";

/** Whether the page is connected to the dashboard's server. `since`: Unix time of this machine's clock. */
export interface Connection {
  up: boolean;
  since: number;
  why: string;
}

/** What the parts of the page may listen to: the messages of the server, and the connection to it. */
export interface Topics extends Omit<Events, "detections"> {
  connection: Connection;
}

export type Topic = keyof Topics;

/** One value for each point in time; null where nothing was read. */
export type HistoryValues = (number | null)[];

/** What machines read, by the keys of the rows of telemetry. What a machine does not have is absent or null. */
export type Readings = Statistics["readings"];

/** `colors`: charts with the same share the colours of their series. `free`: the values need not begin at 0. */
export interface Chart {
  id: string;
  title: string;
  unit: string;
  series: (history: History) => [name: string, values: HistoryValues | null][];
  colors?: string;
  range?: [low: number, high: number];
  free?: boolean;
}
