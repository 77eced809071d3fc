import type { Environment } from "../../domain/environment/environment.js";
import { createInvalidParamsError } from "../../domain/findings/invalid-params-error.js";
import { type GuideSet, getGuideId } from "../../domain/guide/guide.js";
import {
  type GuideStepEngagement,
  parseGuideEngagement,
  parseGuideReference,
} from "../../domain/guide/parse-guide-engagement.js";
import { hasTrait } from "../../domain/message/channel-types.js";
import type { EngagementAction, Message } from "../../domain/message/message.js";
import { describeInvalidId } from "../../domain/recipient/describe-invalid-id.js";
import { type RecipientKey, toRecipientKey } from "../../domain/recipient/recipient.js";
import { KnockError } from "../../errors/knock-error.js";
import type { GuideOperations } from "../../ports/resource-operations.js";
import { didYouMean } from "../../util/find-nearest.js";
import { createKsuid } from "../../util/ids.js";
import type { JsonObject } from "../../util/json.js";
import { createInvalidChannelError, findChannel } from "../channel/find-channel.js";
import { type EngineContext, readTime } from "../context/engine-context.js";
import { RenderError } from "../liquid/liquid.js";
import { runCausedWork } from "../run/run-due-work.js";
import { type CompiledGuide, type CompiledGuides, compileGuides } from "./compile-guide.js";
import { renderForViewer, selectGuideMessages } from "./guide-viewer.js";
import {
  buildGuideView,
  resolveGuideChannel,
  serializeDisplayLogs,
  serializeGuideGroup,
  serializeIneligibleGuide,
} from "./serialize-guide.js";

function toUserKey(user: string): RecipientKey {
  const problem = describeInvalidId(user);
  if (problem !== null)
    throw createInvalidParamsError("the user's id", [{ pointer: "/user_id", message: problem, value: user }]);
  return toRecipientKey(user);
}

/** Throws `channel_invalid` for a declared channel that is not a guide channel. */
function checkGuideChannel(environment: Environment, name: string): void {
  const channel = findChannel(environment, name);
  if (channel === null || hasTrait(channel.type, "isGuide")) return;
  const keys = Object.values(environment.channels).flatMap((declared) =>
    declared && hasTrait(declared.type, "isGuide") ? [declared.key] : [],
  );
  throw createInvalidChannelError(name, `is of type ${channel.type}, not for in-app guides`, keys);
}

function isOnChannel({ guide }: CompiledGuide, channel: string, environment: Environment): boolean {
  const { id, key } = resolveGuideChannel(guide, environment);
  return channel === id || channel === key;
}

function getGuide({ guides, errors }: CompiledGuides, key: string): CompiledGuide {
  const found = guides.find(({ guide }) => guide.key === key);
  if (found) return found;
  const error = errors.get(key);
  if (error) throw error;
  const keys = guides.map(({ guide }) => guide.key);
  throw new KnockError("resource_missing", `there is no guide "${key}"`, {
    details: [{ pointer: "/guide_key", message: "is not the key of a guide", value: key }],
    hint: didYouMean(key, keys, "Guides") ?? `Create guides/${key}/guide.json.`,
  });
}

/** Checks that an engagement matches the guide it names. Throws `invalid_params` or `channel_invalid`. */
function checkEngagement({ guide }: CompiledGuide, engagement: GuideStepEngagement, environment: Environment): void {
  const createError = (pointer: string, message: string, value: string) =>
    createInvalidParamsError("the guide's engagement", [{ pointer, message, value }]);
  if (engagement.guide_id !== getGuideId(guide.key))
    throw createError("/guide_id", `is not the ID of guide "${guide.key}"`, engagement.guide_id);
  const channel = resolveGuideChannel(guide, environment);
  if (engagement.channel !== channel.id && engagement.channel !== channel.key)
    throw createInvalidChannelError(engagement.channel, `is not the channel of guide "${guide.key}"`, [channel.key]);
  if (!guide.steps.some(({ ref }) => ref === engagement.step)) {
    const refs = guide.steps.map(({ ref }) => ref).join(", ");
    throw createError("/guide_step_ref", `is no step of guide "${guide.key}": ${refs}`, engagement.step);
  }
}

/**
 * Creates the operations on in-app guides: list a user's guides and record engagements. `read` returns
 * the project's guides.
 */
