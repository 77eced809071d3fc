import type { IncomingMessage } from "node:http";
import { systemIds } from "../util/ids.js";
import type { Core } from "./core.js";
import type { Scene, SceneControl, SceneParts } from "./emulator-options.js";
import { ApiError, missing } from "./http/api-error.js";

/** Each has a store and a worker of its own. */
const MOST_SCENES = 64;
const HEADER = "x-knock-scene";
const PREFIX = "/scenes/";
/** A scene's own host name, for the official browser client: it drops the path of its host. */
const HOST = /^([0-9a-f]{8}-[-0-9a-f]{27})\.localhost(?::\d+)?$/i;

export interface OpenedScene {
  core: Core;
  /** Ends its store. */
  close(): Promise<void>;
}

/** Opens what a scene is made of, for requests below `url`. */
export type OpenScene = (url: string) => Promise<{ core: Core; close: SceneParts["close"] }>;

/**
 * Isolated copies of the emulator in one process: each has its own store in memory, clock and faults. A request names its
 * scene by the path prefix of the scene's base URL, the header `X-Knock-Scene` or the host name `<id>.localhost`; without any
 * it is for the default one.
 */
export class Scenes implements SceneControl {
  private readonly scenes = new Map<string, OpenedScene>();
  private opening = 0;

  constructor(
    private readonly url: string,
    private readonly main: Core,
    private readonly openScene: OpenScene | undefined,
  ) {}

  /** Throws 422 above the limit. */
  async open(): Promise<Scene> {
    if (this.openScene === undefined) throw missing("This server has no scenes");
    if (this.scenes.size + this.opening >= MOST_SCENES)
      throw new ApiError(
        422,
        "too_many_scenes",
        `There are already ${MOST_SCENES} scenes; end one with DELETE /__knock/scenes/<id>`,
      );
    const id = systemIds.uuid();
    const base_url = `${this.url}${PREFIX}${id}`;
    this.opening++;
    try {
      this.scenes.set(id, await this.openScene(base_url));
    } finally {
      this.opening--;
    }
    return { id, base_url };
  }

  list(): Scene[] {
    return [...this.scenes.keys()].map((id) => ({ id, base_url: `${this.url}${PREFIX}${id}` }));
  }

  /** Ends a scene with its data. Throws 404 for an unknown one. */
  async end(id: string): Promise<void> {
    const scene = this.find(id);
    this.scenes.delete(id);
    await closeScene(scene);
  }

  /** The scene that a request is for; its prefix is taken from the request's URL. Throws 404 for an unknown one. */
  of(request: IncomingMessage): Core {
    const url = request.url ?? "/";
    if (!url.startsWith(PREFIX)) {
      const named = request.headers[HEADER] ?? HOST.exec(request.headers.host ?? "")?.[1]?.toLowerCase();
      return named === undefined ? this.main : this.find(String(named)).core;
    }
    const [id = ""] = url.slice(PREFIX.length).split(/[/?#]/, 1);
    const { core } = this.find(id);
    const rest = url.slice(PREFIX.length + id.length);
    request.url = rest.startsWith("/") ? rest : `/${rest}`;
    return core;
  }

  private find(id: string): OpenedScene {
    const scene = this.scenes.get(id);
    if (scene === undefined)
      throw missing(`There is no scene ${JSON.stringify(id)}; POST /__knock/scenes starts one and returns its id`);
    return scene;
  }

  /** Tells every socket to come back, before the server stops. */
  async disconnect(): Promise<void> {
    await Promise.all(
      [this.main, ...[...this.scenes.values()].map(({ core }) => core)].map((core) => core.disconnect()),
    );
  }

  async close(): Promise<void> {
    await this.main.finish();
    const scenes = [...this.scenes.values()];
    this.scenes.clear();
    await Promise.all(scenes.map(closeScene));
  }
}

async function closeScene({ core, close }: OpenedScene): Promise<void> {
  await core.disconnect();
  await core.finish();
  await close();
}
