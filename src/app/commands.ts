import { COMPLETE_LINE, type Commands } from "./run-program.js";
import {
  createAccountService,
  createBrowserService,
  createCompletionService,
  createDevServices,
  createDoctorService,
  createForecastService,
  createInitService,
  createLocalTargetService,
  createReplayService,
  createStoreService,
  createTestService,
  createTypesService,
  createValidationService,
  createWatchService,
  createWorkerService,
  createWorkflowService,
} from "./services/command-services.js";

/** Every command. Each is imported on first use, together with the services that only that command needs. */
export const COMMANDS: Commands = {
  notify: async () => (await import("../commands/notify.js")).registerNotify,
  cancel: async () => (await import("../commands/cancel.js")).registerCancel,
  runs: async () => (await import("../commands/runs.js")).registerRuns,
  async messages() {
    const { registerMessages } = await import("../commands/messages.js");
    return (program, app) => registerMessages(program, app, createBrowserService(app));
  },
  async preview() {
    const { registerPreview } = await import("../commands/preview.js");
    return (program, app) => registerPreview(program, app, createWatchService(app));
  },
  async workflows() {
    const { registerWorkflows } = await import("../commands/workflows.js");
    return (program, app) => registerWorkflows(program, app, createWorkflowService(app));
  },
  users: async () => (await import("../commands/users.js")).registerUsers,
  objects: async () => (await import("../commands/objects.js")).registerObjects,
  tenants: async () => (await import("../commands/tenants.js")).registerTenants,
  preferences: async () => (await import("../commands/preferences.js")).registerPreferences,
  schedules: async () => (await import("../commands/schedules.js")).registerSchedules,
  subscriptions: async () => (await import("../commands/subscriptions.js")).registerSubscriptions,
  audiences: async () => (await import("../commands/audiences.js")).registerAudiences,
  feed: async () => (await import("../commands/feed.js")).registerFeed,
  async sources() {
    const { registerSources } = await import("../commands/sources.js");
    return (program, app) => registerSources(program, app, createLocalTargetService(app));
  },
  async broadcasts() {
    const { registerBroadcasts } = await import("../commands/broadcasts.js");
    return (program, app) => registerBroadcasts(program, app, createLocalTargetService(app));
  },
  clock: async () => (await import("../commands/clock.js")).registerClock,
  async worker() {
    const { registerWorker } = await import("../commands/worker.js");
    return (program, app) => registerWorker(program, app, createWorkerService(app));
  },
  prune: async () => (await import("../commands/prune.js")).registerPrune,
  async store() {
    const { registerStore } = await import("../commands/store.js");
    return (program, app) => registerStore(program, app, createStoreService(app));
  },
  async test() {
    const { registerTest } = await import("../commands/test.js");
    return (program, app) => registerTest(program, app, { ...createTestService(app), ...createWatchService(app) });
  },
  async forecast() {
    const { registerForecast } = await import("../commands/forecast.js");
    return (program, app) => registerForecast(program, app, createForecastService(app));
  },
  async replay() {
    const { registerReplay } = await import("../commands/replay.js");
    return (program, app) => registerReplay(program, app, createReplayService(app));
  },
  async diff() {
    const { registerDiff } = await import("../commands/diff.js");
    return (program, app) => registerDiff(program, app, createAccountService(app));
  },
  async audit() {
    const { registerAudit } = await import("../commands/audit.js");
    return (program, app) => registerAudit(program, app, createAccountService(app));
  },
  async validate() {
    const { registerValidate } = await import("../commands/validate.js");
    return (program, app) => registerValidate(program, app, createValidationService(app));
  },
  async types() {
    const { registerTypes } = await import("../commands/types.js");
    return (program, app) => registerTypes(program, app, createTypesService(app));
  },
  async dev() {
    const { registerDev } = await import("../commands/dev.js");
    return (program, app) => registerDev(program, app, createDevServices(app));
  },
  async init() {
    const { registerInit } = await import("../commands/init.js");
    return (program, app) => registerInit(program, app, createInitService(app));
  },
  auth: async () => (await import("../commands/auth.js")).registerAuth,
  config: async () => (await import("../commands/config.js")).registerConfig,
  async doctor() {
    const { registerDoctor } = await import("../commands/doctor.js");
    return (program, app) => registerDoctor(program, app, createDoctorService(app));
  },
  async completion() {
    const { registerCompletion } = await import("../commands/completion.js");
    return (program, app) => registerCompletion(program, app, createCompletionService());
  },
  [COMPLETE_LINE]: async () => (await import("./completion/complete-line.js")).completeLine,
  help: async () => (await import("../commands/help.js")).registerHelp,
};
