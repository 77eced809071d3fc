import { compareMessages } from "../../comparison/compare-messages.js";
import type { DataFilter } from "../../comparison/personal-data-filter.js";
import type { SentMessage } from "../../comparison/recorded-history.js";
import { getTitle } from "../../comparison/replay-report.js";
import type { ReplayedRun } from "../../comparison/replay-triggers.js";
import { toRecipientKey } from "../../domain/recipient/recipient.js";
import type { Reason } from "../../domain/run/outcome.js";
import { toIsoTime } from "../../util/iso-time.js";
import {
  explainAbsence,
  findAbsenceCause,
  findChangeCause,
  findRejectionCause,
  type PossibleCauses,
} from "./find-cause.js";
import type { MessageDifference } from "./review-report-schema.js";
import type { SampleRun } from "./scenario-samples.js";

type Example = MessageDifference["examples"][number];

/** The messages of one source on both sides, with the filter of what a report says about them. */
export interface SampleComparison {
  before: SampleRun;
  after: SampleRun;
  filter: DataFilter;
}

/** The differences by workflow, and the number of equal messages. */
interface Differences {
  byWorkflow: Map<string, MessageDifference[]>;
  equal: number;
}

const MAX_EXAMPLES = 10;
const MAX_CAUSE_LENGTH = 200;

const shorten = (text: string): string =>
  text.length > MAX_CAUSE_LENGTH ? `${text.slice(0, MAX_CAUSE_LENGTH - 1)}…` : text;

function describeMessage({ step, channel, tenant, at, content }: SentMessage, filter: DataFilter) {
  const filtered = filter.filterJson(content);
  return {
    step,
    channel,
    tenant: tenant === null ? null : filter.filterText(tenant),
    at: toIsoTime(at),
    title: getTitle(filtered),
    content: filtered,
  };
}

const toKey = ({ trigger, workflow }: Pick<ReplayedRun, "trigger" | "workflow">, recipient: string): string =>
  JSON.stringify([trigger, workflow, recipient]);

/** Finds the run of the other side that could have sent a message. */
function createRunFinder({ runs }: SampleRun): (message: SentMessage) => ReplayedRun | undefined {
  const byKey = new Map<string, ReplayedRun>();
  for (const run of runs) byKey.set(toKey(run, run.recipient), run);
  return (message) => byKey.get(toKey(message, toRecipientKey(message.recipient)));
}

class DifferenceBuilder {
  private readonly groups = new Map<string, { workflow: string; difference: MessageDifference; keys: Set<string> }>();

  add(
    workflow: string,
    group: Omit<MessageDifference, "messages" | "recipients" | "examples" | "cause">,
    { group: scope, ...cause }: NonNullable<ReturnType<typeof findAbsenceCause>> | { group?: never; text?: never },
    example: Example,
  ): void {
    const key = JSON.stringify([workflow, group.kind, group.step, group.reason?.code, scope ?? cause.text]);
    let found = this.groups.get(key);
    if (found === undefined) {
      const difference = {
        ...group,
        cause: cause.text === undefined ? null : cause,
        messages: 0,
        recipients: [],
        examples: [],
      };
      found = { workflow, difference, keys: new Set() };
      this.groups.set(key, found);
    }
    const { difference, keys } = found;
    if (scope !== undefined && difference.cause !== null && difference.cause.text !== cause.text)
      difference.cause.text = `${scope}: several recipients`;
    difference.messages++;
    const recipient = toRecipientKey(example.recipient);
    if (!keys.has(recipient)) difference.recipients.push(example.recipient);
    keys.add(recipient);
    if (difference.examples.length < MAX_EXAMPLES) difference.examples.push(example);
  }

  build(): Map<string, MessageDifference[]> {
    const order = ["lost", "gained", "changed"];
    const byWorkflow = new Map<string, MessageDifference[]>();
    for (const { workflow, difference } of this.groups.values())
      byWorkflow.set(workflow, [...(byWorkflow.get(workflow) ?? []), difference]);
    for (const list of byWorkflow.values())
      list.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || b.messages - a.messages);
    return byWorkflow;
  }
}

/** Compares the messages of all sources, and groups the differences by workflow, step, reason and cause. */
export function buildDifferences(
  samples: readonly SampleComparison[],
  getCauses: (workflow: string) => PossibleCauses,
): Differences {
  const builder = new DifferenceBuilder();
  let equal = 0;
  for (const { before, after, filter } of samples) {
    const compared = compareMessages(before.messages, after.messages, { comparesContent: true, tolerance: 0 });
    equal += compared.equal;
    const findRun = { lost: createRunFinder(after), gained: createRunFinder(before) };
    const byTrigger = ({ rejected }: SampleRun) => new Map(rejected.map((own) => [own.trigger, own]));
    const rejections = { lost: byTrigger(after), gained: byTrigger(before) };
    const addAbsence = (kind: "lost" | "gained", message: SentMessage): void => {
      const { trigger, workflow, step, channel, recipient } = message;
      const absence = explainAbsence(message, findRun[kind](message));
      const rejected = trigger === null ? undefined : rejections[kind].get(trigger);
      const causes = getCauses(workflow);
      const cause =
        rejected === undefined || absence.reason !== null
          ? findAbsenceCause(message, absence, causes)
          : findRejectionCause({ ...rejected, message: shorten(filter.filterText(rejected.message)) }, causes);
      const reason: Reason | null = absence.reason && {
        code: absence.reason.code,
        detail: absence.reason.detail === null ? null : filter.filterText(absence.reason.detail),
      };
      const described = describeMessage(message, filter);
      builder.add(workflow, { kind, step, channel_type: channel.type, reason }, cause ?? {}, {
        trigger: trigger === null ? null : filter.filterText(trigger),
        recipient: filter.filterRecipient(recipient),
        before: kind === "lost" ? described : null,
        after: kind === "lost" ? null : described,
        fields: [],
      });
    };
    for (const message of compared.lost) addAbsence("lost", message);
    for (const message of compared.gained) addAbsence("gained", message);
    for (const { before: old, after: now, fields } of compared.changed) {
      const cause = findChangeCause(now, fields, getCauses(now.workflow));
      const filterValue = (text: string | null): string | null => (text === null ? null : filter.filterText(text));
      builder.add(
        now.workflow,
        { kind: "changed", step: now.step, channel_type: now.channel.type, reason: null },
        cause ?? {},
        {
          trigger: now.trigger === null ? null : filter.filterText(now.trigger),
          recipient: filter.filterRecipient(now.recipient),
          before: describeMessage(old, filter),
          after: describeMessage(now, filter),
          fields: fields.map(({ field, before: a, after: b }) =>
            field === "at" || field === "channel"
              ? { field, before: a, after: b }
              : { field: filter.filterText(field), before: filterValue(a), after: filterValue(b) },
          ),
        },
      );
    }
  }
  return { byWorkflow: builder.build(), equal };
}
