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

/** Chalk is loaded only where there is something to colour. */
export async function openPaint(stream: OutStream, env: Record<string, string | undefined>): Promise<Paint> {
  if (!hasColor(stream, env)) return PLAIN;
  const { Chalk } = await import("chalk");
  return new Chalk({ level: 1 });
}
