import { TOPIC_NAMES } from "../commands/help-topics/topic-names.js";
import type { HelpTopic } from "../commands/shared/help-topic.js";
import { FEATURES } from "./features.js";
import { registerNotify } from "./register-notify.js";
import type { Commands, Program } from "./run-program.js";

/** The commands of the core, in the order in which help lists them. Those of features follow. */
const CORE_COMMANDS: Commands = {
  notify: async () => registerNotify,
  cancel: async () => (await import("../commands/cancel.js")).registerCancel,
  runs: async () => (await import("./register-runs.js")).registerRuns,
  messages: async () => (await import("../commands/messages.js")).registerMessages,
  preview: async () => (await import("../commands/preview.js")).registerPreview,
  workflows: async () => (await import("../commands/workflows.js")).registerWorkflows,
  users: async () => (await import("../commands/users.js")).registerUsers,
  objects: async () => (await import("../commands/objects.js")).registerObjects,
  tenants: async () => (await import("../commands/tenants.js")).registerTenants,
  preferences: async () => (await import("../commands/preferences.js")).registerPreferences,
  schedules: async () => (await import("../commands/schedules.js")).registerSchedules,
  subscriptions: async () => (await import("../commands/subscriptions.js")).registerSubscriptions,
  audiences: async () => (await import("../commands/audiences.js")).registerAudiences,
  feed: async () => (await import("../commands/feed.js")).registerFeed,
  sources: async () => (await import("../commands/sources.js")).registerSources,
  broadcasts: async () => (await import("../commands/broadcasts.js")).registerBroadcasts,
  clock: async () => (await import("../commands/clock.js")).registerClock,
};

/** Loads the pages of `knock help`, by topic. */
async function loadHelpTopics(): Promise<Record<string, HelpTopic>> {
  const { HELP_TOPICS } = await import("../commands/help-topics/topics.js");
  const topics: Record<string, HelpTopic> = { ...HELP_TOPICS };
  for (const { helpTopics = {} } of FEATURES)
    for (const [name, load] of Object.entries(helpTopics)) topics[name] = await load();
  return topics;
}

const COMMANDS: Commands = {
  ...CORE_COMMANDS,
  ...Object.assign({}, ...FEATURES.map(({ commands }) => commands)),
  async docs() {
    const { registerDocs } = await import("../features/docs/command.js");
    return (program, context) => registerDocs(program, context, loadHelpTopics);
  },
  async dev() {
    const { registerDev } = await import("../features/dev/command.js");
    const services = await Promise.all(FEATURES.map((feature) => feature.loadHttpServices?.() ?? []));
    return (program, context) => registerDev(program, context, services.flat());
  },
  async help() {
    const { registerHelp } = await import("../commands/help.js");
    const topics = await loadHelpTopics();
    return (program, context) => registerHelp(program, context, topics);
  },
};

const TOPICS = [...TOPIC_NAMES, ...FEATURES.flatMap(({ helpTopics = {} }) => Object.keys(helpTopics))];

/** The program with every command. */
export const PROGRAM: Program = {
  commands: COMMANDS,
  topics: TOPICS,
  async completeLine(context) {
    const { completeLine } = await import("../features/completion/complete-line.js");
    const loadCompletions = async () =>
      (await Promise.all(FEATURES.map((feature) => feature.loadCompletions?.() ?? []))).flat();
    await completeLine({ commands: COMMANDS, topics: TOPICS, loadCompletions }, context);
  },
};
