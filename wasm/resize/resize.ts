export * from './blend';
export * from './means';
