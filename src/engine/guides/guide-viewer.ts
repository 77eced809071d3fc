import type { Audience } from "../../domain/audience/audience.js";
import type { Environment } from "../../domain/environment/environment.js";
import { type Guide, getManagedAudienceKey, isGuideActive } from "../../domain/guide/guide.js";
import type { Message } from "../../domain/message/message.js";
import {
  buildUnidentifiedRecipient,
  type RecipientKey,
  TENANTS,
  toRecipientKey,
} from "../../domain/recipient/recipient.js";
import type { AudienceStore } from "../../ports/audience-store.js";
import type { ClockStore } from "../../ports/clock-store.js";
import type { GuideStore } from "../../ports/guide-store.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import type { SubscriptionStore } from "../../ports/subscription-store.js";
import { toIsoTime } from "../../util/iso-time.js";
import type { JsonObject } from "../../util/json.js";
import { matchesAudience } from "../audience/audience-membership.js";
import {
  type ConditionScope,
  describeDecidingCondition,
  evaluateConditions,
} from "../condition/evaluate-conditions.js";
import { buildTenantView, getBrandedVariables, getRecipientView } from "../context/build-scope.js";
import { type EngineContext, readTime } from "../context/engine-context.js";
import { PendingQueryError, renderWithQueries } from "../context/pending-query.js";
import { resolveStoreLookups } from "../context/resolve-store-lookups.js";
import { NO_STORE_LOOKUPS, RunServices, STORE_LOOKUPS_REF, type StoreLookups } from "../context/store-lookups.js";
import { RENDER_SERVICES } from "../liquid/filters/render-services.js";
import { type RenderPart, renderParts } from "../liquid/limit-rendering.js";
import { type RenderScope, renderText } from "../liquid/liquid.js";

/** Why a guide is not shown to a user now, with the compared values. */
export interface Ineligibility {
  reason: "guide_not_active" | "target_conditions_not_met" | "not_in_target_audience" | "marked_as_archived";
  message: string;
}

/** A user in a tenant, with all data that guides are selected and rendered with. */
export interface GuideViewer {
  user: RecipientKey;
  tenant: string | null;
  now: number;
  /** The user's guide messages, oldest first. */
  messages: readonly Message[];
  scope: RenderScope;
  /** Returns whether the user is in an audience, and with `isStrict`, in this tenant. */
  isMember(audience: string, isStrict: boolean): boolean;
  /** Renders a guide, which can exceed the time limit without an effect on others. */
  renderPart: RenderPart;
}

interface ViewerRequest {
  user: RecipientKey;
  tenant: string | null;
  data: JsonObject;
}

async function readViewerData(
  context: EngineContext<AudienceStore & ClockStore & GuideStore & RecipientStore>,
  request: ViewerRequest,
  environment: Environment,
) {
  const { store, definitions } = context;
  const tenantKey = request.tenant === null ? null : toRecipientKey({ id: request.tenant, collection: TENANTS });
  const [recipients, memberships, messages, audiences, now] = await Promise.all([
    store.readRecipients(tenantKey === null ? [request.user] : [request.user, tenantKey]),
    store.readMemberships([request.user]),
    store.readGuideMessages(request.user),
    definitions.audiences(),
    readTime(context),
  ]);
  const recipient = recipients.get(request.user) ?? buildUnidentifiedRecipient(request.user, now);
  const tenant = tenantKey === null ? null : (recipients.get(tenantKey) ?? buildUnidentifiedRecipient(tenantKey, now));
  const scope: RenderScope = {
    ...request.data,
    data: request.data,
    recipient: getRecipientView(recipient),
    tenant: tenant === null ? null : buildTenantView(tenant),
    vars: getBrandedVariables(environment, tenant),
  };
  return { recipient, memberships: memberships.get(request.user) ?? [], messages, audiences, now, scope };
}

