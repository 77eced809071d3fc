import type { Project } from "./open-project.js";

/** The time for which content is used without reading its files again. */
const CACHE_TTL_MS = 1_000;

/**
 * Returns a project that reads its files at most once a second, for commands with many triggers: reading and checking a
 * workflow takes longer than a trigger. Changes of files still apply to a stream that does not end.
 */
export function cacheProject(project: Project): Project {
  const cache = new Map<string, { content: unknown; at: number }>();
  const branches = new Map<string, { branch: Project; cached: Project }>();
  const read = <T>(name: string, readContent: () => T): T => {
    const known = cache.get(name);
    const now = performance.now();
    if (known !== undefined && now - known.at < CACHE_TTL_MS) return known.content as T;
    const content = readContent();
    cache.set(name, { content, at: now });
    return content;
  };
  return {
    ...project,
    workflow: (key) => read(`workflow ${key}`, () => project.workflow(key)),
    audiences: () => read("audiences", () => project.audiences()),
    hasAudiences: () => read("has audiences", () => project.hasAudiences()),
    emailLayout: (key) => read(`layout ${key}`, () => project.emailLayout(key)),
    partial: (key) => read(`partial ${key}`, () => project.partial(key)),
    request: (key) => read(`request ${key}`, () => project.request(key)),
    translations: () => read("translations", () => project.translations()),
    branch(slug) {
      const branch = read(`branch ${slug}`, () => project.branch(slug));
      if (branch === null) return null;
      const known = branches.get(slug);
      if (known?.branch === branch) return known.cached;
      const cached = cacheProject(branch);
      branches.set(slug, { branch, cached });
      return cached;
    },
  };
}
