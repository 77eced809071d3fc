/**
 * The folders whose tests are measured, each with the tests that cover it: folders, or files without their ending. Property tests
 * would take most of the time.
 */
export const AREAS = {
  condition: {
    sources: "src/domain/condition",
    tests: ["test/domain/condition", "test/engine/condition"],
  },
  preferences: {
    sources: "src/domain/preferences",
    tests: [
      "test/domain/preferences",
      "test/engine/rules/preferences*",
      "test/emulator/collect-preference-warnings*",
      "test/emulator/preference-center",
      "test/domain/environment",
    ],
  },
  run: {
    sources: "src/domain/run",
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
    sources: "src/engine/schedule",
    tests: [
      "test/engine/schedule",
      "test/engine/rules/{schedules,schedules-held,schedule-updates,delay,send-windows}*",
    ],
  },
  engine: {
    sources: "src/engine/run",
    // The tests of rules that other folders decide, and those that wait for real time, would take hours.
    tests: [
      "test/engine/run/{advance,await,check,own,run,step}*",
      "test/engine/preview",
      "test/engine/rules/{audiences,batch,branch,broadcasts,cancellation,delay,delivery,exec,fan,fetch,frequency}*",
      "test/engine/rules/{idempotency,identify,lifecycle,nested,schedule,scope,send,sources,test,throttle,trigger,wait}*",
    ],
  },
};
