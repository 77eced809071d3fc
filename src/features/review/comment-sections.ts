import { diffTexts } from "../../comparison/diff-texts.js";
import { formatCodeBlock } from "../../output/markdown.js";
import { formatNumber } from "../../util/format-count.js";
import type { CommentText } from "./comment-text.js";
import {
  type ExampleGroup,
  formatChannel,
  formatGrowth,
  formatMessages,
  formatNames,
  formatQuantity,
  formatReason,
  formatRejectedSide,
  formatScenarioStatus,
  formatScenarioSummary,
  formatTransition,
  groupExamples,
  groupRejected,
  hasScenarios,
  listChanges,
} from "./describe-review.js";
import type { Entry, Section } from "./fit-sections.js";
import type { MessageDifference, ReviewReport, WorkflowReview } from "./review-report-schema.js";

const MAX_EXAMPLES = 3;
const MAX_NAMES = 3;
const MAX_CHANGES = 20;
/** Limits the lines of an example that differ. */
const MAX_LINES = 40;
/** The number of steps whose messages are more important than other sections. */
const MAX_FIRST = { listed: 20, changed: 5 } as const;

/** The importance of the parts of a comment, the most important first. */
const RANKS = {
  lost: 0,
  changed: 1,
  gained: 2,
  change: 3,
  scenario: 4,
  finding: 5,
  rejected: 6,
  note: 7,
  further: 8,
  channel: 9,
  fixed: 10,
  file: 11,
  example: 12,
} as const;

interface Listed {
  workflow: WorkflowReview;
  difference: MessageDifference;
}

const MARKS = { added: "+", removed: "-", same: " ", gap: " " } as const;

/** Builds the folded sections of a comment. */
export class CommentSections {
  constructor(
    private readonly report: ReviewReport,
    private readonly text: CommentText,
  ) {}

  build(): Section[] {
    const { report } = this;
    const listed = report.workflows.flatMap((workflow) =>
      workflow.differences.map((difference): Listed => ({ workflow, difference })),
    );
    const select = (kind: MessageDifference["kind"]): Listed[] =>
      listed.filter(({ difference }) => difference.kind === kind);
    return [
      this.buildMessages("Lost", select("lost")),
      ...select("changed").map((changed, index) => this.buildChanged(changed, index)),
      this.buildMessages("Gained", select("gained")),
      this.buildChanges(),
      this.buildScenarios(),
      this.buildFindings(),
      this.buildFiles(),
      this.buildRejected(),
      this.buildChannels(),
      this.buildNotes(),
    ].filter(({ entries }) => entries.length > 0);
  }

  private buildMessages(label: "Lost" | "Gained", listed: readonly Listed[]): Section {
    const total = listed.reduce((sum, { difference }) => sum + difference.messages, 0);
    const rank = label === "Lost" ? RANKS.lost : RANKS.gained;
    const entries = listed.map((each, index): Entry => {
      const lines = this.describeMessages(each);
      return { rank: index < MAX_FIRST.listed ? rank : RANKS.further, noun: `${label.toLowerCase()} messages`, lines };
    });
    return { summary: `${label}: ${formatQuantity(total, "message")}`, entries };
  }

  private describeMessages({ workflow, difference }: Listed): string[] {
    const { text } = this;
    const { kind, step, reason, cause, recipients, examples } = difference;
    const [example] = examples;
    const message = example?.before ?? example?.after;
    const names = formatNames(recipients.slice(0, MAX_NAMES).map(text.recipient), recipients.length, MAX_NAMES);
    const why = kind === "lost" ? "Not sent" : "Not sent before";
    return [
      `- ${text.name(workflow.workflow)} ${text.name(step)}: ${text.sentence(formatMessages(difference))}`,
      ...(reason === null ? [] : [`  - ${why}: ${text.sentence(formatReason(reason))}`]),
      ...(cause === null ? [] : [`  - Cause: ${text.cause(cause)}`]),
      ...(recipients.length === 0 ? [] : [`  - Recipients: ${names}`]),
      ...(message == null || message.title === "" ? [] : [`  - Message: ${text.data(message.title)}`]),
    ];
  }

  private buildChanged({ workflow, difference }: Listed, index: number): Section {
    const { text } = this;
    const { cause, examples, step } = difference;
    const [first, ...others] = groupExamples(examples).slice(0, MAX_EXAMPLES);
    const intro = cause === null ? [] : [`Cause: ${text.cause(cause)}`, ""];
    const count = text.htmlSentence(formatMessages(difference));
    return {
      summary: `Changed: ${count}, ${text.htmlName(workflow.workflow)} ${text.htmlName(step)}`,
      entries: [
        {
          rank: index < MAX_FIRST.changed ? RANKS.changed : RANKS.further,
          noun: "changed messages",
          lines: [...intro, ...(first === undefined ? [] : this.describeExample(first))],
        },
        ...others.map((group) => ({
          rank: RANKS.example,
          noun: "further examples",
          lines: this.describeExample(group),
        })),
      ],
    };
  }

