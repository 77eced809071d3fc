import type { Environment } from "../../domain/environment/environment.js";
import { type GuideSet, guideIdOf } from "../../domain/guide/guide.js";
import {
  type GuideStepEngagement,
  parseGuideEngagement,
  parseGuideOf,
} from "../../domain/guide/parse-guide-engagement.js";
import { hasTrait } from "../../domain/message/channel-types.js";
import type { EngagementAction, Message } from "../../domain/message/message.js";
import { keyOf, type RecipientKey } from "../../domain/recipient/recipient.js";
import { idFault } from "../../domain/recipient/recipient-id.js";
import { invalidParams } from "../../domain/shape/invalid-params.js";
import { KnockError } from "../../errors/knock-error.js";
import type { GuideOperations } from "../../ports/resources.js";
import { ksuid } from "../../util/ids.js";
import type { JsonObject } from "../../util/json.js";
import { didYouMean } from "../../util/nearest.js";
import { channelInvalid, findChannel } from "../channel/find-channel.js";
import { type EngineContext, readTime } from "../context/engine-context.js";
import { RenderError } from "../liquid/liquid.js";
import { runNews } from "../run/due-work.js";
import { type CompiledGuide, type CompiledGuides, compileGuides } from "./compile-guide.js";
import { channelOfGuide, displayLogs, groupShape, ineligibleShape, viewGuide } from "./guide-shapes.js";
import { forViewer } from "./guide-viewer.js";

function userKey(user: string): RecipientKey {
  const fault = idFault(user);
  if (fault !== null) throw invalidParams("the user's id", [{ pointer: "/user_id", message: fault, value: user }]);
  return keyOf(user);
}

/** Refuses a declared channel that is for no guides. */
function checkGuideChannel(environment: Environment, name: string): void {
  const channel = findChannel(environment, name);
  if (channel === null || hasTrait(channel.type, "isGuide")) return;
  const keys = Object.values(environment.channels).flatMap((one) =>
    one && hasTrait(one.type, "isGuide") ? [one.key] : [],
  );
  throw channelInvalid(name, `is of type ${channel.type}, not for in-app guides`, keys);
}

function isOnChannel({ guide }: CompiledGuide, channel: string, environment: Environment): boolean {
  const { id, key } = channelOfGuide(guide, environment);
  return channel === id || channel === key;
}

function guideNamed({ guides, faults }: CompiledGuides, key: string): CompiledGuide {
  const found = guides.find(({ guide }) => guide.key === key);
  if (found) return found;
  const fault = faults.get(key);
  if (fault) throw fault;
  const keys = guides.map(({ guide }) => guide.key);
  throw new KnockError("resource_missing", `there is no guide "${key}"`, {
    details: [{ pointer: "/guide_key", message: "is no guide's key", value: key }],
    hint: didYouMean(key, keys, "Guides") ?? "Guides are in guides/<key>/guide.json.",
  });
}

/** What of a request does not fit the guide that it names. */
function checkFits({ guide }: CompiledGuide, asked: GuideStepEngagement, environment: Environment): void {
  const wrong = (pointer: string, message: string, value: string) =>
    invalidParams("the guide's engagement", [{ pointer, message, value }]);
  if (asked.guide_id !== guideIdOf(guide.key))
    throw wrong("/guide_id", `is not the id of guide "${guide.key}"`, asked.guide_id);
  const channel = channelOfGuide(guide, environment);
  if (asked.channel !== channel.id && asked.channel !== channel.key)
    throw channelInvalid(asked.channel, `is not the channel of guide "${guide.key}"`, [channel.key]);
  if (!guide.steps.some(({ ref }) => ref === asked.step)) {
    const refs = guide.steps.map(({ ref }) => ref).join(", ");
    throw wrong("/guide_step_ref", `is no step of guide "${guide.key}": ${refs}`, asked.step);
  }
}

