import type { AudienceMember } from "../../domain/audience/audience.js";
import { splitKey } from "../../domain/recipient/recipient.js";
import { idFault } from "../../domain/recipient/recipient-id.js";
import { parseMembersBody } from "../../domain/request/parse-recipient-list.js";
import { invalidParams } from "../../domain/shape/invalid-params.js";
import { KnockError } from "../../errors/knock-error.js";
import type { AudienceStore } from "../../ports/audience-store.js";
import type { AudienceOperations } from "../../ports/resources.js";
import { isoTime } from "../../util/iso-time.js";
import type { JsonObject } from "../../util/json.js";
import { didYouMean } from "../../util/nearest.js";
import { withChannelIds } from "../advancing/fan-out-start.js";
import { type DueWorkStore, type EngineContext, readTime } from "../context/engine-context.js";
import { userShape } from "../context/recipient-shapes.js";
import { runNews } from "../run/due-work.js";

/** The API's `AudienceMember`. */
function memberShape({ recipient, tenant, added_at }: AudienceMember): JsonObject {
  return {
    __typename: "AudienceMember",
    user_id: splitKey(recipient.key).id,
    user: userShape(recipient),
    tenant,
    added_at: isoTime(added_at),
  };
}

function checkKey(key: string): void {
  const fault = idFault(key);
  if (fault !== null) throw invalidParams("the audience's key", [{ pointer: "/key", message: fault, value: key }]);
}

/** Returns the static audiences: those with members, and those that the project declares (E-387). */
async function staticAudienceKeys({ store, definitions }: EngineContext<AudienceStore>): Promise<string[]> {
  const declared = (await definitions.audiences()).filter(({ type }) => type === "static");
  return [...new Set([...(await store.readAudienceKeys()), ...declared.map(({ key }) => key)])];
}

async function requireAudience(context: EngineContext<AudienceStore>, key: string): Promise<void> {
  checkKey(key);
  const known = await staticAudienceKeys(context);
  if (known.includes(key)) return;
  throw new KnockError("resource_missing", `there is no audience "${key}"`, {
    details: [{ pointer: "", message: "is no audience's key", value: key }],
    hint: didYouMean(key, known, "Audiences") ?? "The first member added makes one.",
  });
}

export function audienceOperations(context: EngineContext<DueWorkStore>): AudienceOperations {
  const { store } = context;
  return {
    async list(key, page) {
      await requireAudience(context, key);
      const { items, page_info } = await store.listAudienceMembers(key, page);
      return { items: items.map(memberShape), page_info };
    },
    async add(key, body, { create_audience }) {
      const members = parseMembersBody(body);
      if (create_audience) checkKey(key);
      else await requireAudience(context, key);
      const at = await readTime(context);
      const environment = await context.definitions.environment();
      const upserts = members.flatMap(({ upsert }) => (upsert ? [withChannelIds(upsert, environment)] : []));
      if (upserts.length > 0) await store.upsertRecipients(upserts, at);
      await store.addAudienceMembers(key, members, at);
      await runNews(context, at);
    },
    async remove(key, body) {
      const members = parseMembersBody(body);
      await requireAudience(context, key);
      const removed = await store.removeAudienceMembers(key, members);
      return removed.map(({ recipient, tenant }) => ({ user_id: splitKey(recipient).id, tenant }));
    },
  };
}
