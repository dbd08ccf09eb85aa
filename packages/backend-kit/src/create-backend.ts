import type { Backend, BackendModule, BackendRequest } from "./backend.ts";
import {
  conflictingFeatures,
  featureNotImplemented,
  noReduceRange,
  unknownBackend,
  unknownFeature,
} from "./diagnostics.ts";

/** The parts of a text such as `x86:avx2`: the backend's name, and its features. */
export function parseBackendText(text: string): { readonly name: string; readonly features: readonly string[] } {
  const [name, ...features] = text.split(":");
  return { name: name!, features: features.flatMap((part) => part.split(",")).filter((part) => part !== "") };
}

/** The features of a request. @throws CompileError `backend/unknown-feature`, `backend/feature-not-implemented`, `backend/conflicting-features` */
export function checkFeatures(module: BackendModule, features: readonly string[]): readonly string[] {
  for (const name of features) {
    const feature = module.features.find((each) => each.name === name);
    if (!feature) {
      throw unknownFeature(
        module.name,
        name,
        module.features.map((each) => each.name),
      );
    }
    if (feature.notImplemented !== undefined) throw featureNotImplemented(module.name, name, feature.notImplemented);
    const rival = feature.excludes?.find((each) => features.includes(each));
    if (rival !== undefined) throw conflictingFeatures(module.name, name, rival);
  }
  return features;
}

/**
 * The backend of a text such as `x86` or `arm:dotprod`.
 *
 * @throws CompileError `backend/unknown`, and what `checkFeatures` throws
 */
export function createBackend(text: string, modules: readonly BackendModule[], wishes: Wishes = {}): Backend {
  const { name, features } = parseBackendText(text);
  const module = modules.find((each) => each.name === name);
  if (!module) {
    throw unknownBackend(
      name,
      modules.map((each) => each.name),
    );
  }
  return module.create(requestFor(module, features, wishes));
}

/** How the user wants a backend, besides its features. */
export type Wishes = Partial<Omit<BackendRequest, "features">>;

/** What a module is asked for. @throws CompileError `backend/no-reduce-range`, and what `checkFeatures` throws */
export function requestFor(module: BackendModule, features: readonly string[], wishes: Wishes): BackendRequest {
  if (wishes.reduceRange !== undefined && module.reducesRange !== true) throw noReduceRange(module.name);
  return { prefer: "speed", ...wishes, features: checkFeatures(module, features) };
}
