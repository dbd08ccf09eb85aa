import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { badFile, missingFile } from "../../diagnostics.ts";

/** One image file and the index of its class. */
export interface LabelledImage {
  readonly path: string;
  readonly label: number;
}

/** The images of a folder with one sub-folder per class. */
export interface ClassFolders {
  /** Names of the sub-folders, sorted; an image's label is its folder's place in this list. */
  readonly classes: readonly string[];
  /** The first image of each class, then the second of each, and so on, so that any beginning has all classes. */
  readonly images: readonly LabelledImage[];
}

const imageExtensions = new Set([".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif", ".tif", ".tiff", ".bmp", ".svg"]);

/**
 * Lists the images below each sub-folder, at any depth. Hidden files and files without an image's extension are not
 * images.
 *
 * @throws CompileError `data/missing-file`, `data/bad-file`
 */
export async function listClassFolders(folder: string): Promise<ClassFolders> {
  const classes: string[] = [];
  for (const entry of await list(folder, false)) {
    if (!entry.name.startsWith(".") && (await isFolder(entry))) classes.push(entry.name);
  }
  classes.sort(byCodeUnits);
  if (classes.length === 0) throw badFile(folder, "it has no sub-folders; it needs one per class, with images inside");
  const byClass = await Promise.all(classes.map((name) => imagesBelow(join(folder, name))));
  const longest = Math.max(...byClass.map((paths) => paths.length));
  const images: LabelledImage[] = [];
  for (let i = 0; i < longest; i++) {
    byClass.forEach((paths, label) => {
      const path = paths[i];
      if (path !== undefined) images.push({ path, label });
    });
  }
  return { classes, images };
}

async function imagesBelow(folder: string): Promise<readonly string[]> {
  return (await list(folder, true))
    .filter((entry) => !entry.isDirectory() && isImage(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted(byCodeUnits);
}

async function list(folder: string, recursive: boolean): Promise<readonly Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true, recursive });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw missingFile(folder, code ?? message);
  }
}

/** Whether an entry is a folder or a link to one. */
async function isFolder(entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  const target = await stat(join(entry.parentPath, entry.name)).catch(() => null);
  return target?.isDirectory() ?? false;
}

function isImage(name: string): boolean {
  return !name.startsWith(".") && imageExtensions.has(extname(name).toLowerCase());
}

/** The order of plain string comparison, the same in every locale. */
function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
