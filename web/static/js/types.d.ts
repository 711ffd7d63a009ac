// Types of the page alone; what comes from the server is in api.d.ts.

import type { DaemonConnection, LogEntry, State, Statistics } from "./api.js";

/** Whether the page is connected to the dashboard's server. `since`: Unix time of this machine's clock. */
export interface Connection {
  up: boolean;
  since: number;
  why: string;
}

/** What the parts of the page may listen to: the messages of the server, and the connection to it. */
export interface Topics {
  state: State;
  statistics: Statistics;
  log: LogEntry;
  logs: LogEntry[];
  daemon: DaemonConnection;
  connection: Connection;
}

export type Topic = keyof Topics;
