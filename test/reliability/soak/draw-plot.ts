import type { Measure, ProcessSample } from "./process-samples.js";

const WIDTH = 720;
const HEIGHT = 150;
const MARGIN = { top: 34, right: 12, bottom: 22, left: 64 };
const COLORS = ["#3454d1", "#d1583a", "#2c8c5a", "#8a4fbf"];

const PANELS: readonly { measure: Measure; title: string }[] = [
  { measure: "heap_mb", title: "Heap after a collection (MB)" },
  { measure: "rss_mb", title: "Resident memory (MB)" },
  { measure: "files", title: "Open files" },
  { measure: "sockets", title: "Open sockets" },
  { measure: "delay_ms", title: "Delay of the event loop, 99th percentile (ms)" },
];

/** Draws an SVG with a panel for each measure and a line for each process. */
export function drawPlot(title: string, processes: Record<string, readonly ProcessSample[]>): string {
  const lines = Object.entries(processes);
  const end = Math.max(1, ...lines.flatMap(([, samples]) => samples.map(({ seconds }) => seconds)));
  const legend = lines.map(
    ([name], index) => `<text x="${MARGIN.left + index * 160}" y="40" fill="${COLORS[index]}">● ${name}</text>`,
  );
  const panels = PANELS.map(({ measure, title: name }, index) => {
    const highest = Math.max(1, ...lines.flatMap(([, samples]) => samples.map((sample) => sample[measure])));
    const x = (seconds: number) => MARGIN.left + (seconds / end) * (WIDTH - MARGIN.left - MARGIN.right);
    const y = (value: number) => HEIGHT - MARGIN.bottom - (value / highest) * (HEIGHT - MARGIN.top - MARGIN.bottom);
    const paths = lines.map(([, samples], color) => {
      const points = samples.map((sample) => `${x(sample.seconds).toFixed(1)},${y(sample[measure]).toFixed(1)}`);
      return `<polyline fill="none" stroke="${COLORS[color]}" points="${points.join(" ")}"/>`;
    });
    return [
      `<g transform="translate(0 ${56 + index * HEIGHT})">`,
      `<text x="${MARGIN.left}" y="22" font-weight="bold">${name}</text>`,
      `<path stroke="#999" fill="none" d="M${MARGIN.left} ${MARGIN.top}V${y(0)}H${WIDTH - MARGIN.right}"/>`,
      `<text x="${MARGIN.left - 6}" y="${y(highest) + 4}" text-anchor="end">${highest.toFixed(0)}</text>`,
      `<text x="${MARGIN.left - 6}" y="${y(0)}" text-anchor="end">0</text>`,
      `<text x="${WIDTH - MARGIN.right}" y="${HEIGHT - 6}" text-anchor="end">${end.toFixed(0)} s</text>`,
      ...paths,
      "</g>",
    ].join("\n");
  });
  const height = 56 + PANELS.length * HEIGHT;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>${title}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="${MARGIN.left}" y="20" font-size="15" font-weight="bold">${title}</text>`,
    ...[...legend, ...panels, "</svg>", ""],
  ].join("\n");
}
