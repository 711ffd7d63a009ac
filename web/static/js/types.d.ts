// Types of the page alone; what comes from the server is in api.d.ts.

import type { Events } from "./api.js";

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

/** What machines read. Loads in percent, memory in bytes, power in watts, temperatures in degrees Celsius. */
export interface Readings {
  cpu?: number;
  cores?: number[];
  memory?: Memory;
  process_memory?: number;
  gpu?: number;
  gpu_mhz?: number;
  gpu_memory?: Memory;
  temperatures?: Record<string, number>;
  power?: Record<string, number>;
  fan?: Fan;
  throttling?: string[];
}

export interface Memory {
  used: number;
  total: number;
}

export interface Fan {
  percent?: number;
  rpm?: number;
}
