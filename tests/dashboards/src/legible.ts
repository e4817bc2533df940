// Finds texts that cannot be read where they stand: cut off, or with another one on top. What can be scrolled to is
// readable, and so is what a chart draws in its canvas, which it measures itself.

interface Piece {
  text: string;
  box: DOMRect;
}
const TOUCH = 2; // pixels that nobody misses
const AIR = 0.2; // of a line's height above and below its letters

const hides = (value: string) => value === 'hidden' || value === 'clip';

// What is left of the box after all that clips it up to `root`, and whether something cut it that cannot be scrolled.
function clipped(element: Element, box: DOMRect, root: Element) {
  let { left, top, right, bottom } = box;
  let cut = false;
  for (let at: Element | null = element; at; at = at === root ? null : at.parentElement) {
    const style = getComputedStyle(at);
    if (style.overflowX === 'visible' && style.overflowY === 'visible' && at !== root) continue;
    const edge = at.getBoundingClientRect();
    if (edge.width <= 1 && edge.height <= 1) return { cut: false, box: new DOMRect() }; // for screen readers alone
    const beyond = (low: number, high: number, from: number, to: number) => low < from - TOUCH || high > to + TOUCH;
    const over = at === root; // beyond the panel is over its neighbor
    cut ||= (over || hides(style.overflowX)) && beyond(left, right, edge.left, edge.right);
    cut ||= (over || hides(style.overflowY)) && beyond(top, bottom, edge.top, edge.bottom);
    left = Math.max(left, edge.left);
    right = Math.min(right, edge.right);
    top = Math.max(top, edge.top);
    bottom = Math.min(bottom, edge.bottom);
  }
  return { cut, box: new DOMRect(left, top, Math.max(0, right - left), Math.max(0, bottom - top)) };
}

const overlap = (a: DOMRect, b: DOMRect) =>
  Math.min(a.right, b.right) - Math.max(a.left, b.left) > TOUCH &&
  Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > TOUCH;

export function illegible(root: Element): string[] {
  const said = new Set<string>();
  const pieces: Piece[] = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const element = node.parentElement!;
    const text = node.textContent!.trim();
    if (!text || !element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const line of range.getClientRects()) {
      const letters = new DOMRect(line.x, line.y + AIR * line.height, line.width, (1 - 2 * AIR) * line.height);
      const { cut, box } = clipped(element, letters, root);
      if (cut) said.add(`cut: ${text}`);
      if (box.width && box.height) pieces.push({ text, box });
    }
  }
  pieces.forEach((one, index) =>
    pieces.slice(index + 1).forEach((other) => {
      if (one.text !== other.text && overlap(one.box, other.box)) said.add(`overlapping: ${one.text} | ${other.text}`);
    }),
  );
  return [...said];
}
