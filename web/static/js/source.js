// What a person types as a stream's source.

/**
 * The source as commands have it: a camera's number as a number, all else as text.
 * @param {string} text
 */
export function parseSource(text) {
  const trimmed = text.trim();
  return /^\d+$/.test(trimmed) ? Number(trimmed) : trimmed;
}
