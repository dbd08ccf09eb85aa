/** What an element gets: attributes by name, and listeners of clicks and keys. */
interface Properties {
  readonly [name: string]: string | number | boolean | ((event: never) => void) | undefined;
}

/** Makes an element; strings among the children become text, never markup. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Properties = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  assign(made, properties);
  made.append(...children);
  return made;
}

function assign(made: Element, properties: Properties): void {
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") made.addEventListener(name, value as EventListener);
    else if (value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : String(value));
  }
}

/** A name that may be long, hostile or right-to-left: cut off on screen, whole when pointed at. */
export function nameText(name: string): HTMLElement {
  return element("span", { class: "name", title: name.slice(0, 500), dir: "auto" }, shortened(name, 120));
}

/** The beginning and the end of a long text. */
export function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 9)}…${text.slice(-8)}`;
}
