// Places as the config file has them, to be copied.

/**
 * @param {string} stream
 * @param {import("./shapes.js").Places} places
 */
export function yamlOf(stream, places) {
  const lines = ["streams:", `  ${text(stream)}:`];
  for (const kind of /** @type {const} */ (["zones", "lines"])) {
    const entries = Object.entries(places[kind]);
    if (!entries.length) continue;
    lines.push(`    ${kind}:`);
    for (const [name, options] of entries) {
      lines.push(`      ${text(name)}:`);
      for (const [option, value] of Object.entries(options)) lines.push(`        ${text(option)}: ${flow(value)}`);
    }
  }
  for (const kind of /** @type {const} */ (["ignore", "privacy"])) {
    if (!places[kind].length) continue;
    lines.push(`    ${kind}:`);
    for (const mask of places[kind]) lines.push(`      - ${flow(mask)}`);
  }
  return lines.length === 2 ? `${lines[0]}\n${lines[1]} {}\n` : `${lines.join("\n")}\n`;
}

/**
 * @param {unknown} value
 * @returns {string}
 */
function flow(value) {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (value && typeof value === "object")
    return `{${Object.entries(value)
      .map(([name, one]) => `${text(name)}: ${flow(one)}`)
      .join(", ")}}`;
  return typeof value === "string" ? text(value) : String(value);
}

/** @param {string} value */
const text = (value) => (isPlain(value) ? value : JSON.stringify(value));

/**
 * Whether it is read as the same text without quotation marks: no number, no truth value, no mark of YAML's.
 * @param {string} value
 */
const isPlain = (value) =>
  /^[A-Za-z][A-Za-z0-9_-]*$/.test(value) && !/^(true|false|yes|no|on|off|null|y|n)$/i.test(value);
