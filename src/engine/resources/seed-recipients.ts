import { splitRecipientKey, TENANTS, USERS } from "../../domain/recipient/recipient.js";
import { parseRecipientsFile } from "../../domain/request/parse-recipients-file.js";
import { KnockError } from "../../errors/knock-error.js";
import type { ClockStore } from "../../ports/clock-store.js";
import type { SeedStore } from "../../ports/seed-store.js";
import { type EngineContext, readTime } from "../context/engine-context.js";
import { resolveChannelDataIds } from "../execution/build-fan-out.js";

/** The file name under which the store records seeds from requests. No recipients file has this name. */
const SEED_FILE_NAME = "(seed)";

function parseSeed(content: unknown) {
  try {
    return parseRecipientsFile(content, "the seed");
  } catch (error) {
    // An error that is a project error in a file is an error of the request here.
    if (!(error instanceof KnockError) || error.code !== "project_invalid") throw error;
    const { message, details, hint } = error;
    throw new KnockError("invalid_params", message, { details, hint });
  }
}

/** Applies the content of a recipients file, as when the store is first opened. Repeated content is applied again. */
export async function seedRecipients(context: EngineContext<ClockStore & SeedStore>, content: unknown) {
  const { recipients, subscriptions, audiences } = parseSeed(content);
  const environment = await context.definitions.environment();
  const seed = {
    file: SEED_FILE_NAME,
    digest: context.ids.uuid(),
    recipients: recipients.map((recipient) => resolveChannelDataIds(recipient, environment)),
    subscriptions,
    audiences,
  };
  await context.store.applySeeds([seed], await readTime(context));
  const collections = recipients.map(({ key }) => splitRecipientKey(key).collection);
  const count = (wanted: (collection: string) => boolean) => collections.filter(wanted).length;
  return {
    users: count((collection) => collection === USERS),
    tenants: count((collection) => collection === TENANTS),
    objects: count((collection) => collection !== USERS && collection !== TENANTS),
    subscriptions: subscriptions.length,
    audience_members: audiences.reduce((sum, { members }) => sum + members.length, 0),
  };
}
