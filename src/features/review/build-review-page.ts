import { createHash } from "node:crypto";
import {
  capitalize,
  countMessages,
  formatAmounts,
  formatChannel,
  formatCost,
  formatGrowth,
  formatLocation,
  formatNames,
  formatRejectedSide,
  formatScenarioStatus,
  formatScenarioSummary,
  formatSideName,
  formatSources,
  formatState,
  formatTransition,
  formatWorkflowVolume,
  groupRejected,
  hasScenarios,
  listChanges,
  rateScenario,
  VOLUME_UNITS,
  WORKFLOW_UNITS,
} from "./describe-review.js";
import { MessageList, toCode, toHtml } from "./page-messages.js";
import { PAGE_SCRIPT, PAGE_STYLE } from "./page-style.js";
import type { ReviewReport, WorkflowReview } from "./review-report-schema.js";

type Change = WorkflowReview["changes"][number];

/** The number of changed messages that are unfolded, so that large reviews open fast. */
const MAX_OPEN = 3;
const MAX_NAMES = 10;
const KINDS = ["lost", "gained", "changed"] as const;

function buildSection(title: string, content: string, id = ""): string {
  return `<section${id === "" ? "" : ` id="${id}"`}><div class="title">${title}</div>\n${content}</section>`;
}

function buildList<T>(title: string, items: readonly T[], build: (item: T) => string): string {
  if (items.length === 0) return "";
  const rows = items.map((item) => `<li class="item">${build(item)}</li>`);
  return buildSection(`<h2>${title}</h2>`, `<ul class="list">${rows.join("\n")}</ul>`);
}

const MARKS: Readonly<Record<Change["kind"], string>> = { added: "+", removed: "−", changed: "~", moved: "↕" };

function buildChange({ kind, text, location }: Change): string {
  const place = location === null ? "" : ` <code class="muted">${toHtml(formatLocation(location))}</code>`;
  return `<span class="mark ${kind}" aria-hidden="true">${MARKS[kind]}</span>${toHtml(text)}${place}`;
}

function buildChanges(changes: readonly Change[]): string {
  const shown = listChanges(changes);
  if (shown.length === 0) return "";
  const rows = shown.map((change) => `<li class="item">${buildChange(change)}</li>`);
  return `<div class="group"><h3>Changes of steps and templates</h3><ul class="list">${rows.join("\n")}</ul></div>`;
}

class ReviewPage {
  private readonly messages = new MessageList();
  private opened = 0;

  constructor(private readonly report: ReviewReport) {}

  build(): string {
    const { report } = this;
    const sections = [
      ...report.workflows.map((workflow, index) => this.buildWorkflow(workflow, index)),
      this.buildScenarios(),
      this.buildFindings(),
      buildList("Other files", report.resources, ({ resource, state, workflows, changes }) => {
        const users = workflows.length === 0 ? "" : `used by ${formatNames(workflows, workflows.length, MAX_NAMES)}`;
        const details = listChanges(changes)
          .map((change) => `<div>${buildChange(change)}</div>`)
          .join("");
        return `${toCode(resource)} <span class="badge">${state}</span> <span class="muted">${toHtml(users)}</span>${details}`;
      }),
      buildList("Rejected triggers", groupRejected(report), ({ side, message, triggers }) => {
        const names = formatNames(triggers.slice(0, MAX_NAMES).map(toCode), triggers.length, MAX_NAMES);
        return `${names} <span class="badge wait">${formatRejectedSide({ side })}</span> ${toHtml(message)}`;
      }),
      this.buildVolume(),
    ];
    const notes = buildList("Notes", [...report.notes, ...this.messages.describeHidden()], toHtml);
    return this.buildDocument([...sections, notes].filter((section) => section !== "").join("\n"));
  }

  private buildDocument(main: string): string {
    const verdict = toHtml(this.report.summary.verdict);
    const hash = createHash("sha256").update(PAGE_SCRIPT).digest("base64");
    return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'sha256-${hash}'; style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${verdict}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
${this.buildHeader(verdict)}
${this.buildBar()}
<main>
${main}
</main>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;
  }

