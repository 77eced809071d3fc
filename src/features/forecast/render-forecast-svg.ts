import type { ForecastReport } from "./forecast-report-schema.js";

const WIDTH = 960;
const HEIGHT = 420;
const MARGIN = { top: 56, right: 24, bottom: 64, left: 64 };
/** Distinguishable also for people who do not see all colors (Okabe and Ito). */
const COLORS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#999999"];
const MAX_DAY_LABELS = 16;

const escapeXml = (text: string): string =>
  text
    // XML 1.0 has no other control characters.
    .replaceAll(/[^\t\n\r -\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, "\u{fffd}")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");

const round = (value: number): number => Math.round(value * 100) / 100;

/** Returns a step of 1, 2 or 5 times a power of ten that divides the axis into up to five parts. */
function chooseStep(max: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(max / 5, 1)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => max / step <= 5) ?? power * 10;
}

/** Renders the messages of each day as bars that are divided by channel type. */
export function renderForecastSvg({ days, summary }: ForecastReport, title: string): string {
  const types = [...new Set(days.flatMap((day) => Object.keys(day.types)))].sort();
  const getColor = (type: string): string => COLORS[types.indexOf(type) % COLORS.length] ?? "#999999";
  const max = Math.max(1, ...days.map(({ messages }) => messages));
  const step = chooseStep(max);
  const top = Math.ceil(max / step) * step;
  const plotWidth = WIDTH - MARGIN.left - MARGIN.right;
  const plotHeight = HEIGHT - MARGIN.top - MARGIN.bottom;
  const bottom = HEIGHT - MARGIN.bottom;
  const slot = plotWidth / Math.max(days.length, 1);
  const parts: string[] = [];
  for (let value = 0; value <= top; value += step) {
    const y = round(bottom - (value / top) * plotHeight);
    parts.push(
      `<line x1="${MARGIN.left}" y1="${y}" x2="${WIDTH - MARGIN.right}" y2="${y}" stroke="#ddd"/>`,
      `<text x="${MARGIN.left - 8}" y="${y + 4}" text-anchor="end">${value}</text>`,
    );
  }
  const labelEvery = Math.ceil(days.length / MAX_DAY_LABELS);
  for (const [index, { day, types: counts }] of days.entries()) {
    const x = round(MARGIN.left + index * slot + slot * 0.1);
    let y = bottom;
    for (const type of types) {
      const height = ((counts[type] ?? 0) / top) * plotHeight;
      if (height === 0) continue;
      y -= height;
      const label = escapeXml(`${day} ${type}: ${counts[type]}`);
      parts.push(
        `<rect x="${x}" y="${round(y)}" width="${round(slot * 0.8)}" height="${round(height)}" fill="${getColor(type)}"><title>${label}</title></rect>`,
      );
    }
    if (index % labelEvery === 0)
      parts.push(
        `<text x="${round(x + slot * 0.4)}" y="${bottom + 18}" text-anchor="middle">${escapeXml(day.slice(5))}</text>`,
      );
  }
  for (const [index, type] of types.entries()) {
    const x = MARGIN.left + index * 140;
    parts.push(
      `<rect x="${x}" y="${HEIGHT - 28}" width="12" height="12" fill="${getColor(type)}"/>`,
      `<text x="${x + 18}" y="${HEIGHT - 18}">${escapeXml(type)}</text>`,
    );
  }
  const text = escapeXml(`${title}: ${summary.messages} messages to ${summary.recipients} recipients`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" font-family="sans-serif" font-size="12" fill="#333">
<title>${text}</title>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
<text x="${MARGIN.left}" y="32" font-size="16">${text}</text>
${parts.join("\n")}
</svg>
`;
}
