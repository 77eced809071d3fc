import { type DiffLine, diffTexts } from "../../comparison/diff-texts.js";
import type { RecipientDifferences, ReplayReport } from "../../comparison/replay-report.js";
import { formatRecipient } from "../../domain/recipient/recipient.js";
import { escapeHtml } from "../../output/escape-html.js";
import { formatTime } from "../../output/format-time.js";

/** Limits the recipients of a page, because browsers open larger pages slowly. */
const MAX_RECIPIENTS = 1_000;

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
section { border-top: 1px solid #8886; padding: 0.5rem 0; }
h2 { font-size: 1.1rem; margin: 0.5rem 0; overflow-wrap: anywhere; }
p { margin: 0.25rem 0; overflow-wrap: anywhere; }
pre { margin: 0.25rem 0 0.75rem; padding: 0.5rem; background: #8881; white-space: pre-wrap; overflow-wrap: anywhere; }
.added { background: #2ea04333; } .removed { background: #f8514933; } .quiet { opacity: 0.75; }
`;

type ListedMessage = RecipientDifferences["changed"][number]["before"];

function formatMessage(label: string, { workflow, step, channel, tenant, at, title }: ListedMessage): string {
  const parts = [workflow, step, channel.key, ...(tenant === null ? [] : [`tenant ${tenant}`]), formatTime(at, "utc")];
  return `<p><strong>${label}</strong> ${escapeHtml(title)} <span class="quiet">${escapeHtml(parts.join(" · "))}</span></p>`;
}

const MARKS: Readonly<Record<DiffLine["kind"], string>> = { added: "+ ", removed: "- ", same: "  ", gap: "  " };

function formatField({ field, before, after }: RecipientDifferences["changed"][number]["fields"][number]): string {
  const lines = diffTexts(before, after).map(
    ({ kind, text }) => `<span class="${kind}">${escapeHtml(`${MARKS[kind]}${text}`)}</span>`,
  );
  return `<p class="quiet">${escapeHtml(field)}</p><pre>${lines.join("\n")}</pre>`;
}

function formatRecipientSection({ recipient, gained, lost, changed }: RecipientDifferences): string {
  return `<section><h2>${escapeHtml(formatRecipient(recipient))}</h2>
${lost.map((message) => formatMessage("Lost", message)).join("\n")}
${gained.map((message) => formatMessage("Gained", message)).join("\n")}
${changed.map(({ after, fields }) => `${formatMessage("Changed", after)}${fields.map(formatField).join("")}`).join("\n")}
</section>`;
}

/** Returns a report as one HTML page without scripts, images and links. All data is escaped. */
export function buildReplayPage(report: ReplayReport): string {
  const { source, before, after, since, until, recipients, rejected, notes, summary } = report;
  const range =
    since === null || until === null ? "" : ` from ${formatTime(since, "utc")} to ${formatTime(until, "utc")}`;
  const hidden = recipients.length - MAX_RECIPIENTS;
  const remarks = [
    ...rejected.map(
      ({ side, workflow, trigger, message }) => `Rejected (${side}): ${workflow}, ${trigger}: ${message}`,
    ),
    ...notes,
    ...(hidden > 0 ? [`${hidden} more recipients are in the output of --json.`] : []),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>knock replay</title>
<style>${STYLE}</style>
</head>
<body>
<h1>knock replay</h1>
<p>${summary.triggers} triggers of ${escapeHtml(`${source}${range}`)}</p>
<p>Before: ${escapeHtml(before)}. After: ${escapeHtml(after)}.</p>
<p><strong>${summary.recipients}</strong> recipients with differences; messages: ${summary.gained} gained, ${summary.lost} lost, ${summary.changed} changed, ${summary.equal} equal</p>
${remarks.map((remark) => `<p>${escapeHtml(remark)}</p>`).join("\n")}
<main>
${recipients.slice(0, MAX_RECIPIENTS).map(formatRecipientSection).join("\n")}
</main>
</body>
</html>
`;
}
