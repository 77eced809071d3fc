import { clock } from "./clock.js";
import { environment } from "./environment.js";
import { exitCodes } from "./exit-codes.js";
import type { HelpTopic } from "./help-topic.js";
import { json } from "./json.js";
import { store } from "./store.js";
import { targets } from "./targets.js";
import type { TopicName } from "./topic-names.js";

/** Every topic of `knock help <topic>`, by name. */
export const HELP_TOPICS: Readonly<Record<string, HelpTopic>> = {
  environment,
  "exit-codes": exitCodes,
  targets,
  json,
  clock,
  store,
} satisfies Record<TopicName, HelpTopic>;
