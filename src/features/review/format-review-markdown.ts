import type { DataFilter } from "../../comparison/personal-data-filter.js";
import { formatCount } from "../../util/format-count.js";
import { CommentSections } from "./comment-sections.js";
import { CommentText } from "./comment-text.js";
import {
  capitalize,
  countMessages,
  formatAmounts,
  formatCost,
  formatMessages,
  formatSideName,
  formatSources,
  formatState,
  formatWorkflowVolume,
  hasContent,
  WORKFLOW_UNITS,
} from "./describe-review.js";
import { fitSections } from "./fit-sections.js";
import type { ReviewReport } from "./review-report-schema.js";

/** The limit of GitHub is 65,536 characters. The rest is for the marker by which the comment is found again. */
export const MAX_COMMENT_LENGTH = 65_000;

interface CommentOptions {
  /** Replaces personal data. */
  filter: DataFilter;
  /** The URL of the HTML report, or null. */
  artifactUrl: string | null;
  /** The number of UTF-16 code units that the comment may have. */
  maxLength: number;
}

const MAX_WORKFLOWS = 10;
const MAX_WARNINGS = 3;
const COMMIT = /^[0-9a-f]{40}$/;
/** The length of the note about what was cut. */
const CUT_NOTE_LENGTH = 500;

function formatWarning({ workflows }: ReviewReport, text: CommentText): string[] {
  const lost = workflows.flatMap(({ workflow, differences }) =>
    differences.filter(({ kind }) => kind === "lost").map((difference) => ({ workflow, difference })),
  );
  if (lost.length === 0) return [];
  const lines = lost.slice(0, MAX_WARNINGS).map(({ workflow, difference }) => {
    const cause = difference.cause === null ? "" : `: ${text.cause(difference.cause)}`;
    return `> - ${text.name(workflow)} loses ${text.sentence(formatMessages(difference))}${cause}`;
  });
  const hidden = lost.length - MAX_WARNINGS;
  return ["> [!WARNING]", ...lines, ...(hidden > 0 ? [`> - and ${hidden} more`] : []), ""];
}

function formatTable({ workflows, volume }: ReviewReport, text: CommentText): string[] {
  if (workflows.length === 0) return [];
  const count = (messages: number): string => (messages === 0 ? "" : `**${messages.toLocaleString("en-US")}**`);
  const rows = workflows.slice(0, MAX_WORKFLOWS).map((workflow) => {
    const { state, previous_key } = workflow;
    const label =
      state === "renamed" && previous_key !== null
        ? ` (renamed from ${text.nameCell(previous_key)})`
        : state === "changed"
          ? ""
          : ` (${formatState(workflow)})`;
    const cells = [
      `${text.nameCell(workflow.workflow)}${label}`,
      ...(["lost", "gained", "changed"] as const).map((kind) => count(countMessages(workflow, kind))),
      formatWorkflowVolume(workflow, volume.unit),
      ...(volume.cost === null ? [] : [workflow.cost === null ? "" : formatAmounts(workflow.cost)]),
    ];
    return `| ${cells.join(" | ")} |`;
  });
  const hidden = workflows.length - MAX_WORKFLOWS;
  return [
    `| Workflow | Lost | Gained | Changed | ${capitalize(WORKFLOW_UNITS[volume.unit])} |${volume.cost === null ? "" : " Cost per month |"}`,
    `| :-- | --: | --: | --: | --: |${volume.cost === null ? "" : " --: |"}`,
    ...rows,
    "",
    ...(hidden > 0 ? [`${formatCount(hidden, "more workflow")} with fewer differences.`, ""] : []),
  ];
}

/** Returns the totals, the rules that are not met and the link to the HTML report, one line each. */
function formatTotals({ volume, rules }: ReviewReport, artifactUrl: string | null, text: CommentText): string[] {
  const { cost } = volume;
  const unpriced = cost === null || cost.unpriced.length === 0 ? "" : ` (not priced: ${cost.unpriced.join(", ")})`;
  const unmet = rules.filter(({ met }) => !met);
  return [
    ...(cost === null ? [] : [`**Cost per month**: ${text.sentence(`${formatCost(cost)}${unpriced}`)}`, ""]),
    ...unmet.flatMap(({ rule, found }) => [`**Rule not met**: ${text.data(rule)}, found ${text.sentence(found)}`, ""]),
    ...formatLink(artifactUrl),
  ];
}

function formatLink(artifactUrl: string | null): string[] {
  if (artifactUrl === null || !URL.canParse(artifactUrl)) return [];
  const { protocol, href } = new URL(artifactUrl);
  if (protocol !== "https:" && protocol !== "http:") return [];
  const escaped = href.replace(
    /[()\\`*_[\]<>]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return [`[Compare both versions of each message](${escaped})`, ""];
}

/** Returns the versions, the triggers and the commits in small print. */
function formatFooter(report: ReviewReport, text: CommentText): string {
  const formatSide = (side: ReviewReport["base"]): string => {
    const { commit } = side;
    const name = text.sentence(formatSideName(side));
    return commit !== null && COMMIT.test(commit) ? `${name} (${commit.slice(0, 10)})` : name;
  };
  const environment = report.environment === null ? "" : `, environment ${text.name(report.environment)}`;
  const project = report.project === "." ? "" : ` of ${text.name(report.project)}`;
  const sides = `${formatSide(report.head)} compared with ${formatSide(report.base)}`;
  return `<sub>knock review${project}${environment}: ${sides}. Triggers: ${text.sentence(formatSources(report))}.</sub>`;
}

/**
 * Returns a review as a comment of a pull request, without the marker by which the comment is found again. The verdict,
 * the warning and the table always remain; of the other parts, the least important ones are cut.
 */
export function formatReviewMarkdown(report: ReviewReport, { filter, artifactUrl, maxLength }: CommentOptions): string {
  const text = new CommentText(filter);
  const heading = `### ${text.sentence(report.summary.verdict).replace(/\.$/, "")}`;
  const footer = `${formatFooter(report, text)}\n`;
  if (!hasContent(report)) return `${heading}\n\n${footer}`;
  const head = [
    heading,
    "",
    ...formatWarning(report, text),
    ...formatTable(report, text),
    ...formatTotals(report, artifactUrl, text),
    "",
  ].join("\n");
  const room = maxLength - head.length - footer.length - CUT_NOTE_LENGTH;
  const sections = fitSections(new CommentSections(report, text).build(), room);
  const note = sections.cut === "" ? "" : `_The comment was too long. Left out: ${sections.cut}._\n\n`;
  return `${head}${sections.text}${note}${footer}`;
}
