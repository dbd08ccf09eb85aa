#!/usr/bin/env node
// Checked in, so that npm can link an executable file before the first build.
import { main } from "../dist/command/main.js";

process.exitCode = await main(process.argv.slice(2));
