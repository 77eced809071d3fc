import { randomBytes } from "../util/random.js";
import { escapeControls } from "./escape-controls.js";
import type { OutStream } from "./out-stream.js";

type Style = (text: string) => string;

/** The styles that output uses. */
export interface Paint {
  readonly bold: Style;
  readonly dim: Style;
  readonly green: Style;
  readonly red: Style;
  readonly yellow: Style;
}

const asIs: Style = (text) => text;
const PLAIN: Paint = { bold: asIs, dim: asIs, green: asIs, red: asIs, yellow: asIs };

/** FORCE_COLOR beats NO_COLOR beats what the stream is (contract, section 2). */
export function hasColor(stream: OutStream, env: Record<string, string | undefined>): boolean {
  const forced = env.FORCE_COLOR;
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  if (env.NO_COLOR) return false;
  return stream.isTTY === true && env.TERM !== "dumb";
}

/** The SGR codes that turn a style on and off. */
const CODES = { bold: [1, 22], dim: [2, 22], green: [32, 39], red: [31, 39], yellow: [33, 39] } as const;

/**
 * A style is marked with a random name instead of an escape sequence: data cannot contain it, so that `renderStyles` can tell
 * our styles from sequences in data, which it escapes.
 */
let mark: string | undefined;

function styleMark(): string {
  mark ??= `\ue000${Buffer.from(randomBytes(12)).toString("hex")}`;
  return mark;
}

/** Styles for a stream; they do nothing where it has no color. */
export function openPaint(stream: OutStream, env: Record<string, string | undefined>): Paint {
  if (!hasColor(stream, env)) return PLAIN;
  const name = styleMark();
  const style = ([on, off]: readonly [number, number]): Style => {
    return (text) => (text === "" ? "" : `${name}${on}m${text}${name}${off}m`);
  };
  return {
    bold: style(CODES.bold),
    dim: style(CODES.dim),
    green: style(CODES.green),
    red: style(CODES.red),
    yellow: style(CODES.yellow),
  };
}

/** Escapes control characters in a text, and turns the marks of `openPaint` into escape sequences. */
export function renderStyles(text: string): string {
  if (mark === undefined) return escapeControls(text);
  const [first = "", ...rest] = text.split(mark);
  return rest.reduce((done, part) => {
    const end = part.indexOf("m") + 1;
    return `${done}\u001b[${part.slice(0, end)}${escapeControls(part.slice(end))}`;
  }, escapeControls(first));
}
