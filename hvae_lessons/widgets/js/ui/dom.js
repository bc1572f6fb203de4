// Making elements. Text is always set as text, never parsed.

const SVG = "http://www.w3.org/2000/svg";

const fill = (element, attributes, children) => {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
};

/** h("p", { class: "note" }, "text", child, ...) */
export const h = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);

/** The same for the elements of a drawing. */
export const s = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

/** Change attributes of an element that is there. */
export const set = (element, attributes) => fill(element, attributes, []);

let count = 0;

/** An id that no other element of the page has. */
export const uniqueId = () => `hvae-${(count += 1)}`;
