import { clock } from "./clock.js";
import type { HelpTopic } from "./help-topic.js";
import { json } from "./json.js";
import { store } from "./store.js";
import { targets } from "./targets.js";

/** Every topic of `knock help <topic>`, by name. */
export const HELP_TOPICS: Readonly<Record<string, HelpTopic>> = { targets, json, clock, store };