  private buildHeader(verdict: string): string {
    const { report } = this;
    const { base, head, environment, project, rules } = report;
    const side = (version: ReviewReport["base"], name = formatSideName(version)): string =>
      `${toHtml(name)}${version.commit === null ? "" : ` ${toCode(version.commit.slice(0, 10))}`}`;
    const place = [...(project === "." ? [] : [project]), ...(environment === null ? [] : [environment])].join(", ");
    const describeRule = ({ rule, found }: (typeof rules)[number]): string => `${toCode(rule)} (${toHtml(found)})`;
    const unmet = rules
      .filter(({ met }) => !met)
      .map((rule) => `<p class="notice">Rule not met: ${describeRule(rule)}</p>`);
    const met = rules.filter((rule) => rule.met).map(describeRule);
    return `<header>
<p class="muted">knock review${place === "" ? "" : ` · ${toHtml(place)}`}</p>
<h1>${verdict}</h1>
<p class="muted small">${side(head, capitalize(formatSideName(head)))} compared with ${side(base)}. Triggers: ${toHtml(formatSources(report))}.</p>
${this.buildTiles()}
${unmet.join("\n")}
${met.length === 0 ? "" : `<p class="muted">Rules met: ${met.join(", ")}</p>`}
${this.buildTable()}
</header>`;
  }

  private buildTiles(): string {
    const { lost, gained, changed, equal, recipients_lost, recipients_gained, recipients_changed } =
      this.report.summary;
    const count = (number: number, recipients: number): string =>
      `${number.toLocaleString("en-US")}<small>${recipients} ${recipients === 1 ? "recipient" : "recipients"}</small>`;
    const tiles = [
      ["Lost", count(lost, recipients_lost), lost > 0 ? "lost-count" : ""],
      ["Gained", count(gained, recipients_gained), gained > 0 ? "gained-count" : ""],
      ["Changed", count(changed, recipients_changed), changed > 0 ? "changed-count" : ""],
      ["Equal", `${equal.toLocaleString("en-US")}<small>messages</small>`, ""],
      ...this.buildCostTile(),
    ];
    return `<dl class="tiles">${tiles.map(([name, value, style]) => `<div><dt>${name}</dt><dd class="${style}">${value}</dd></div>`).join("")}</dl>`;
  }

  private buildCostTile(): string[][] {
    const { cost } = this.report.volume;
    if (cost === null) return [];
    const [now, old] = [cost.after, cost.before].map((amount) =>
      formatCost({ ...cost, before: amount, after: amount }),
    );
    return [["Cost per month", `${toHtml(`${now}`)}<small>${toHtml(`${old} before`)}</small>`, ""]];
  }

  private buildTable(): string {
    const { workflows, volume } = this.report;
    if (workflows.length === 0) return "";
    const rows = workflows.map((workflow, index) => {
      const counts = KINDS.map((kind) => {
        const count = countMessages(workflow, kind);
        return count === 0 ? "<td></td>" : `<td class="${kind}-count"><b>${count.toLocaleString("en-US")}</b></td>`;
      });
      const amount = formatWorkflowVolume(workflow, volume.unit);
      const price = workflow.cost === null ? "" : `<td>${formatAmounts(workflow.cost)}</td>`;
      return `<tr><td><a href="#workflow-${index}">${toHtml(workflow.workflow)}</a></td>${counts.join("")}<td>${amount}</td>${price}</tr>`;
    });
    return `<div class="scroll" tabindex="0" role="region" aria-label="Workflows"><table>
<thead><tr><th scope="col">Workflow</th><th scope="col">Lost</th><th scope="col">Gained</th><th scope="col">Changed</th><th scope="col">${capitalize(WORKFLOW_UNITS[volume.unit])}</th>${volume.cost === null ? "" : '<th scope="col">Cost per month</th>'}</tr></thead>
<tbody>${rows.join("\n")}</tbody></table></div>`;
  }

