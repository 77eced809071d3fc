import type { Command } from "commander";
import type { CommandContext } from "../context/command-context.js";
import type { TargetAccess } from "../context/target-flags.js";
import { KnockError } from "../errors/knock-error.js";
import { InputReader } from "../input/input-source.js";
import { type RequestBodyFlags, readRequestBody } from "../input/request-body.js";
import { printSchedule, printSchedules } from "../output/print-schedules.js";
import type { ScheduleOperations } from "../ports/resource-operations.js";
import { isJsonObject, type Json, type JsonObject } from "../util/json.js";
import { checkFilterNames } from "./shared/check-filter-names.js";
import { formatSetFlags } from "./shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "./shared/help-groups.js";
import { addPageOptions, type PageFlags, parsePage, parseRecipientKey } from "./shared/paging.js";
import { resolveIdPrefix } from "./shared/resolve-id-prefix.js";
import {
  addBodyOptions,
  addResourceOptions,
  openResources,
  type ResourceFlags,
  warnUnidentifiedRecipients,
} from "./shared/resource-options.js";

interface ListFlags extends ResourceFlags, PageFlags {
  workflow?: string;
  recipient?: string;
  tenant?: string;
}

type ChangeFlags = ResourceFlags & RequestBodyFlags;

async function requireBody(flags: RequestBodyFlags, context: CommandContext): Promise<JsonObject> {
  const body = await readRequestBody(flags, new InputReader(context.input));
  if (body !== null) return body;
  throw new KnockError("usage", "no body given", {
    hint: "Give the JSON body of the API's request with --file body.json or --data.",
  });
}

/** Returns the recipients in a body of one or several schedules. */
function collectRecipients(body: JsonObject): Json[] {
  const getRecipients = ({ recipients, recipient }: JsonObject): Json[] =>
    Array.isArray(recipients) ? recipients : recipient === undefined ? [] : [recipient];
  return Array.isArray(body.schedules)
    ? body.schedules.filter(isJsonObject).flatMap(getRecipients)
    : getRecipients(body);
}

/** Opens the target, and returns its resources and the full IDs of schedules. */
async function openSchedules(
  context: CommandContext,
  flags: ResourceFlags,
  access: TargetAccess,
  typed: readonly string[],
): Promise<{ schedules: ScheduleOperations; ids: string[] }> {
  const operations = await context.target.open(flags, access);
  const ids: string[] = [];
  for (const id of typed) ids.push(await resolveIdPrefix(id, ["schedule"], operations));
  return { schedules: (await operations.openResources()).schedules, ids };
}