export function createGuideOperations(context: EngineContext, read: () => Promise<GuideSet>): GuideOperations {
  const { store } = context;
  /** The last valid version of each guide, so that a file that is being edited does not remove its guide. */
  const lastValidGuides = new Map<string, CompiledGuide>();

  async function readCompiledGuides(): Promise<CompiledGuides> {
    const { guides, errors } = compileGuides(await read());
    for (const compiledGuide of guides) lastValidGuides.set(compiledGuide.guide.key, compiledGuide);
    return {
      guides: [...guides, ...[...errors.keys()].flatMap((key) => lastValidGuides.get(key) ?? [])],
      errors,
    };
  }

  /** Renders a step's content as the user sees it now, for an engagement that does not contain the content shown. */
  async function renderCurrentContent(
    compiled: CompiledGuide,
    user: RecipientKey,
    { tenant, data, step }: GuideStepEngagement,
    environment: Environment,
  ): Promise<JsonObject> {
    const index = compiled.guide.steps.findIndex(({ ref }) => ref === step);
    return renderForViewer(context, { user, tenant, data }, environment, ({ scope, renderPart }) => {
      try {
        return renderPart(() => compiled.contents[index]?.(scope) ?? {});
      } catch (error) {
        if (error instanceof RenderError) return {};
        throw error;
      }
    });
  }

  function buildGuideMessage(
    { guide, version_id }: CompiledGuide,
    user: RecipientKey,
    engagement: GuideStepEngagement,
    content: JsonObject,
    environment: Environment,
    now: number,
  ): Message {
    const { schema_key, schema_variant_key } = guide.steps.find(({ ref }) => ref === engagement.step) ?? {};
    return {
      id: createKsuid(now, context.ids.ksuidPayload()),
      workflow_run_id: "",
      recipient_run_id: "",
      recipient: user,
      actor: null,
      workflow: guide.key,
      source: "guide",
      version_id,
      categories: [],
      step_ref: engagement.step,
      tenant: engagement.tenant,
      channel: resolveGuideChannel(guide, environment),
      status: "delivered", // as for the feed (E-205): the application already has it
      content: {
        __typename: "MessageInAppGuideContent",
        schema_key: schema_key ?? "",
        schema_variant_key: schema_variant_key ?? "",
        content,
      },
      data: engagement.data,
      recipient_snapshot: null,
      metadata: null,
      scheduled_at: null,
      due_at: null,
      attempts: 0,
      seen_at: null,
      read_at: null,
      interacted_at: null,
      link_clicked_at: null,
      archived_at: null,
      events: [
        { type: "created", at: now, data: null },
        { type: "delivered", at: now, data: null },
      ],
      inserted_at: now,
      updated_at: now,
    };
  }

  return {
    async list({ user, channel, tenant, data, type, force_all_guides }) {
      const key = toUserKey(user);
      const environment = await context.definitions.environment();
      checkGuideChannel(environment, channel);
      const { guides } = await readCompiledGuides();
      const channelGuides = guides.filter((guide) => isOnChannel(guide, channel, environment));
      const matchingGuides = channelGuides.filter(({ guide }) => type === undefined || guide.type === type);
      return renderForViewer(context, { user: key, tenant, data }, environment, (viewer) => {
        const viewed = matchingGuides.map((guide) => buildGuideView(guide, viewer, environment));
        const ineligible = viewed.filter(({ ineligibility }) => ineligibility !== null);
        const entries = force_all_guides ? viewed : viewed.filter(({ ineligibility }) => ineligibility === null);
        const keys = channelGuides.map(({ guide }) => guide.key);
        return {
          entries: entries.map(({ serialized }) => serialized),
          guide_groups: [serializeGuideGroup(keys, environment)],
          guide_group_display_logs: serializeDisplayLogs(
            guides.map(({ guide }) => guide),
            viewer,
          ),
          ineligible_guides: ineligible.map(serializeIneligibleGuide),
        };
      });
    },
    async recordEngagement(user, action, body) {
      const key = toUserKey(user);
      const engagement = parseGuideEngagement(action, body);
      const compiled = getGuide(await readCompiledGuides(), engagement.guide);
      const environment = await context.definitions.environment();
      checkEngagement(compiled, engagement, environment);
      const content = engagement.content ?? (await renderCurrentContent(compiled, key, engagement, environment));
      const now = await readTime(context);
      const message = buildGuideMessage(compiled, key, engagement, content, environment, now);
      const recorded = { guide: compiled.guide, message, action, data: engagement.details };
      await runCausedWork(context, now, (await store.recordGuideEngagement(recorded, now)).caused);
    },
    async unarchive(user, body) {
      const { guide: key, tenant } = parseGuideReference(body);
      const { guide } = getGuide(await readCompiledGuides(), key);
      const messages = selectGuideMessages(guide, await store.readGuideMessages(toUserKey(user)), tenant);
      const archived = messages.filter(({ archived_at }) => archived_at !== null);
      const now = await readTime(context);
      const action: EngagementAction = "unarchived";
      const ids = archived.map(({ id }) => id);
      await runCausedWork(context, now, (await store.markMessages(ids, action, now)).caused);
    },
    async reset(user, body) {
      const { guide: key, tenant } = parseGuideReference(body);
      const { guide } = getGuide(await readCompiledGuides(), key);
      await store.resetGuide(toUserKey(user), guide, tenant);
    },
    async readErrors() {
      return (await readCompiledGuides()).errors;
    },
  };
}
