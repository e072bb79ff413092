// How large whole images are shown, kept on this device for the next images and visits of a study.

export function keptSize(study, storage) {
  const key = `synmedbench/${study}/size`;
  return {
    get: () => tried(() => storage.getItem(key)),
    set: (size) => tried(() => storage.setItem(key, String(size))),
  };
}

// Without storage the size holds for this page alone.
function tried(action) {
  try {
    return action();
  } catch {
    return null;
  }
}
