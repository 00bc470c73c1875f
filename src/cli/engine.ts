import { installedEngine, parseEngineRequest, type InstalledEngine } from '../net/engines/installed.ts';
import type { Surroundings } from './flow-command.ts';

/** The engine tasks will compute with: the one `FLOW_ENGINE` asks for, or the best that is installed. */
export function chosenEngine(surroundings: Surroundings): InstalledEngine {
  return installedEngine(parseEngineRequest(surroundings.environment['FLOW_ENGINE']));
}

/** Why it is not the best one, and what to do: one line; undefined where there is nothing to say. */
export function engineNotice(engine: InstalledEngine): string | undefined {
  if (engine.notice === undefined) return undefined;
  return engine.remedy === undefined ? engine.notice : `${engine.notice} (${engine.remedy})`;
}
