export const explain = () => null
