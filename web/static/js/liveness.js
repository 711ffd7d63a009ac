// Whether what the page shows is current.

/** @import { DaemonConnection } from "./api.js" */
/** @import { Connection } from "./types.js" */

/**
 * since: Unix time. seconds: how long ago that was.
 * @typedef {{ live: true, missing: null } | { live: false, missing: null } |
 *   { live: false, missing: "dashboard" | "daemon", since: number, seconds: number, why: string }} Liveness
 */

/**
 * @param {Connection | undefined} connection
 * @param {DaemonConnection | undefined} daemon
 * @param {number} now Unix time of this machine's clock, by which a lost connection is dated.
 * @param {number} serverNow Unix time of the server's clock, by which a lost daemon is dated.
 * @returns {Liveness}
 */
export function findLiveness(connection, daemon, now, serverNow) {
  if (connection && !connection.up) {
    const { since, why } = connection;
    return { live: false, missing: "dashboard", since, seconds: now - since, why };
  }
  if (daemon && !daemon.up) {
    const { since, why } = daemon;
    return { live: false, missing: "daemon", since, seconds: serverNow - since, why };
  }
  return { live: Boolean(connection && daemon), missing: null };
}