  private describeExample({ example, recipients }: ExampleGroup): string[] {
    const { text } = this;
    const names = formatNames(recipients.slice(0, MAX_NAMES).map(text.recipient), recipients.length, MAX_NAMES);
    const trigger = example.trigger === null ? "" : ` from ${text.data(example.trigger)}`;
    const lines = example.fields.flatMap(({ field, before, after }) => [
      `@@ ${text.line(field)} @@`,
      ...diffTexts(text.text(before), text.text(after)).map(
        ({ kind, text: line }) => `${MARKS[kind]} ${text.line(line)}`,
      ),
    ]);
    const hidden = lines.length - MAX_LINES;
    const more = hidden > 0 ? [`  … ${formatQuantity(hidden, "more line")}`] : [];
    return [`${names}${trigger}`, "", ...formatCodeBlock([...lines.slice(0, MAX_LINES), ...more], "diff")];
  }

  private buildChanges(): Section {
    const { text } = this;
    const changed = this.report.workflows
      .map(({ workflow, changes }) => ({ workflow, changes: listChanges(changes) }))
      .filter(({ changes }) => changes.length > 0);
    const total = changed.reduce((sum, { changes }) => sum + changes.length, 0);
    const entries = changed.map(({ workflow, changes }): Entry => {
      const hidden = changes.length - MAX_CHANGES;
      const lines = [
        `- ${text.name(workflow)}`,
        ...changes.slice(0, MAX_CHANGES).map((change) => `  - ${text.cause(change)}`),
        ...(hidden > 0 ? [`  - ${hidden} more`] : []),
      ];
      return { rank: RANKS.change, noun: "changed steps and templates", lines };
    });
    return { summary: `Steps and templates: ${formatQuantity(total, "change")}`, entries };
  }

  private buildScenarios(): Section {
    const { text } = this;
    const { scenarios } = this.report;
    const summary = `Scenarios: ${formatScenarioSummary(scenarios)}`;
    if (!hasScenarios(this.report)) return { summary, entries: [] };
    const entries = scenarios.changes.map((change): Entry => {
      const message = change.message === null ? "" : `: ${text.sentence(change.message)}`;
      const line = `- ${text.data(change.name)} in ${text.name(change.file)} ${formatScenarioStatus(change)}${message}`;
      return { rank: RANKS.scenario, noun: "scenarios", lines: [line] };
    });
    return { summary, entries };
  }

  private buildFindings(): Section {
    const { text } = this;
    const { new: added, fixed } = this.report.findings;
    const describe = ({ code, message, file, line }: (typeof added)[number]): string =>
      `${text.name(code)} in ${text.name(`${file}:${line}`)}: ${text.sentence(message)}`;
    return {
      summary: `Findings: ${added.length} new, ${fixed.length} fixed`,
      entries: [
        ...added.map((finding): Entry => {
          const label = finding.severity === "error" ? "Error" : "Warning";
          return { rank: RANKS.finding, noun: "findings", lines: [`- ${label} ${describe(finding)}`] };
        }),
        ...fixed.map((finding): Entry => {
          return { rank: RANKS.fixed, noun: "fixed findings", lines: [`- Fixed ${describe(finding)}`] };
        }),
      ],
    };
  }

  private buildFiles(): Section {
    const { text } = this;
    const entries = this.report.resources.map(({ resource, state, workflows, changes }): Entry => {
      const users = workflows.slice(0, MAX_NAMES).map(text.name);
      const usedBy = users.length === 0 ? "" : `, used by ${formatNames(users, workflows.length, MAX_NAMES)}`;
      const lines = [
        `- ${text.name(resource)} ${state}${usedBy}`,
        ...listChanges(changes)
          .slice(0, MAX_CHANGES)
          .map((change) => `  - ${text.cause(change)}`),
      ];
      return { rank: RANKS.file, noun: "other files", lines };
    });
    return { summary: `Other files: ${entries.length}`, entries };
  }

  private buildRejected(): Section {
    const { text } = this;
    const entries = groupRejected(this.report).map(({ side, message, triggers }): Entry => {
      const names = formatNames(triggers.slice(0, MAX_NAMES).map(text.data), triggers.length, MAX_NAMES);
      const line = `- ${names} ${formatRejectedSide({ side })}: ${text.sentence(message)}`;
      return { rank: RANKS.rejected, noun: "rejected triggers", lines: [line] };
    });
    return { summary: `Rejected triggers: ${formatNumber(this.report.rejected.length)}`, entries };
  }

  private buildChannels(): Section {
    const { unit, channels, ...total } = this.report.volume;
    const entries = channels.map(({ type, ...channel }): Entry => {
      const line = `- ${this.text.sentence(formatChannel(type))}: ${formatTransition(channel)}${formatGrowth(channel)}`;
      return { rank: RANKS.channel, noun: "channels", lines: [line] };
    });
    return { summary: `Messages per ${unit}: ${formatTransition(total)}${formatGrowth(total)}`, entries };
  }

  private buildNotes(): Section {
    const entries = this.report.notes.map((note): Entry => {
      return { rank: RANKS.note, noun: "notes", lines: [`- ${this.text.sentence(note)}`] };
    });
    return { summary: `Notes: ${entries.length}`, entries };
  }
}