export function registerSchedules(program: Command, context: CommandContext): void {
  const schedules = program
    .command("schedules")
    .helpGroup(COMMAND_GROUPS.trigger)
    .summary("Schedule workflows, once or repeatedly")
    .description(
      "Schedule future triggers of a workflow. Each schedule is for one recipient, in the recipient's time zone.",
    );
  registerList(schedules, context);

  const get = schedules
    .command("get")
    .argument("<id>", "a schedule ID")
    .description("Show a schedule. On the remote target, --workflow or --recipient is required.")
    .optionsGroup(OPTION_GROUPS.filters)
    .option("--workflow <key>", "limit the search to schedules of this workflow")
    .option("-r, --recipient <id>", "limit the search to schedules for this user ID or collection/id");
  addResourceOptions(get, ({ schedule }) => [`knock schedules get ${schedule}`]).action(
    async (id: string, flags: ResourceFlags & Pick<ListFlags, "workflow" | "recipient">) => {
      const recipient = parseRecipientKey(flags.recipient);
      const { schedules, ids } = await openSchedules(context, flags, "read", [id]);
      const recipients = recipient === undefined ? undefined : [recipient];
      const schedule = await schedules.read(ids[0] ?? id, { workflow: flags.workflow, recipients });
      if (schedule === null)
        throw new KnockError("resource_missing", `there is no schedule "${id}"`, {
          hint: "Run `knock schedules list` to see schedules.",
        });
      printSchedule(schedule, context.output);
    },
  );

  addResourceOptions(
    addBodyOptions(
      schedules
        .command("create")
        .description(
          "Schedule a workflow for each recipient of the body. A body with `schedules` creates many schedules.",
        ),
    ),
    ({ workflow, user }) => [
      `knock schedules create --data '{"workflow":"${workflow.key}","recipients":["${user}"]}'${formatSetFlags(workflow, "data.")} --set 'repeats:=[{"frequency":"weekly","days":["mon"],"hours":9}]'`,
      `knock schedules create --data '{"workflow":"${workflow.key}","recipients":["${user}"]}'${formatSetFlags(workflow, "data.")} --set scheduled_at=2030-06-04T18:00:00Z`,
    ],
  ).action(async (flags: ChangeFlags) => {
    const body = await requireBody(flags, context);
    const resources = await openResources(context, flags, "write");
    const isBulk = body.schedules !== undefined;
    const items = await (isBulk ? resources.schedules.createMany(body) : resources.schedules.create(body));
    printSchedules({ items }, context.output);
    await warnUnidentifiedRecipients(collectRecipients(body), resources, context);
  });

  addResourceOptions(
    addBodyOptions(
      schedules
        .command("update")
        .argument("[id...]", "up to 100 schedule IDs (default: schedule_ids of the body)")
        .description("Update one or more schedules. Omitted fields stay unchanged; null clears a field."),
    ),
    ({ schedule }) => [`knock schedules update ${schedule} --set ending_at=2030-12-31T23:59:59Z`],
  ).action(async (typed: string[], flags: ChangeFlags) => {
    const body = await requireBody(flags, context);
    if (typed.length > 0 && body.schedule_ids !== undefined)
      throw new KnockError("usage", "schedules are given twice: as arguments and as schedule_ids of the body", {
        hint: "Remove the arguments or schedule_ids.",
      });
    const { schedules, ids } = await openSchedules(context, flags, "write", typed);
    const change = ids.length > 0 ? { ...body, schedule_ids: ids } : body;
    printSchedules({ items: await schedules.update(change) }, context.output);
  });

  addResourceOptions(
    schedules
      .command("delete")
      .argument("<id...>", "up to 100 schedule IDs")
      .description("Delete schedules. Runs that have already started continue."),
    ({ schedule }) => [`knock schedules delete ${schedule}`],
  ).action(async (typed: string[], flags: ResourceFlags) => {
    const { schedules, ids } = await openSchedules(context, flags, "write", typed);
    const items = await schedules.delete({ schedule_ids: ids });
    const { output } = context;
    if (output.verbosity.json) return output.json({ items });
    if (!output.verbosity.quiet)
      output.lines([...new Set(ids)].map((id) => `${output.colors.green("✓")} schedule ${id} deleted`));
  });
}

function registerList(schedules: Command, context: CommandContext): void {
  const list = schedules
    .command("list", { isDefault: true })
    .description("List schedules, newest first, including ended ones")
    .optionsGroup(OPTION_GROUPS.filters)
    .option("--workflow <key>", "list only schedules of this workflow")
    .option("-r, --recipient <id>", "list only schedules for this user ID or collection/id")
    .option("--tenant <id>", "list only schedules for this tenant");
  addResourceOptions(addPageOptions(list), ({ user }) => [
    "knock schedules list",
    `knock schedules list --recipient ${user} --json`,
  ]).action(async (flags: ListFlags) => {
    const recipient = parseRecipientKey(flags.recipient);
    const filter = {
      workflow: flags.workflow,
      recipients: recipient === undefined ? undefined : [recipient],
      tenant: flags.tenant,
    };
    const page = parsePage(flags);
    const operations = await context.target.open(flags, "read");
    const listed = await (await operations.openResources()).schedules.list(filter, page);
    const names = { workflow: flags.workflow, recipient, tenant: flags.tenant };
    if (listed.items.length === 0) await checkFilterNames(names, flags, operations, context);
    printSchedules(listed, context.output);
  });
}
