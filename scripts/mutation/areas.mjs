/**
 * The files whose tests are measured, with the tests that cover them: folders, or files without their ending. Property tests
 * would take most of the time.
 */
export const AREAS = {
  condition: {
    sources: "src/domain/condition/**/*.ts",
    tests: ["test/domain/condition", "test/engine/condition"],
  },
  preferences: {
    sources: "src/domain/preferences/**/*.ts",
    tests: [
      "test/domain/preferences",
      "test/engine/rules/preferences*",
      "test/features/dev/emulator/collect-preference-warnings*",
      "test/features/dev/emulator/preference-center",
      "test/domain/environment",
    ],
  },
  run: {
    sources: "src/domain/run/**/*.ts",
    tests: [
      "test/domain/run",
      "test/domain/scenario",
      "test/engine/rules",
      "test/engine/run",
      "test/remote/{build-remote-outcome,follow-runs,remote-messages}*",
      "test/cli/{expect,message-fates}*",
    ],
  },
  schedule: {
    sources: "src/engine/schedule/**/*.ts",
    tests: [
      "test/engine/schedule",
      "test/engine/rules/{schedules,schedules-held,schedule-updates,delay,send-windows}*",
    ],
  },
  // The parts of src/engine/run. Tests of rules that other folders decide, and tests that wait for real time, would take hours.
  advances: {
    sources: "src/engine/run/{advance,apply,lazy,start}*.ts",
    tests: [
      "test/engine/run/{advance,check,run,step}*",
      "test/engine/rules/{audiences,batch,branch,broadcasts,cancellation,channel-step,delay,exec,fetch,frequency,identify,internal,nested,scope,test,throttle,wait}*",
    ],
  },
  clock: {
    sources: "src/engine/run/move-clock.ts",
    tests: [
      "test/engine/run/{advance-moments,move,run-due-work}*",
      "test/engine/rules/schedules-held*",
      "test/cli/*clock",
    ],
  },
  "due-work": {
    sources: "src/engine/run/{await,deliver,prune,read,run-due-task,run-due-work}*.ts",
    tests: [
      "test/engine/run/{advance-moments,await,follow,move,own,prune,run}*",
      "test/engine/rules/{broadcasts,nested,schedules,sources,wait}*",
    ],
  },
  occurrences: {
    sources: "src/engine/run/run-due-schedules.ts",
    tests: ["test/engine/run/{own,run-due}*", "test/engine/rules/schedule*"],
  },
  triggers: {
    sources: "src/engine/run/{continue,trigger}*.ts",
    tests: [
      "test/engine/run/{advance-claimed,continue,own,run-due-task,trigger}*",
      "test/engine/rules/{cancellation,fan,idempotency,identify,lifecycle,nested,trigger}*",
    ],
  },
  "user-changes": {
    sources: "src/engine/run/follow-user-changes.ts",
    tests: ["test/engine/run/{follow,own,run-due}*", "test/engine/rules/audiences*"],
  },
  trials: {
    sources: "src/engine/run/{build,check,find,render,trial}*.ts",
    tests: [
      "test/engine/run/{build,check,find,render}*",
      "test/engine/preview",
      "test/engine/rules/{cancellation,delivery,trigger}*",
      "test/remote/build-remote-outcome*",
      "test/cli/validate*",
    ],
  },
};
