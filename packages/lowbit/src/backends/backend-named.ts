import { createBackend, type Backend } from "@lowbit/backend-kit";

/** The backend of that name among those given. @throws CompileError `backend/unknown` */
export function backendNamed(name: string, backends: readonly Backend[]): Backend {
  const found = backends.find((backend) => backend.name === name);
  if (found) return found;
  const modules = backends.map((backend) => ({ name: backend.name, features: [], create: () => backend }));
  return createBackend(name, modules);
}
