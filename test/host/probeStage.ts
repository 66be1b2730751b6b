/** The stage of the engine's tests under the names that the tests in this folder use. */
export { createStage as setProbeStage, type Stage as ProbeStage } from '../engine/stage';
