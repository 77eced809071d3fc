// Draws the README's example as an SVG, from the output of the built command: `node scripts/demo-recording.mjs` writes
// docs/demo.svg. test/cli/demo-recording.test.ts fails if the file is out of date; `npm run check` cannot compare it,
// because it does not build the command.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
export const RECORDING = join(ROOT, "docs/demo.svg");

/** Workflow run IDs are random. The recording always shows the same one. */
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const SHOWN_ID = "a6babe45-e550-4c37-87f1-6b36f07075a1";
/** The clock is frozen at this time, and its distance from real time, which changes every day, is left out. */
const NOW = "2026-01-12T09:00:00Z";
const OFFSET = /, \d+\w(?: \d+\w)? (?:behind|ahead of) real time/g;

const COMMANDS = [
  ["notify", "new-comment", "--recipients", "ada,grace", "--actor", "alan", "--data", '{"page":"Home"}'],
  ["clock", "advance", "30m"],
];

const CHARACTER_WIDTH = 7.83;
const LINE_HEIGHT = 20;
const PADDING = 20;
const TOP = 44;
/** The class of each ANSI code; null ends all styles. */
const CLASSES = { 1: "bold", 2: "dim", 31: "red", 32: "green", 33: "yellow", 22: null, 39: null, 0: null };

const quote = (text) => (/^[\w,.:-]+$/.test(text) ? text : `'${text}'`);
const escapeText = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Runs the commands on a copy of the sample project. Returns their lines, with ANSI codes. */
function record() {
  const folder = mkdtempSync(join(tmpdir(), "knock-demo-"));
  try {
    // `npm run demo` creates a store in the fixture.
    const filter = (path) => !path.includes(".knock-local");
    cpSync(join(ROOT, "fixtures/collab"), folder, { recursive: true, filter });
    const env = { PATH: process.env.PATH, HOME: folder, TZ: "UTC", FORCE_COLOR: "1" };
    const run = (args) =>
      execFileSync(process.execPath, [join(ROOT, "bin/knock.js"), ...args], { cwd: folder, env, encoding: "utf8" });
    run(["clock", "freeze", NOW]);
    return COMMANDS.map((args) => [
      `\u001b[2m$\u001b[22m \u001b[1mknock ${args.map(quote).join(" ")}\u001b[22m`,
      ...run(args).replaceAll(UUID, SHOWN_ID).replaceAll(OFFSET, "").trimEnd().split("\n"),
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Returns the parts of a line as `tspan` elements, one for each style. */
function drawLine(line) {
  const [first, ...rest] = line.split("\u001b[");
  const parts = rest.map((part) => {
    const [, code, text] = /^(\d+)m([\s\S]*)$/.exec(part);
    return { name: CLASSES[code], text };
  });
  return [{ name: null, text: first }, ...parts]
    .filter(({ text }) => text !== "")
    .map(({ name, text }) => `<tspan${name ? ` class="${name}"` : ""}>${escapeText(text)}</tspan>`)
    .join("");
}

const STYLE = `
  .window { fill: #ffffff; stroke: #d0d7de }
  text { fill: #1f2328; font: 13px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre }
  circle, .dim { fill: #59636e } .bold { font-weight: 600 }
  .green { fill: #116329 } .yellow { fill: #7d4e00 } .red { fill: #a40e26 }
  @media (prefers-color-scheme: dark) {
    .window { fill: #0d1117; stroke: #3d444d }
    text { fill: #f0f6fc } circle, .dim { fill: #9198a1 }
    .green { fill: #7ee787 } .yellow { fill: #f2cc60 } .red { fill: #ffa198 }
  }
  @media (prefers-reduced-motion: no-preference) {
    g { animation: show 0.2s both } @keyframes show { from { opacity: 0 } }
  }`;

/** Returns the recording. Without animation, which hides later lines for a moment, all of it is visible. */
export function buildRecording() {
  const blocks = record();
  const lines = blocks.flatMap((block, index) => (index === 0 ? block : ["", ...block]));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ANSI codes start with the escape character.
  const columns = Math.max(...lines.map((line) => line.replace(/\u001b\[\d+m/g, "").length));
  const width = Math.ceil(columns * CHARACTER_WIDTH + 2 * PADDING);
  const height = TOP + lines.length * LINE_HEIGHT + PADDING;
  let seconds = 0.4;
  const drawn = lines.map((line, index) => {
    if (line === "") return "";
    const isCommand = line.startsWith("\u001b[2m$");
    if (isCommand && index > 0) seconds += 1.5;
    const group = `  <g style="animation-delay:${seconds.toFixed(2)}s"><text x="${PADDING}" y="${TOP + (index + 1) * LINE_HEIGHT - 6}" xml:space="preserve">${drawLine(line)}</text></g>`;
    seconds += isCommand ? 0.9 : 0.08;
    return group;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="A terminal in which knock triggers a workflow and then advances the clock">
  <style>${STYLE}
  </style>
  <rect class="window" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="10"/>
  <circle cx="22" cy="22" r="5"/><circle cx="40" cy="22" r="5"/><circle cx="58" cy="22" r="5"/>
${drawn.filter(Boolean).join("\n")}
</svg>
`;
}

if (process.argv[1] === import.meta.filename) writeFileSync(RECORDING, buildRecording());
