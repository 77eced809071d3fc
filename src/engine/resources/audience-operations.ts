import type { AudienceMember } from "../../domain/audience/audience.js";
import { splitRecipientKey } from "../../domain/recipient/recipient.js";
import { checkAudienceKey } from "../../domain/request/check-ids.js";
import { parseMembersBody } from "../../domain/request/parse-recipient-list.js";
import { KnockError } from "../../errors/knock-error.js";
import type { AudienceStore } from "../../ports/audience-store.js";
import { NO_CAUSED_WORK } from "../../ports/due-store.js";
import type { LocalAudienceOperations } from "../../ports/resource-operations.js";
import { didYouMean } from "../../util/find-nearest.js";
import { toIsoTime } from "../../util/iso-time.js";
import type { JsonObject } from "../../util/json.js";
import { type DueWorkStore, type EngineContext, readTime } from "../context/engine-context.js";
import { serializeUser } from "../context/serialize-recipient.js";
import { resolveChannelDataIds } from "../execution/build-fan-out.js";
import { runCausedWork } from "../run/run-due-work.js";

/** Returns the API's `AudienceMember`. */
function serializeAudienceMember({ recipient, tenant, added_at }: AudienceMember): JsonObject {
  return {
    __typename: "AudienceMember",
    user_id: splitRecipientKey(recipient.key).id,
    user: serializeUser(recipient),
    tenant,
    added_at: toIsoTime(added_at),
  };
}

/** Returns the keys of static audiences: those with members, and those that the project declares (E-387). */
async function listStaticAudienceKeys({ store, definitions }: EngineContext<AudienceStore>): Promise<string[]> {
  const declared = (await definitions.audiences()).filter(({ type }) => type === "static");
  return [...new Set([...(await store.readAudienceKeys()), ...declared.map(({ key }) => key)])];
}

async function checkAudienceExists(context: EngineContext<AudienceStore>, key: string): Promise<void> {
  checkAudienceKey(key);
  const known = await listStaticAudienceKeys(context);
  if (known.includes(key)) return;
  throw new KnockError("resource_missing", `there is no audience "${key}"`, {
    details: [{ pointer: "", message: "is not the key of an audience", value: key }],
    hint: didYouMean(key, known, "Audiences") ?? `Run \`knock audiences add ${key} --recipients <ids>\` to create it.`,
  });
}

export function createAudienceOperations(context: EngineContext<DueWorkStore>): LocalAudienceOperations {
  const { store } = context;
  return {
    async list(key, page) {
      await checkAudienceExists(context, key);
      const { items, page_info } = await store.listAudienceMembers(key, page);
      return { items: items.map(serializeAudienceMember), page_info };
    },
    async add(key, body, { create_audience }) {
      const members = parseMembersBody(body);
      if (create_audience) checkAudienceKey(key);
      else await checkAudienceExists(context, key);
      const at = await readTime(context);
      const environment = await context.definitions.environment();
      const upserts = members.flatMap(({ upsert }) => (upsert ? [resolveChannelDataIds(upsert, environment)] : []));
      const identified = upserts.length > 0 ? await store.upsertRecipients(upserts, at) : NO_CAUSED_WORK;
      const { caused } = await store.addAudienceMembers(key, members, at);
      await runCausedWork(context, at, identified, caused);
    },
    async remove(key, body) {
      const members = parseMembersBody(body);
      await checkAudienceExists(context, key);
      const removed = await store.removeAudienceMembers(key, members);
      return removed.map(({ recipient, tenant }) => ({ user_id: splitRecipientKey(recipient).id, tenant }));
    },
  };
}
