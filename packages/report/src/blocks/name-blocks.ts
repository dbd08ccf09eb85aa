/** A set of nodes, by index in graph order, under a name; outer sets hold the inner ones. */
export interface NamedSet {
  readonly name: string;
  readonly members: readonly number[];
}

/** Fewest nodes of a block: fewer are read faster than a box is opened. */
const fewest = 3;

/** Modules that the names of nodes tell of: `/layer1/layer1.0/conv1/Conv` stands in `layer1` and in `layer1.0`, outer ones first. */
export function nameBlocks(names: readonly string[]): readonly NamedSet[] {
  const members = new Map<string, number[]>();
  names.forEach((name, index) => {
    const parts = partsOf(name);
    for (let depth = 1; depth < parts.length; depth++) {
      const path = parts.slice(0, depth).join("/");
      const known = members.get(path);
      if (known) known.push(index);
      else members.set(path, [index]);
    }
  });
  const sets: NamedSet[] = [];
  const sizes = new Map<string, number>();
  // A path comes before those below it, since every node enters all of its paths from the outermost one.
  for (const [path, own] of members) {
    const above = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    const outer = above === "" ? names.length : sizes.get(above)!;
    sizes.set(path, own.length);
    // A module with the same nodes as the one around it says nothing new.
    if (own.length >= fewest && own.length < outer)
      sets.push({ name: path.slice(path.lastIndexOf("/") + 1), members: own });
  }
  return sets;
}

/** Parts of a name from the outside in; names without slashes are taken apart at their dots. */
function partsOf(name: string): readonly string[] {
  const parts = name.includes("/") ? name.split("/").filter(Boolean) : name.split(".");
  return parts.length > 12 ? [name] : parts;
}
