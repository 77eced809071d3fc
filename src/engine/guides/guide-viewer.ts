import type { Audience } from "../../domain/audience/audience.js";
import type { Environment } from "../../domain/environment/environment.js";
import type { Guide } from "../../domain/guide/guide.js";
import { isGuideActive, managedAudienceOf } from "../../domain/guide/guide.js";
import type { Message } from "../../domain/message/message.js";
import { keyOf, type Recipient, type RecipientKey, TENANTS } from "../../domain/recipient/recipient.js";
import type { AudienceStore } from "../../ports/audience-store.js";
import type { ClockStore } from "../../ports/clock.js";
import type { GuideStore } from "../../ports/guide-store.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import type { SubscriptionStore } from "../../ports/subscription-store.js";
import { isoTime } from "../../util/iso-time.js";
import type { JsonObject } from "../../util/json.js";
import { isDescribed } from "../audience/audience-membership.js";
import { decidingCondition } from "../condition/condition-log.js";
import { type ConditionScope, evaluateConditions } from "../condition/conditions.js";
import { answerReadings } from "../context/answer-readings.js";
import { type EngineContext, readTime } from "../context/engine-context.js";
import { NeedsAnswer } from "../context/need.js";
import { NOTHING_READ, READINGS, type Readings, RunServices } from "../context/readings.js";
import { environmentVariables, recipientView, tenantView } from "../context/scope.js";
import { SERVICES } from "../liquid/filters/render-services.js";
import { type RenderScope, renderText } from "../liquid/liquid.js";

/** Why a guide is not for a user now, with the values compared. */
export interface Ineligibility {
  reason: "guide_not_active" | "target_conditions_not_met" | "not_in_target_audience" | "marked_as_archived";
  message: string;
}

/** A user in a tenant, with all that guides are decided and rendered by. */
export interface GuideViewer {
  user: RecipientKey;
  tenant: string | null;
  now: number;
  /** The user's messages of guides in this tenant, oldest first. */
  messages: readonly Message[];
  scope: RenderScope;
  isMember(audience: string): boolean;
}

function stranger(key: RecipientKey): Recipient {
  return { key, properties: {}, preferences: {}, channel_data: {}, inserted_at: 0, updated_at: 0 };
}

interface Asked {
  user: RecipientKey;
  tenant: string | null;
  data: JsonObject;
}

async function readViewer(
  context: EngineContext<AudienceStore & ClockStore & GuideStore & RecipientStore>,
  asked: Asked,
  environment: Environment,
) {
  const { store, definitions } = context;
  const tenantKey = asked.tenant === null ? null : keyOf({ id: asked.tenant, collection: TENANTS });
  const [people, memberships, messages, audiences, now] = await Promise.all([
    store.readRecipients(tenantKey === null ? [asked.user] : [asked.user, tenantKey]),
    store.readMemberships([asked.user]),
    store.readGuideMessages(asked.user, asked.tenant),
    definitions.audiences(),
    readTime(context),
  ]);
  const recipient = people.get(asked.user) ?? stranger(asked.user);
  const tenant = tenantKey === null ? null : (people.get(tenantKey) ?? stranger(tenantKey));
  const scope: RenderScope = {
    ...asked.data,
    data: asked.data,
    recipient: recipientView(recipient),
    tenant: tenant === null ? null : tenantView(tenant),
    vars: environmentVariables(environment, tenant),
  };
  return { recipient, memberships: memberships.get(asked.user) ?? [], messages, audiences, now, scope };
}

/**
 * Does what rendering for the user takes, again with each answer that a filter needs, until it needs no more. A static
 * membership without a tenant holds in every tenant here, and so does a dynamic audience: an application may ask with a
 * tenant on one page and without on the next.
 */
export async function forViewer<T>(
  context: EngineContext<AudienceStore & ClockStore & GuideStore & RecipientStore & SubscriptionStore>,
  asked: Asked,
  environment: Environment,
  work: (viewer: GuideViewer) => T,
): Promise<T> {
  const { recipient, memberships, audiences, messages, now, scope } = await readViewer(context, asked, environment);
  const { locale } = recipient.properties;
  const isMember = (key: string): boolean => {
    const declared = audiences.find((one: Audience) => one.key === key);
    if (declared?.type === "dynamic") return isDescribed(declared, recipientView(recipient), now);
    return memberships.some(({ audience, tenant }) => audience === key && (tenant === null || tenant === asked.tenant));
  };
  for (let known: Readings = NOTHING_READ; ; ) {
    const services = new RunServices({
      now,
      known,
      audience: {
        locale: typeof locale === "string" && locale.trim() !== "" ? locale : null,
        tenant: asked.tenant,
        defaultLocale: environment.locale,
      },
      unwritten: () => [],
      ask: (wanted) => {
        throw new NeedsAnswer({ kind: "readings", ref: READINGS, wanted, known });
      },
      warn: () => {},
    });
    try {
      const { user, tenant } = asked;
      return work({ user, tenant, now, messages, isMember, scope: Object.assign({}, scope, { [SERVICES]: services }) });
    } catch (error) {
      if (!(error instanceof NeedsAnswer) || error.need.kind !== "readings") throw error;
      known = (await answerReadings(context, [error.need]))(error.need);
    }
  }
}

/** Whether the guide's target is this user: of a managed guide without an audience those whom workflows added. */
function isTarget({ key, target_audience_key: audience, managed }: Guide, { isMember }: GuideViewer): boolean {
  if (audience === null && !managed) return true;
  return (audience !== null && isMember(audience)) || isMember(managedAudienceOf(key));
}

/** Whether every step was put away, or one that the application called the last. */
function isArchived({ key, steps }: Guide, { messages }: GuideViewer): boolean {
  const archived = messages.filter(({ workflow, archived_at }) => workflow === key && archived_at !== null);
  if (archived.some(({ events }) => events.findLast(({ type }) => type === "archived")?.data?.is_final === true))
    return true;
  return steps.every(({ ref }) => archived.some(({ step_ref }) => step_ref === ref));
}

/** Null for a guide that the user may see. What the user did with it comes last: it alone can be taken back. */
export function ineligibilityOf(guide: Guide, viewer: GuideViewer): Ineligibility | null {
  const { now, scope } = viewer;
  if (!isGuideActive(guide, now)) return { reason: "guide_not_active", message: inactivity(guide) };
  if (!isTarget(guide, viewer)) {
    const named = guide.target_audience_key ?? managedAudienceOf(guide.key);
    return { reason: "not_in_target_audience", message: `The user is not in the audience "${named}"` };
  }
  const conditionScope: ConditionScope = {
    variables: scope,
    refs: () => undefined,
    now,
    renderLiquid: (text) => renderText(text, scope),
    isAudienceMember: viewer.isMember,
  };
  const { passed, evaluated } = evaluateConditions(guide.target_property_conditions, conditionScope);
  if (!passed) return { reason: "target_conditions_not_met", message: decidingCondition(evaluated) ?? "" };
  return isArchived(guide, viewer) ? { reason: "marked_as_archived", message: "The user has archived it" } : null;
}

function inactivity({ active_from, active_until }: Guide): string {
  if (active_from === null && active_until === null) return "The guide is switched off";
  const [from, until] = [active_from, active_until].map((at) => (at === null ? "…" : isoTime(at)));
  return `The guide is active from ${from} until ${until}`;
}
