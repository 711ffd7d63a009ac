// What a person types as a stream's source.

/** @import { SourceKind } from "./api.js" */

/**
 * What a person may write as a source, and what comes from the config file only.
 * @param {SourceKind[]} kinds
 */
export function describeKinds(kinds) {
  const accepted = kinds.filter((kind) => kind.is_admitted).map((kind) => kind.accepts);
  const configured = kinds.filter((kind) => !kind.is_admitted).map((kind) => kind.title);
  return `Write ${list(accepted)}. From the config file only: ${list(configured)}.`;
}

/** @param {string[]} words */
const list = (words) => [words.slice(0, -1).join(", "), words[words.length - 1]].filter(Boolean).join(" or ");

/**
 * The source as commands have it: a camera's number as a number, all else as text.
 * @param {string} text
 */
export function parseSource(text) {
  const trimmed = text.trim();
  return /^\d+$/.test(trimmed) ? Number(trimmed) : trimmed;
}
