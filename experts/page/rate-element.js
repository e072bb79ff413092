// Elements with their properties, attributes and children in one call; text is always text, never markup.

/** Names with a hyphen, and `role`, are set as attributes: not every browser has them as properties. */
export function element(tag, properties = {}, children = []) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

export const byId = (id) => document.getElementById(id);

export const pressed = (button, is) => button.setAttribute("aria-pressed", String(is));
