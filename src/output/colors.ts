import { randomBytes } from "../util/random.js";
import { escapeControls } from "./escape-controls.js";
import type { OutputStream } from "./output-stream.js";

type Style = (text: string) => string;

/** The styles that output uses. */
export interface Colors {
  readonly bold: Style;
  readonly dim: Style;
  readonly green: Style;
  readonly red: Style;
  readonly yellow: Style;
  readonly cyan: Style;
}

const unstyled: Style = (text) => text;
export const NO_COLORS: Colors = {
  bold: unstyled,
  dim: unstyled,
  green: unstyled,
  red: unstyled,
  yellow: unstyled,
  cyan: unstyled,
};

/**
 * Returns whether a stream gets colors. The order of precedence is FORCE_COLOR, NO_COLOR, the type of the stream.
 */
function hasColor(stream: OutputStream, env: Record<string, string | undefined>): boolean {
  const forced = env.FORCE_COLOR;
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  if (env.NO_COLOR) return false;
  return stream.isTTY === true && env.TERM !== "dumb";
}

/** The SGR codes that start and end each style. */
const SGR_CODES = {
  bold: [1, 22],
  dim: [2, 22],
  green: [32, 39],
  red: [31, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

/**
 * A random text that marks styles until they are written. Data cannot contain it, so `renderStyles` can distinguish the
 * tool's styles from escape sequences in data, which it escapes.
 */
let currentStyleMarker: string | undefined;

function getStyleMarker(): string {
  currentStyleMarker ??= `\ue000${Buffer.from(randomBytes(12)).toString("hex")}`;
  return currentStyleMarker;
}

/** Returns the styles for a stream. They change nothing if the stream has no color. */
export function createColors(stream: OutputStream, env: Record<string, string | undefined>): Colors {
  if (!hasColor(stream, env)) return NO_COLORS;
  const name = getStyleMarker();
  const style = ([on, off]: readonly [number, number]): Style => {
    return (text) => (text === "" ? "" : `${name}${on}m${text}${name}${off}m`);
  };
  return {
    bold: style(SGR_CODES.bold),
    dim: style(SGR_CODES.dim),
    green: style(SGR_CODES.green),
    red: style(SGR_CODES.red),
    yellow: style(SGR_CODES.yellow),
    cyan: style(SGR_CODES.cyan),
  };
}

/** Escapes control characters in a text, and replaces the style markers of `createColors` by escape sequences. */
export function renderStyles(text: string): string {
  if (currentStyleMarker === undefined) return escapeControls(text);
  const [first = "", ...rest] = text.split(currentStyleMarker);
  return rest.reduce((done, part) => {
    const end = part.indexOf("m") + 1;
    return `${done}\u001b[${part.slice(0, end)}${escapeControls(part.slice(end))}`;
  }, escapeControls(first));
}
