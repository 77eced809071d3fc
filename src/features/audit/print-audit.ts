import { formatRecipient, type RecipientReference } from "../../domain/recipient/recipient.js";
import { formatReason } from "../../output/labels.js";
import type { Output } from "../../output/output.js";
import { printTable } from "../../output/print-table.js";
import { formatCount, formatNumber } from "../../util/format-count.js";
import type { AuditedObject, AuditedUser, AuditReport } from "./audit-report-schema.js";

type ObjectWorkflow = AuditedObject["workflows"][number];

/** Limits the objects in text. */
const MAX_OBJECTS = 50;
const MAX_NAMED_WORKFLOWS = 3;
const MAX_NAMED_SUBSCRIBERS = 3;

const getsNothing = ({ exists, workflows }: AuditedUser): boolean =>
  !exists || workflows.some(({ gets_nothing }) => gets_nothing);

/** Returns the first names, and the number of the others: `ada, bo and 3 more`. */
function formatNames(names: readonly string[], count: number, maxNamed: number): string {
  const named = names.slice(0, count > maxNamed + 1 ? maxNamed : count);
  const others = count - named.length;
  return named.join(", ") + (others > 0 ? ` and ${formatNumber(others)} more` : "");
}

function listUserRows({ recipient, exists, workflows }: AuditedUser, place: string): string[][] {
  if (!exists) return [[recipient, "(all)", "nothing", "", "", `the ${place} does not have this user`]];
  return workflows.flatMap(({ workflow, gets_nothing, steps }) =>
    steps.map(({ ref, channel, reason }) => [
      recipient,
      workflow,
      gets_nothing ? "nothing" : "partly",
      ref,
      channel ?? "",
      formatReason(reason),
    ]),
  );
}

function describeSubscribers(reasons: ObjectWorkflow["reasons"]): string {
  return reasons
    .map(({ reason, subscribers, recipients }) => {
      const names = recipients.map((recipient: RecipientReference) => formatRecipient(recipient));
      return `${formatReason(reason)} (${formatNames(names, subscribers, MAX_NAMED_SUBSCRIBERS)})`;
    })
    .join("; ");
}

/** Returns the status, the subscribers who get nothing, and the reasons. Without subscribers, they are those of the object. */
function describeWorkflow({ subscribers }: AuditedObject, workflow: ObjectWorkflow): string[] {
  const { reaches_no_one, steps, get_nothing, reasons } = workflow;
  const status = reaches_no_one ? "nothing" : "partly";
  if (subscribers > 0)
    return [status, `${formatNumber(get_nothing)} of ${formatNumber(subscribers)}`, describeSubscribers(reasons)];
  return [status, "no subscribers", [...new Set(steps.map(({ reason }) => formatReason(reason)))].join(", ")];
}

/** Returns a row for each group of workflows with the same result. */
function listObjectRows(object: AuditedObject, workflowCount: number, place: string): string[][] {
  const name = formatRecipient(object.recipient);
  if (!object.exists && object.subscribers === 0)
    return [[name, "(all)", "nothing", "", `the ${place} does not have this object`]];
  const groups = new Map<string, { cells: string[]; keys: string[] }>();
  for (const workflow of object.workflows) {
    const cells = describeWorkflow(object, workflow);
    const group = groups.get(cells.join("\n")) ?? { cells, keys: [] };
    group.keys.push(workflow.workflow);
    groups.set(cells.join("\n"), group);
  }
  return [...groups.values()].map(({ cells, keys }) => {
    const isAll = keys.length > 1 && keys.length === workflowCount;
    return [name, isAll ? "(all)" : formatNames(keys, keys.length, MAX_NAMED_WORKFLOWS), ...cells];
  });
}

function printTables({ recipients, objects, summary }: AuditReport, place: string, output: Output): void {
  const userRows = recipients.flatMap((user) => listUserRows(user, place));
  if (userRows.length > 0) {
    printTable(["USER", "WORKFLOW", "STATUS", "STEP", "CHANNEL", "REASON"], userRows, output);
    output.line();
  }
  if (objects.length === 0) return;
  const objectRows = objects
    .slice(0, MAX_OBJECTS)
    .flatMap((object) => listObjectRows(object, summary.workflows, place));
  printTable(["OBJECT", "WORKFLOW", "STATUS", "GET NOTHING", "REASON"], objectRows, output);
  const hidden = objects.length - MAX_OBJECTS;
  if (hidden > 0) output.line(`and ${formatNumber(hidden)} more: --json lists all`);
  output.line();
}

/**
 * Prints a row for each skipped step of a user and for each result of an object, and the totals. `--quiet` prints only the users
 * who get nothing, and the objects that do not reach everyone. `place` is where the recipients were read.
 */
export function printAuditReport(report: AuditReport, place: "account" | "store", output: Output): void {
  const { verbosity, colors: paint } = output;
  const { recipients, objects, summary } = report;
  if (verbosity.json) return output.json(report);
  if (verbosity.quiet) {
    for (const user of recipients) if (getsNothing(user)) output.line(user.recipient);
    for (const { recipient } of objects) output.line(formatRecipient(recipient));
    return;
  }
  printTables(report, place, output);
  for (const note of report.notes) output.note(`note: ${note}`);
  const printTotal = (count: number, total: number, noun: string, effect: string): void => {
    const mark = count > 0 ? paint.red("✗") : paint.green("✓");
    output.line(
      `${mark} ${formatNumber(count)} of ${formatNumber(total)} ${noun}${total === 1 ? "" : "s"} would ${effect}`,
    );
  };
  const checked = `(${formatCount(summary.workflows, "workflow")} checked)`;
  if (summary.recipients > 0 || summary.objects === 0)
    printTotal(summary.get_nothing, summary.recipients, "user", `get nothing from a workflow ${checked}`);
  if (summary.objects === 0) return;
  printTotal(summary.objects_reach_no_one, summary.objects, "object", `reach no one with a workflow ${checked}`);
  const { subscribers, subscribers_get_nothing: silent } = summary;
  if (subscribers > 0) printTotal(silent, subscribers, "subscriber", "get nothing from a workflow");
}