/** Renders for a user, and repeats it with the results of store lookups until no lookup is pending. */
export async function renderForViewer<T>(
  context: EngineContext<AudienceStore & ClockStore & GuideStore & RecipientStore & SubscriptionStore>,
  request: ViewerRequest,
  environment: Environment,
  render: (viewer: GuideViewer) => T,
): Promise<T> {
  const { recipient, memberships, audiences, messages, now, scope } = await readViewerData(
    context,
    request,
    environment,
  );
  const { locale } = recipient.properties;
  const isMember: GuideViewer["isMember"] = (key, isStrict) => {
    const declared = audiences.find((audience: Audience) => audience.key === key);
    // Members of a dynamic audience have no tenant (E-390).
    if (declared?.type === "dynamic")
      return (!isStrict || request.tenant === null) && matchesAudience(declared, getRecipientView(recipient), now);
    return memberships.some(({ audience, tenant }) => audience === key && (!isStrict || tenant === request.tenant));
  };
  const renderWith = (queryResults: ReadonlyMap<string, unknown>): T => {
    const known = (queryResults.get(STORE_LOOKUPS_REF) as StoreLookups | undefined) ?? NO_STORE_LOOKUPS;
    const services = new RunServices({
      now,
      lookups: known,
      audience: {
        locale: typeof locale === "string" && locale.trim() !== "" ? locale : null,
        tenant: request.tenant,
        defaultLocale: environment.locale,
      },
      getUnwrittenUpserts: () => [],
      requestLookups: (missing) => {
        throw new PendingQueryError({ kind: "store_lookups", ref: STORE_LOOKUPS_REF, missing, lookups: known });
      },
      warn: () => {},
    });
    const { user, tenant } = request;
    const viewedScope = Object.assign({}, scope, { [RENDER_SERVICES]: services });
    return renderParts((renderPart) =>
      render({ user, tenant, now, messages, isMember, scope: viewedScope, renderPart }),
    );
  };
  return renderWithQueries(renderWith, async (query) => {
    if (query.kind === "store_lookups") return (await resolveStoreLookups(context, [query]))(query);
    throw new PendingQueryError(query);
  });
}

/**
 * Returns whether the user is in the guide's target (E-415). A managed guide without an audience is for users whom workflows
 * added.
 */
function isTarget(guide: Guide, { isMember }: GuideViewer): boolean {
  const { key, target_audience_key: audience, managed, tenancy_strict_mode: isStrict } = guide;
  if (audience === null && !managed) return true;
  return (audience !== null && isMember(audience, isStrict)) || isMember(getManagedAudienceKey(key), isStrict);
}

/** Returns the messages of a guide's steps that count in a tenant, oldest first (E-416). */
export function selectGuideMessages(
  { key, scope }: Pick<Guide, "key" | "scope">,
  messages: readonly Message[],
  tenant: string | null,
): Message[] {
  return messages.filter((message) => message.workflow === key && (scope === "global" || message.tenant === tenant));
}

/** Returns whether every step is archived, or one that the application marked as final. */
function isArchived(guide: Guide, { messages, tenant }: GuideViewer): boolean {
  const { steps } = guide;
  const archived = selectGuideMessages(guide, messages, tenant).filter(({ archived_at }) => archived_at !== null);
  if (archived.some(({ events }) => events.findLast(({ type }) => type === "archived")?.data?.is_final === true))
    return true;
  return steps.every(({ ref }) => archived.some(({ step_ref }) => step_ref === ref));
}

/**
 * Returns why the user may not see the guide, or null. Archiving is checked last, because it alone can be undone
 * (A-292).
 */
export function findIneligibility(guide: Guide, viewer: GuideViewer): Ineligibility | null {
  const { now, scope } = viewer;
  if (!isGuideActive(guide, now)) return { reason: "guide_not_active", message: describeInactivity(guide) };
  if (!isTarget(guide, viewer)) {
    const audienceKey = guide.target_audience_key ?? getManagedAudienceKey(guide.key);
    return { reason: "not_in_target_audience", message: `The user is not in the audience "${audienceKey}"` };
  }
  const conditionScope: ConditionScope = {
    variables: scope,
    refs: () => undefined,
    now,
    renderLiquid: (text) => renderText(text, scope),
    isAudienceMember: (key) => viewer.isMember(key, guide.tenancy_strict_mode),
  };
  const { passed, evaluated } = evaluateConditions(guide.target_property_conditions, conditionScope);
  if (!passed) return { reason: "target_conditions_not_met", message: describeDecidingCondition(evaluated) ?? "" };
  return isArchived(guide, viewer) ? { reason: "marked_as_archived", message: "The user has archived it" } : null;
}

function describeInactivity({ active_from, active_until }: Guide): string {
  if (active_from === null && active_until === null) return "The guide is not active";
  const [from, until] = [active_from, active_until].map((at) => (at === null ? "…" : toIsoTime(at)));
  return `The guide is active from ${from} until ${until}`;
}
