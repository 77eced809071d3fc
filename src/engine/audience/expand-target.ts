import type { BroadcastRecipient, BroadcastTarget } from "../../domain/audience/broadcast.js";
import { keyOf, type RecipientUpsert, TENANTS, USERS } from "../../domain/recipient/recipient.js";
import type { PendingTrigger } from "../../domain/run/batch.js";
import type { FanOut } from "../../domain/run/fan-out.js";
import type { AudienceStore } from "../../ports/audience-store.js";
import type { ClaimedFanOut, FanOutStore } from "../../ports/fan-out-store.js";
import type { Page, Paged } from "../../ports/page.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import type { EngineContext } from "../context/engine-context.js";
import { recipientView } from "../context/scope.js";
import { isDescribed } from "./audience-membership.js";

const PAGE = 1_000;

async function* everything<T>(list: (page: Page) => Promise<Paged<T>>): AsyncGenerator<T> {
  for (let after: string | undefined; ; ) {
    const { items, page_info } = await list({ limit: PAGE, after });
    yield* items;
    if (page_info.after === null) return;
    after = page_info.after;
  }
}

/** Whom a target is now (E-397). Members of an audience come with the tenant of their membership. */
async function recipientsOf(
  { store, definitions }: EngineContext<AudienceStore & RecipientStore>,
  target: BroadcastTarget,
  now: number,
): Promise<BroadcastRecipient[]> {
  if ("recipients" in target) return target.recipients;
  const found: BroadcastRecipient[] = [];
  const declared =
    "audience" in target ? (await definitions.audiences()).find(({ key }) => key === target.audience) : undefined;
  if ("audience" in target && declared?.type !== "dynamic") {
    const members = everything((page) => store.listAudienceMembers(target.audience, page));
    for await (const { recipient, tenant } of members) found.push({ key: recipient.key, tenant, data: null });
  } else {
    for await (const user of everything((page) => store.listRecipients({ collection: USERS }, page)))
      if (declared === undefined || isDescribed(declared, recipientView(user), now))
        found.push({ key: user.key, tenant: null, data: null });
  }
  return found.reverse(); // lists have the newest first
}

/** A run has one tenant: one run for each, and one for those in none. */
function byTenant(recipients: readonly BroadcastRecipient[]): Map<string | null, FanOut["listed"]> {
  const groups = new Map<string | null, FanOut["listed"]>();
  for (const { key, tenant, data } of recipients) {
    const group = groups.get(tenant) ?? [];
    group.push({ key, trigger_data: data });
    groups.set(tenant, group);
  }
  return groups;
}

/** A tenant that is named is found or made, as by any trigger (E-047). */
function tenantUpserts(tenant: string | null): RecipientUpsert[] {
  return tenant === null ? [] : [{ key: keyOf({ id: tenant, collection: TENANTS }), properties: {} }];
}

/**
 * A broadcast's time has come (E-399): whom it is for becomes the recipients of its run and of more runs, one per tenant, in
 * one transaction. Null where another process took it over, or where there is nobody.
 */
export async function expandTarget(
  context: EngineContext<AudienceStore & FanOutStore & RecipientStore>,
  { run, version, fanOut }: ClaimedFanOut,
  token: string,
  now: number,
): Promise<ClaimedFanOut | null> {
  const groups = byTenant(await recipientsOf(context, fanOut.target as BroadcastTarget, now));
  const [[tenant, listed] = [null, []], ...others] = groups;
  const rest = { listed, objects: [], after: null };
  const triggers = others.map(
    ([other, list]): PendingTrigger => ({
      run: {
        ...run,
        id: context.ids.uuid(),
        tenant: other,
        trigger_source: { ...run.trigger_source, of: run.id },
      },
      version,
      fanOut: { listed: list, objects: [], after: null },
      upserts: tenantUpserts(other),
    }),
  );
  const isOurs = await context.store.splitFanOut(
    {
      workflow_run_id: run.id,
      tenant,
      rest: listed.length === 0 ? null : rest,
      triggers,
      upserts: tenantUpserts(tenant),
    },
    token,
    now,
  );
  return isOurs && listed.length > 0 ? { run: { ...run, tenant }, version, fanOut: rest } : null;
}