/** In-app guides: which are for a user, and what the user does with them. `read` gives the project's own. */
export function guideOperations(context: EngineContext, read: () => Promise<GuideSet>): GuideOperations {
  const { store } = context;
  /** As each was when it could last be read: a file that is being mended takes no guide away. */
  const good = new Map<string, CompiledGuide>();

  async function compiledGuides(): Promise<CompiledGuides> {
    const { guides, faults } = compileGuides(await read());
    for (const one of guides) good.set(one.guide.key, one);
    return { guides: [...guides, ...[...faults.keys()].flatMap((key) => good.get(key) ?? [])], faults };
  }

  /** As the user sees it now: where nobody says what was shown, this was. */
  async function shownContent(
    compiled: CompiledGuide,
    user: RecipientKey,
    { tenant, data, step }: GuideStepEngagement,
    environment: Environment,
  ): Promise<JsonObject> {
    const index = compiled.guide.steps.findIndex(({ ref }) => ref === step);
    return forViewer(context, { user, tenant, data }, environment, ({ scope }) => {
      try {
        return compiled.contents[index]?.(scope) ?? {};
      } catch (error) {
        if (error instanceof RenderError) return {};
        throw error;
      }
    });
  }

  function newMessage(
    { guide, version_id }: CompiledGuide,
    user: RecipientKey,
    asked: GuideStepEngagement,
    content: JsonObject,
    environment: Environment,
    now: number,
  ): Message {
    const { schema_key, schema_variant_key } = guide.steps.find(({ ref }) => ref === asked.step) ?? {};
    return {
      id: ksuid(now, context.ids.bytes()),
      workflow_run_id: "",
      recipient_run_id: "",
      recipient: user,
      actor: null,
      workflow: guide.key,
      source: "guide",
      version_id,
      categories: [],
      step_ref: asked.step,
      tenant: asked.tenant,
      channel: channelOfGuide(guide, environment),
      status: "delivered", // as in the feed (E-205): the application has it
      content: {
        __typename: "MessageInAppGuideContent",
        schema_key: schema_key ?? "",
        schema_variant_key: schema_variant_key ?? "",
        content,
      },
      data: asked.data,
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
      const key = userKey(user);
      const environment = await context.definitions.environment();
      checkGuideChannel(environment, channel);
      const { guides } = await compiledGuides();
      const here = guides.filter((one) => isOnChannel(one, channel, environment));
      const asked = here.filter(({ guide }) => type === undefined || guide.type === type);
      return forViewer(context, { user: key, tenant, data }, environment, (viewer) => {
        const viewed = asked.map((one) => viewGuide(one, viewer, environment));
        const ineligible = viewed.filter(({ ineligibility }) => ineligibility !== null);
        const entries = force_all_guides ? viewed : viewed.filter(({ ineligibility }) => ineligibility === null);
        const keys = here.map(({ guide }) => guide.key);
        return {
          entries: entries.map(({ shape }) => shape),
          guide_groups: [groupShape(keys, environment)],
          guide_group_display_logs: displayLogs(viewer),
          ineligible_guides: ineligible.map(ineligibleShape),
        };
      });
    },
    async engage(user, action, body) {
      const key = userKey(user);
      const asked = parseGuideEngagement(action, body);
      const compiled = guideNamed(await compiledGuides(), asked.guide);
      const environment = await context.definitions.environment();
      checkFits(compiled, asked, environment);
      const content = asked.content ?? (await shownContent(compiled, key, asked, environment));
      const now = await readTime(context);
      const message = newMessage(compiled, key, asked, content, environment, now);
      await store.engageGuide({ guide: compiled.guide, message, action, data: asked.details }, now);
      await runNews(context, now);
    },
    async unarchive(user, body) {
      const { guide, tenant } = parseGuideOf(body);
      guideNamed(await compiledGuides(), guide);
      const messages = await store.readGuideMessages(userKey(user), tenant);
      const archived = messages.filter(({ workflow, archived_at }) => workflow === guide && archived_at !== null);
      const now = await readTime(context);
      const action: EngagementAction = "unarchived";
      await store.markMessages(
        archived.map(({ id }) => id),
        action,
        now,
      );
      await runNews(context, now);
    },
    async reset(user, body) {
      const { guide, tenant } = parseGuideOf(body);
      guideNamed(await compiledGuides(), guide);
      await store.resetGuide(userKey(user), guide, tenant);
    },
    async faults() {
      return (await compiledGuides()).faults;
    },
  };
}
