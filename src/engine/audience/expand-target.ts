import type { BroadcastRecipient, BroadcastTarget } from "../../domain/audience/broadcast.js";
import { type RecipientUpsert, TENANTS, toRecipientKey, USERS } from "../../domain/recipient/recipient.js";
import type { PendingTrigger } from "../../domain/run/batch-continuations.js";
import type { FanOutState } from "../../domain/run/fan-out-state.js";
import type { AudienceStore } from "../../ports/audience-store.js";
import type { ClaimedFanOut, FanOutStore } from "../../ports/fan-out-store.js";
import type { Paged, PageRequest } from "../../ports/page-request.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import { getRecipientView } from "../context/build-scope.js";
import type { EngineContext } from "../context/engine-context.js";
import { matchesAudience } from "./audience-membership.js";

const PAGE_SIZE = 1_000;

async function* listAllPages<T>(list: (page: PageRequest) => Promise<Paged<T>>): AsyncGenerator<T> {
  for (let after: string | undefined; ; ) {
    const { items, page_info } = await list({ limit: PAGE_SIZE, after });
    yield* items;
    if (page_info.after === null) return;
    after = page_info.after;
  }
}

/**
 * Returns the recipients that a target has now (E-397). Members of an audience come with the tenant of their
 * membership.
 */
async function readTargetRecipients(
  { store, definitions }: EngineContext<AudienceStore & RecipientStore>,
  target: BroadcastTarget,
  now: number,
): Promise<BroadcastRecipient[]> {
  if ("recipients" in target) return target.recipients;
  const recipients: BroadcastRecipient[] = [];
  const declared =
    "audience" in target ? (await definitions.audiences()).find(({ key }) => key === target.audience) : undefined;
  if ("audience" in target && declared?.type !== "dynamic") {
    const members = listAllPages((page) => store.listAudienceMembers(target.audience, page));
    for await (const { recipient, tenant } of members) recipients.push({ key: recipient.key, tenant, data: null });
  } else {
    for await (const user of listAllPages((page) => store.listRecipients({ collection: USERS }, page)))
      if (declared === undefined || matchesAudience(declared, getRecipientView(user), now))
        recipients.push({ key: user.key, tenant: null, data: null });
  }
  return recipients.reverse(); // lists are newest first
}

/** Groups recipients by tenant, because a run has one tenant. */
function groupByTenant(recipients: readonly BroadcastRecipient[]): Map<string | null, FanOutState["listed"]> {
  const groups = new Map<string | null, FanOutState["listed"]>();
  for (const { key, tenant, data } of recipients) {
    const group = groups.get(tenant) ?? [];
    group.push({ key, trigger_data: data });
    groups.set(tenant, group);
  }
  return groups;
}

/** Returns the upsert that finds or creates the tenant of a run, as every trigger does (E-047). */
function buildTenantUpserts(tenant: string | null): RecipientUpsert[] {
  return tenant === null ? [] : [{ key: toRecipientKey({ id: tenant, collection: TENANTS }), properties: {} }];
}

/**
 * Expands the target of a due broadcast (E-399) into the recipients of its run and of one more run for each other
 * tenant, in one transaction. Returns null if another process has taken the run over, or if there are no recipients.
 */
export async function expandTarget(
  context: EngineContext<AudienceStore & FanOutStore & RecipientStore>,
  { run, version, fanOut }: ClaimedFanOut,
  token: string,
  now: number,
): Promise<ClaimedFanOut | null> {
  const groups = groupByTenant(await readTargetRecipients(context, fanOut.target as BroadcastTarget, now));
  const [[tenant, listed] = [null, []], ...others] = groups;
  const rest = { listed, objects: [], after: null };
  const triggers = others.map(
    ([otherTenant, otherListed]): PendingTrigger => ({
      run: {
        ...run,
        id: context.ids.uuid(),
        tenant: otherTenant,
        trigger_source: { ...run.trigger_source, of: run.id },
      },
      version,
      fanOut: { listed: otherListed, objects: [], after: null },
      upserts: buildTenantUpserts(otherTenant),
    }),
  );
  const caused = await context.store.splitFanOut(
    {
      workflow_run_id: run.id,
      tenant,
      rest: listed.length === 0 ? null : rest,
      triggers,
      upserts: buildTenantUpserts(tenant),
    },
    token,
    now,
  );
  if (caused !== null) context.ownWork?.add(caused);
  return caused !== null && listed.length > 0 ? { run: { ...run, tenant }, version, fanOut: rest } : null;
}
