/** What the user points at stays where it is on the screen, whatever is drawn above it. */

/**
 * Draws, then scrolls so that the element stands where it stood. It is looked for anew: it may have been drawn again.
 *
 * Where the page cannot be scrolled so far, room is made at its end or its top, until `giveRoomBack`.
 */
export function keepInPlace(find: () => Element | undefined, draw: () => void): void {
  const before = topOf(find());
  draw();
  const after = topOf(find());
  if (before === undefined || after === undefined) {
    return;
  }
  window.scrollBy(0, after - before);
  const missing = Math.round((topOf(find()) ?? before) - before);
  if (missing > 0) {
    addRoom("paddingBottom", missing);
    window.scrollBy(0, missing);
  } else if (missing < 0) {
    addRoom("paddingTop", -missing);
  }
}

/** Takes back what room was made, once nobody points at anything. */
export function giveRoomBack(): void {
  document.documentElement.style.paddingTop = "";
  document.documentElement.style.paddingBottom = "";
}

function addRoom(side: "paddingTop" | "paddingBottom", pixels: number): void {
  const { style } = document.documentElement;
  style[side] = `${(Number.parseFloat(style[side]) || 0) + pixels}px`;
}

function topOf(element: Element | undefined): number | undefined {
  return element?.getBoundingClientRect().top;
}
