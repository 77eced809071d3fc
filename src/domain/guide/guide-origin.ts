import { createUuidV5 } from "../../util/ids.js";
import type { Message } from "../message/message.js";
import type { Workflow } from "../workflow/workflow.js";
import { type Guide, getGuideVersionId } from "./guide.js";

/** The namespace of origin IDs. It gives an origin the same ID each time, so it must never change. */
const ORIGIN_NAMESPACE = "3f1d9a62-7c04-4f55-8a39-3c1f2c9d6a70";

/**
 * Replaces the workflow run that the messages of a guide do not have (E-196). Messages with the same guide version and
 * tenant share an origin.
 */
interface GuideOrigin {
  id: string;
  tenant: string | null;
  /** The guide in the form of a workflow version. */
  version: Workflow;
}

export function buildGuideOrigin(
  guide: Guide,
  { tenant, version_id }: Pick<Message, "tenant" | "version_id">,
): GuideOrigin {
  return {
    id: createUuidV5(ORIGIN_NAMESPACE, JSON.stringify([getGuideVersionId(guide), tenant])),
    tenant,
    version: {
      key: guide.key,
      version_id,
      active: true,
      name: guide.name,
      categories: [],
      conditions: null,
      trigger_frequency: "every_trigger",
      trigger_data_json_schema: null,
      settings: { is_commercial: false, override_preferences: false },
      trigger: null,
      steps: [],
    },
  };
}
