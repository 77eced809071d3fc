import type { Parts } from "./create-context.js";
import type { Commands } from "./program.js";

/** Every command. */
export const COMMANDS: Commands = {
  notify: async () => (await import("../commands/notify.js")).registerNotify,
  cancel: async () => (await import("../commands/cancel.js")).registerCancel,
  runs: async () => (await import("../commands/runs.js")).registerRuns,
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
  worker: async () => (await import("../commands/worker.js")).registerWorker,
  dev: async () => (await import("../commands/dev.js")).registerDev,
  init: async () => (await import("../commands/init.js")).registerInit,
  auth: async () => (await import("../commands/auth.js")).registerAuth,
  config: async () => (await import("../commands/config.js")).registerConfig,
};

/** What only these commands need. */
export const PARTS: Parts = {
  emulator: async () => (await import("./open-emulator.js")).openProjectEmulator,
  local: async () => (await import("./open-local-parts.js")).openLocalParts,
};