  private buildBar(): string {
    const choose = (name: string, values: readonly string[], checked: string): string =>
      values
        .map((value) => {
          const id = `${name}-${value}`;
          return `<label><input type="radio" name="${name}" id="${id}"${value === checked ? " checked" : ""}>${capitalize(value)}</label>`;
        })
        .join("");
    const kinds = KINDS.map(
      (kind) => `<label><input type="checkbox" id="show-${kind}" checked>${capitalize(kind)}</label>`,
    );
    return `<div class="bar" role="search"><div>
<input type="search" id="search" aria-label="Search the review" placeholder="Search workflows, recipients, texts" hidden>
<fieldset><legend>Messages</legend>${kinds.join("")}</fieldset>
<fieldset><legend>Width of messages</legend>${choose("width", ["desktop", "phone"], "desktop")}</fieldset>
<fieldset><legend>Colors</legend>${choose("theme", ["system", "light", "dark"], "system")}</fieldset>
<output id="status" class="muted small"></output>
</div></div>`;
  }

  private buildWorkflow(workflow: WorkflowReview, index: number): string {
    const { name, changes, differences } = workflow;
    const { unit } = this.report.volume;
    const amount = `${WORKFLOW_UNITS[unit]}: ${formatWorkflowVolume(workflow, unit)}`;
    const title = `<h2>${toHtml(workflow.workflow)}</h2><span class="badge">${toHtml(formatState(workflow))}</span>
<span class="muted small">${name === null ? "" : `${toHtml(name)} · `}${amount}</span>`;
    const items = differences.map((difference) => {
      const isOpen = difference.kind === "lost" || this.opened++ < MAX_OPEN;
      return this.messages.build(difference, isOpen);
    });
    return buildSection(title, `${buildChanges(changes)}${items.join("\n")}`, `workflow-${index}`);
  }

  private buildScenarios(): string {
    const { scenarios } = this.report;
    if (!hasScenarios(this.report)) return "";
    const rows = scenarios.changes.map((change) => {
      const status = `<span class="badge ${rateScenario(change)}">${formatScenarioStatus(change)}</span>`;
      const message = change.message === null ? "" : `<div>${toHtml(change.message)}</div>`;
      return `<li class="item">${status} ${toHtml(change.name)} <code class="muted">${toHtml(change.file)}</code>${message}</li>`;
    });
    const summary = `<h2>Scenarios</h2><span class="muted">${formatScenarioSummary(scenarios)}</span>`;
    return buildSection(summary, `<ul class="list">${rows.join("\n")}</ul>`);
  }

  private buildFindings(): string {
    const { new: added, fixed } = this.report.findings;
    const findings = [
      ...added.map((finding) => ({
        ...finding,
        label: finding.severity,
        style: finding.severity === "error" ? "bad" : "wait",
      })),
      ...fixed.map((finding) => ({ ...finding, label: "fixed", style: "good" })),
    ];
    return buildList("Findings of knock validate", findings, ({ label, style, code, message, file, line }) => {
      const place = `<code class="muted">${toHtml(`${file}:${line}`)}</code>`;
      return `<span class="badge ${style}">${label}</span> ${toHtml(message)} <span class="muted">${toHtml(code)}</span> ${place}`;
    });
  }

  private buildVolume(): string {
    const { unit, channels, cost, ...total } = this.report.volume;
    const rows = [
      `<b>All: ${formatTransition(total)}${formatGrowth(total)}</b>`,
      ...channels.map(
        ({ type, ...amount }) => `${toHtml(formatChannel(type))}: ${formatTransition(amount)}${formatGrowth(amount)}`,
      ),
      ...(cost === null ? [] : [`Cost per month: ${toHtml(formatCost(cost))}`]),
      ...(cost === null || cost.unpriced.length === 0 ? [] : [`Without a price: ${toHtml(cost.unpriced.join(", "))}`]),
    ];
    return buildList(capitalize(VOLUME_UNITS[unit]), rows, (row) => row);
  }
}

/**
 * Returns a review as one HTML page without external resources. Messages are in frames without scripts, and all other
 * data is escaped. Only the search needs a script.
 */
export const buildReviewPage = (report: ReviewReport): string => new ReviewPage(report).build();
