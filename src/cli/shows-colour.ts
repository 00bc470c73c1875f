/** Colour where people look and have not asked for none (https://no-color.org). */
export function showsColour(
  stream: NodeJS.WriteStream,
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  const { NO_COLOR: noColour, FORCE_COLOR: forceColour } = environment;
  if (noColour !== undefined && noColour !== '') return false;
  return stream.isTTY || (forceColour !== undefined && forceColour !== '' && forceColour !== '0');
}
