import type { Diagnostic, Model } from "@lowbit/ir";
import type { Explanation } from "../rule/explanation.ts";
import { defaultSettings, type OptionSchemas, type OptionValue, type SettingsOf } from "./options.ts";

/** What a pass may use while it runs, besides the model. */
export interface PassContext {
  /** Tells the user something about the model; a pass never prints. */
  report(diagnostic: Diagnostic): void;
  /** Collects where rules matched and nearly matched; null when nobody asked. */
  readonly explanation: Explanation | null;
  /** Runs another pass as a part of this one, with the same checks and hooks. */
  run(pass: Pass, model: Model): PassResult;
}

/** What a pass did: 0 changes means that the model is as it was. */
export interface PassResult {
  readonly changed: number;
}

/**
 * One transformation of a model: a valid model in, a valid model out, and a second run changes nothing.
 *
 * It works in place, on the main graph and the bodies inside it. The settings are part of the value.
 */
export interface Pass {
  /** Unique, in kebab-case: what pipeline texts and messages call it. */
  readonly name: string;
  /** What it does, in one sentence. */
  readonly summary: string;
  readonly options: OptionSchemas;
  readonly settings: Readonly<Record<string, OptionValue>>;
  /** Whether it also takes models that are not in the canonical opset. */
  readonly anyOpset: boolean;
  /** The same pass with other settings. */
  with(settings: never): Pass;
  /** Changes the model through an editor, and says how much it changed. */
  run(model: Model, context: PassContext): PassResult;
}

/** A pass whose settings have types. */
export interface ConfigurablePass<O extends OptionSchemas> extends Pass {
  readonly options: O;
  readonly settings: SettingsOf<O>;
  with(settings: Partial<SettingsOf<O>>): ConfigurablePass<O>;
}

/** What a pass is made of. */
export interface PassDefinition<O extends OptionSchemas> {
  readonly name: string;
  readonly summary: string;
  readonly options?: O;
  /** Whether it also takes models that are not in the canonical opset. Default: false. */
  readonly anyOpset?: boolean;
  /** Changes the model through an editor, with the settings of its options, and says how much it changed. */
  run(model: Model, context: PassContext, settings: SettingsOf<O>): PassResult;
}

/** Makes a pass, with its settings at their defaults. */
export function definePass<const O extends OptionSchemas = Readonly<Record<never, never>>>(
  definition: PassDefinition<O>,
): ConfigurablePass<O> {
  const options = definition.options ?? ({} as O);
  const configured = (settings: SettingsOf<O>): ConfigurablePass<O> => ({
    name: definition.name,
    summary: definition.summary,
    options,
    settings,
    anyOpset: definition.anyOpset ?? false,
    with: (changes) => configured({ ...settings, ...changes }),
    run: (model, context) => definition.run(model, context, settings),
  });
  return configured(defaultSettings(options));
}
