import { chromium, type Browser } from "playwright-core";

/** Where Debian puts it. */
const executablePath = "/usr/bin/chromium";

/** A browser without a window, which asks nobody for anything. */
export function startChromium(): Promise<Browser> {
  const args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"];
  return chromium.launch({ executablePath, args });
}
