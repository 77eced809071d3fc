import type { KnockDev, KnockScene } from "./emulator-types.js";
import type { AnyWorkflowData, TestEngine } from "./engine-types.js";

/** Where the project of the fixtures is. */
export interface FixtureOptions {
  /** The folder with `knock.json`, or the file. Default: the nearest one, from the working directory upward. */
  project?: string;
  /** The folder with the workflows. Takes precedence over `knockDir` in `knock.json`. */
  knockDir?: string;
  /** The name of a file in `environments/`. */
  environment?: string;
}

/** The fixtures of a test. Each is created only for tests that use it. */
export interface KnockFixtures<Workflows extends object = AnyWorkflowData> {
  /** A scene of the local API for this test. Its address is `knock.url`. */
  knock: KnockScene;
  /** A test engine for this test. It needs no server. */
  engine: TestEngine<Workflows>;
}

/** The fixtures that the tests of a worker share. */
export interface KnockWorkerFixtures {
  /** The local API of this worker. */
  knockServer: KnockDev;
}

/** The functions that create the fixtures, for `test.extend`. */
export interface KnockFixtureFunctions<Workflows extends object = AnyWorkflowData> {
  knockServer: [
    fixture: (context: object, use: (server: KnockDev) => Promise<void>) => Promise<void>,
    options: { scope: "worker" },
  ];
  knock: (context: { knockServer: KnockDev }, use: (scene: KnockScene) => Promise<void>) => Promise<void>;
  engine: (context: object, use: (engine: TestEngine<Workflows>) => Promise<void>) => Promise<void>;
}
