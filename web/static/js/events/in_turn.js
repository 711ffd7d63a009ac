// Many commands one after another, no faster than the server takes them from a page.

const AT_ONCE = 10;
const BETWEEN_MS = 150; // the server takes ten commands a second

/**
 * @param {string[]} ids
 * @param {(id: string) => Promise<void>} act Called for each, when the one before is done.
 * @throws {Error} what `act` throws; the rest is not done then.
 */
export async function inTurn(ids, act) {
  for (const [index, id] of ids.entries()) {
    if (index >= AT_ONCE) await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
    await act(id);
  }
}
