/** A setting of a pass: its kind, what it is when not given, and one sentence about it. */
export type OptionSchema =
  | { readonly kind: "flag"; readonly default: boolean; readonly about: string }
  | { readonly kind: "integer"; readonly default: number; readonly minimum?: number; readonly about: string }
  | { readonly kind: "number"; readonly default: number; readonly about: string }
  | { readonly kind: "text"; readonly default: string; readonly about: string }
  | {
      readonly kind: "choice";
      readonly choices: readonly string[];
      readonly default: string;
      readonly about: string;
    };

/** The settings of a pass, by name. */
export type OptionSchemas = Readonly<Record<string, OptionSchema>>;

/** A value of a setting. */
export type OptionValue = boolean | number | string;

type ValueOf<S extends OptionSchema> = S extends { readonly choices: readonly (infer C)[] }
  ? C
  : S extends { readonly kind: "flag" }
    ? boolean
    : S extends { readonly kind: "integer" | "number" }
      ? number
      : string;

/** The values of all settings of a pass. */
export type SettingsOf<O extends OptionSchemas> = { readonly [N in keyof O]: ValueOf<O[N]> };

/** The settings with their defaults. */
export function defaultSettings<O extends OptionSchemas>(options: O): SettingsOf<O> {
  return Object.fromEntries(Object.entries(options).map(([name, option]) => [name, option.default])) as SettingsOf<O>;
}

/** What a setting may be, in words. */
export function optionText(option: OptionSchema): string {
  switch (option.kind) {
    case "flag":
      return "true or false";
    case "integer":
      return option.minimum === undefined ? "an integer" : `an integer of at least ${option.minimum}`;
    case "number":
      return "a number";
    case "text":
      return "text";
    case "choice":
      return `one of ${option.choices.join(", ")}`;
  }
}

/** The value written as `text` (null: the name stands alone, which sets a flag); null when it is not allowed. */
export function parseOption(option: OptionSchema, text: string | null): OptionValue | null {
  switch (option.kind) {
    case "flag":
      if (text === null || text === "true") return true;
      return text === "false" ? false : null;
    case "integer":
      return text !== null && /^[+-]?\d+$/.test(text) && Number(text) >= (option.minimum ?? -Infinity)
        ? Number(text)
        : null;
    case "number":
      return text !== null && text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : null;
    case "text":
      return text;
    case "choice":
      return text !== null && option.choices.includes(text) ? text : null;
  }
}
